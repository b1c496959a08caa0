"""What an order costs: the only place that prices items and adds up orders."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import F, Q

from subscriptions import calendar
from subscriptions.errors import refused
from subscriptions.models import Coupon, Discount, Item, OneTimeIncentive, Order, Subscription

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
LARGEST = Decimal("9999999999.99")  # of a line or an order that a request may ask for
ON_ORDER, ON_ITEM = Discount.Target.ORDER, Discount.Target.ITEM
SHIPPING = Discount.Field.SHIPPING_TOTAL
Discounts = dict[int | None, list[Discount]]  # by offer
Incentives = dict[tuple[int | None, int | None], list[OneTimeIncentive]]  # by order and item, one of which is None


def unit_price(subscription: Subscription) -> Decimal:
    """The subscription's locked price, or else its product's price."""
    price: Decimal = subscription.product.price if subscription.price is None else subscription.price
    return price


def current_price(item: Item) -> Decimal:
    """The current unit price: the manually set one (`frozen`), else the subscription's locked one or the product's."""
    locked = item.subscription.price if item.subscription else None
    price: Decimal = item.price if item.frozen else item.product.price if locked is None else locked
    return price


def full_price(item: Item) -> Decimal:
    """The price before discounts. The first order of a prepaid cycle charges all of its orders, the others nothing."""
    price: Decimal = item.price * item.quantity
    subscription = item.subscription
    if subscription is None or subscription.prepaid_orders_per_billing is None:
        price += item.extra_cost
        return price
    return ZERO if subscription.prepaid_orders_remaining else cycle_price(item)


def cycle_price(item: Item) -> Decimal:
    """The full price of the item when its prepaid cycle is charged; zero if it has none."""
    per_billing = item.subscription and item.subscription.prepaid_orders_per_billing
    cycle: Decimal = item.price * item.quantity * (per_billing or 0)
    return cycle


def is_too_large(order: Order, items: Iterable[Item]) -> bool:
    """Whether a line or the total of a recounted order, or what a later prepaid cycle charges, is above LARGEST."""
    lines = (amount for item in items for amount in (item.total_price, cycle_price(item)))
    return any(amount > LARGEST for amount in (order.total, *lines))


def require_payable(order: Order, items: Iterable[Item]) -> None:
    """For verbs that change what an order costs; those that only continue a cycle must not fail here."""
    if is_too_large(order, items):
        raise refused("amount_too_large")


def recount_order(order: Order, items: Iterable[Item]) -> list[Item]:
    """`recount_orders` for one order."""
    return recount_orders([(order, list(items))])


def recount_orders(orders: Sequence[tuple[Order, Sequence[Item]]]) -> list[Item]:
    """Set the totals of orders of one merchant and of all their items. Returns the items that changed; saves nothing.

    Discounts on items come off each item, those on the order off the sum of its items, and those on shipping off the
    merchant's flat rate. None takes more than there is. Of an offer's discounts and a `base` incentive the larger
    applies; an `additional` incentive comes on top. An item with a manually set price gets no offer discount.
    """
    discounts = _discounts_by_offer(item for _, items in orders for item in items)
    incentives = _usable_incentives(orders)
    changed = []
    for order, items in orders:
        full_prices = [full_price(item) for item in items]
        listed = sum(full_prices, ZERO)
        for item, price in zip(items, full_prices, strict=True):
            due = _due_discounts(item, discounts)
            applicable = [discount for discount in due if _applies_to_item(discount, item, price, listed)]
            total = price - _reduction(price, applicable, incentives.get((None, item.pk), []))
            if total != item.total_price:
                changed.append(item)
            item.total_price = total
        _set_order_totals(order, items, listed, discounts, incentives)
    return changed


def _set_order_totals(
    order: Order, items: Sequence[Item], listed: Decimal, discounts: Discounts, incentives: Incentives
) -> None:
    """`items` already have their totals; `listed` is their sum before discounts."""
    net = sum((item.total_price for item in items), ZERO)
    shipping = ZERO if order.oos_free_shipping or not items else order.merchant.shipping_rate
    # A discount on the order counts once, even if several items have its offer.
    one_item_per_offer = {item.offer_id: item for item in items if not item.frozen}.values()
    due = [discount for item in one_item_per_offer for discount in _due_discounts(item, discounts)]
    reached = [discount for discount in due if _reaches_threshold(discount, net, shipping)]
    on_order = [discount for discount in reached if discount.object == ON_ORDER and discount.field != SHIPPING]
    on_shipping = [discount for discount in reached if discount.field == SHIPPING]
    promised = incentives.get((order.pk, None), [])
    promised_on_order = [incentive for incentive in promised if incentive.field != "shipping_total"]
    promised_on_shipping = [incentive for incentive in promised if incentive.field == "shipping_total"]

    order.sub_total = net - _reduction(net, on_order, promised_on_order)
    order.shipping_total = shipping - _reduction(shipping, on_shipping, promised_on_shipping)
    order.discount_total = listed - order.sub_total + shipping - order.shipping_total
    order.total = order.sub_total + order.shipping_total
    order.updated = calendar.now()


def _discounts_by_offer(items: Iterable[Item]) -> Discounts:
    offers = {item.offer_id for item in items if item.offer_id}
    found: Discounts = defaultdict(list)
    if offers:
        rows = Discount.objects.filter(coupon__profile__offers__in=offers).select_related("coupon")
        for discount in rows.annotate(offer=F("coupon__profile__offers")).order_by("id"):
            found[discount.offer].append(discount)
    return found


def _usable_incentives(orders: Sequence[tuple[Order, Sequence[Item]]]) -> Incentives:
    """The unused one-time discounts of these orders and items; an item may be about to move here from another order."""
    order_keys, item_keys = [], []
    for order, items in orders:
        saved = [item for item in items if item.pk]
        # Only items loaded by `order_items` and its bulk variant have the flag.
        if any(getattr(item, "has_incentives", True) for item in saved):
            order_keys.append(order.pk)
            item_keys += [item.pk for item in saved]
    found: Incentives = defaultdict(list)
    if not item_keys:
        return found
    rows = OneTimeIncentive.objects.filter(
        Q(expires__isnull=True) | Q(expires__gt=calendar.now()),
        Q(item__in=item_keys) | Q(order__in=[key for key in order_keys if key]),
        merchant=orders[0][0].merchant_id,
        type=OneTimeIncentive.Type.DISCOUNT,
        applied_at__isnull=True,
    )
    for incentive in rows.order_by("id"):
        found[incentive.order_id, incentive.item_id].append(incentive)
    return found


def _applies_to_item(discount: Discount, item: Item, price: Decimal, listed: Decimal) -> bool:
    """Whether `discount` is on items, and this item at `price` or its order at `listed` reaches the threshold."""
    if item.frozen or discount.object != ON_ITEM or discount.field == SHIPPING:
        return False
    measured = listed if discount.threshold_field == Discount.Field.SUB_TOTAL else price
    return discount.threshold_value is None or measured >= discount.threshold_value


def _due_discounts(item: Item, discounts: Discounts) -> list[Discount]:
    """The discounts of the item's offer that apply now: those of a first order, or those of later orders.

    An offer for this order alone gives all its discounts if it has none for a first order.
    """
    subscription = item.subscription
    offered = discounts[item.offer_id]
    has_own_offer = subscription is not None and item.offer_id != subscription.offer_id
    is_first = subscription is None or subscription.awaits_first_order or has_own_offer
    use = Coupon.Use.INITIAL if is_first else Coupon.Use.RECURRING
    due = [discount for discount in offered if discount.coupon.use == use]
    return due or (offered if has_own_offer else [])


def _reaches_threshold(discount: Discount, net: Decimal, shipping: Decimal) -> bool:
    measured = shipping if discount.threshold_field == SHIPPING else net
    return discount.threshold_value is None or measured >= discount.threshold_value


def _reduction(base: Decimal, discounts: Sequence[Discount], incentives: Sequence[OneTimeIncentive]) -> Decimal:
    """What an offer's discounts and the incentives together take off `base`."""
    basic = [each for each in incentives if each.stacking_type == OneTimeIncentive.Stacking.BASE]
    additional = [each for each in incentives if each not in basic]
    first = max(_sum_of_discounts(base, discounts), _sum_of_discounts(base, basic))
    return first + _sum_of_discounts(base - first, additional)


def _sum_of_discounts(base: Decimal, discounts: Iterable[Discount | OneTimeIncentive]) -> Decimal:
    """What `discounts` take off `base`, one after the other; never more than `base`."""
    left = base
    for each in discounts:
        value = each.value or ZERO
        is_percent = (each.type if isinstance(each, Discount) else each.discount_type) == Discount.Type.PERCENT
        left -= min(left, (left * value / 100).quantize(CENT, ROUND_HALF_UP) if is_percent else value)
    return base - left
