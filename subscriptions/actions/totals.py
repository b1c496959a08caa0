"""What an order costs: the one place that prices lines and adds up orders."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import F, Q

from subscriptions import calendar
from subscriptions.models import Coupon, Discount, Item, OneTimeIncentive, Order, Subscription

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
ON_ORDER, ON_ITEM = Discount.Target.ORDER, Discount.Target.ITEM
SHIPPING = Discount.Field.SHIPPING_TOTAL
Offers = dict[int | None, list[Discount]]
Incentives = dict[tuple[int | None, int | None], list[OneTimeIncentive]]  # by order and item, of which one is None


def unit_price(subscription: Subscription) -> Decimal:
    """The locked price, or the product's own."""
    price: Decimal = subscription.product.price if subscription.price is None else subscription.price
    return price


def current_price(item: Item) -> Decimal:
    """What a unit of the line costs now; set by hand or locked, it is that."""
    locked = item.subscription.price if item.subscription else None
    price: Decimal = item.price if item.frozen else item.product.price if locked is None else locked
    return price


def full_price(item: Item) -> Decimal:
    """The line before discounts. Of a prepaid cycle the first order charges all of them, the others nothing."""
    price: Decimal = item.price * item.quantity
    subscription = item.subscription
    if subscription is None or subscription.prepaid_orders_per_billing is None:
        price += item.extra_cost
        return price
    if subscription.prepaid_orders_remaining:
        return ZERO
    whole: Decimal = price * subscription.prepaid_orders_per_billing
    return whole


def recount_order(order: Order, items: Iterable[Item]) -> list[Item]:
    """Set the totals of the order and of its lines, and return the lines that changed; the caller saves.

    See `recount_orders`.
    """
    return recount_orders([(order, list(items))])


def recount_orders(found: Sequence[tuple[Order, Sequence[Item]]]) -> list[Item]:
    """`recount_order` for any number of orders of one merchant, each with its lines.

    A line's discounts come off the line, the order's off the sum of the lines, shipping's off the merchant's flat
    rate; none takes more than there is. Of an offer's discounts and a `base` incentive the larger counts, an
    `additional` one comes on top. A price set by hand (`frozen`) takes no discount of an offer.
    """
    offers = _discounts_by_offer(line for _, lines in found for line in lines)
    incentives = _usable_incentives(found)
    return [changed for order, lines in found for changed in _set_totals(order, lines, offers, incentives)]


def _set_totals(order: Order, lines: Sequence[Item], offers: Offers, incentives: Incentives) -> list[Item]:
    full = {id(item): full_price(item) for item in lines}
    listed = sum(full.values(), ZERO)
    changed = []
    for item in lines:
        total = full[id(item)]
        by_offer = _reduction(
            total, (each for each in _due_discounts(item, offers) if _applies_to_item(each, item, total, listed))
        )
        was, item.total_price = (
            item.total_price,
            total - _whole_reduction(total, by_offer, incentives.get((None, item.pk), [])),
        )
        if was != item.total_price:
            changed.append(item)
    net = sum((item.total_price for item in lines), ZERO)
    shipping = ZERO if order.oos_free_shipping or not lines else order.merchant.shipping_rate

    # An offer's discounts on the order count once, however many lines carry it.
    bearers = list({item.offer_id: item for item in lines if not item.frozen}.values())
    ordered = [each for item in bearers for each in _due_discounts(item, offers)]

    promised = incentives.get((order.pk, None), [])

    def off(base: Decimal, name: str, mine: Callable[[Discount], bool]) -> Decimal:
        by_offer = _reduction(
            base, (each for each in ordered if mine(each) and _reaches_threshold(each, net, shipping))
        )
        return _whole_reduction(base, by_offer, [each for each in promised if _reduced_total(each) == name])

    order.sub_total = net - off(net, "sub_total", lambda each: each.object == ON_ORDER and each.field != SHIPPING)
    order.shipping_total = shipping - off(shipping, "shipping_total", lambda each: each.field == SHIPPING)
    order.discount_total = listed - order.sub_total + shipping - order.shipping_total
    order.total = order.sub_total + order.shipping_total
    order.updated = calendar.now()
    return changed


def _discounts_by_offer(lines: Iterable[Item]) -> Offers:
    """The discounts each offer of `lines` gives."""
    carried = {item.offer_id for item in lines if item.offer_id}
    found: Offers = defaultdict(list)
    if carried:
        rows = Discount.objects.filter(coupon__profile__offers__in=carried).select_related("coupon")
        for discount in rows.annotate(offer=F("coupon__profile__offers")).order_by("id"):
            found[discount.offer].append(discount)
    return found


def _usable_incentives(found: Sequence[tuple[Order, Sequence[Item]]]) -> Incentives:
    """What counts for these orders and lines, of which some may be on their way from another order."""
    orders, items = [], []
    for order, lines in found:
        saved = [line for line in lines if line.pk]
        # Lines read by `order_items.load_items` know; of others it has to be looked up.
        if any(getattr(line, "has_incentives", True) for line in saved):
            orders.append(order.pk)
            items += [line.pk for line in saved]
    counting: Incentives = defaultdict(list)
    if not items:
        return counting
    rows = OneTimeIncentive.objects.filter(
        Q(expires__isnull=True) | Q(expires__gt=calendar.now()),
        Q(item__in=items) | Q(order__in=[key for key in orders if key]),
        merchant=found[0][0].merchant_id,
        type=OneTimeIncentive.Type.DISCOUNT,
        applied_at__isnull=True,
    )
    for each in rows.order_by("id"):
        counting[each.order_id, each.item_id].append(each)
    return counting


def _applies_to_item(discount: Discount, item: Item, total: Decimal, listed: Decimal) -> bool:
    """Whether `discount` is one for this line, and the line or order large enough for it."""
    if item.frozen or discount.object != ON_ITEM or discount.field == SHIPPING:
        return False
    measured = listed if discount.threshold_field == Discount.Field.SUB_TOTAL else total
    return discount.threshold_value is None or measured >= discount.threshold_value


def _due_discounts(item: Item, offers: Offers) -> list[Discount]:
    """Those discounts of its offer that this order is the time for; of an offer for this once any will do."""
    offered = offers[item.offer_id]
    due = [each for each in offered if each.coupon.use == _coupon_use(item)]
    return due or (offered if _has_one_time_offer(item) else [])


def _coupon_use(item: Item) -> Coupon.Use:
    """A checkout is its subscriptions' first order; everything else has its first order here."""
    subscription = item.subscription
    if subscription is None or subscription.awaits_first_order or _has_one_time_offer(item):
        return Coupon.Use.INITIAL
    return Coupon.Use.RECURRING


def _has_one_time_offer(item: Item) -> bool:
    """Whether its offer is not the subscription's, but one for this order alone."""
    return item.subscription is not None and item.offer_id != item.subscription.offer_id


def _reaches_threshold(discount: Discount, net: Decimal, shipping: Decimal) -> bool:
    measured = shipping if discount.threshold_field == SHIPPING else net
    return discount.threshold_value is None or measured >= discount.threshold_value


def _reduced_total(incentive: OneTimeIncentive) -> str:
    return "shipping_total" if incentive.field == "shipping_total" else "sub_total"


def _whole_reduction(base: Decimal, by_offer: Decimal, incentives: Sequence[OneTimeIncentive]) -> Decimal:
    """What comes off `base` in all."""
    basic = [each for each in incentives if each.stacking_type == OneTimeIncentive.Stacking.BASE]
    first = max(by_offer, _reduction(base, basic))
    return first + _reduction(base - first, (each for each in incentives if each not in basic))


def _reduction(base: Decimal, discounts: Iterable[Discount | OneTimeIncentive]) -> Decimal:
    left = base
    for each in discounts:
        value = each.value or ZERO
        percent = (each.type if isinstance(each, Discount) else each.discount_type) == Discount.Type.PERCENT
        left -= min(left, (left * value / 100).quantize(CENT, ROUND_HALF_UP) if percent else value)
    return base - left
