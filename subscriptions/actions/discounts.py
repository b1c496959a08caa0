"""Discounts of offers and one-time incentives, in the same terms: what each is taken off, and how much it takes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from subscriptions import calendar
from subscriptions.models import Coupon, Discount, Item, OneTimeIncentive, Order

CENT = Decimal("0.01")
ON_ORDER, ON_ITEM, ON_SHIPPING = "order", "item", "shipping"  # targets, as order posts name them
TOTAL_PRICE, SUB_TOTAL, SHIPPING_TOTAL = "total_price", "sub_total", "shipping_total"
FIELD_NAMES: dict[int | None, str | None] = {
    None: None,
    Discount.Field.TOTAL_PRICE: TOTAL_PRICE,
    Discount.Field.SUB_TOTAL: SUB_TOTAL,
    Discount.Field.SHIPPING_TOTAL: SHIPPING_TOTAL,
}
FIXED = "fixed"  # the limit policy under which an incentive takes at most its `limit_value`
Description = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """`public_id` is set for a one-time incentive, which is used up; `use` for a discount of an offer."""

    name: str
    type: str
    value: Decimal
    target: str
    external_code: str | None
    threshold_field: str | None
    threshold_value: Decimal | None
    limit: Decimal | None = None
    is_additional: bool = False
    use: str = ""
    public_id: str | None = None

    def is_reached_by(self, amounts: Mapping[str, Decimal]) -> bool:
        """Whether the amount that the threshold names reaches it; else the price of an item, or an order's subtotal."""
        usual = amounts[TOTAL_PRICE if self.target == ON_ITEM else SUB_TOTAL]
        return self.threshold_value is None or amounts.get(self.threshold_field or "", usual) >= self.threshold_value

    def take_off(self, left: Decimal) -> tuple[Decimal, Description]:
        """What it takes off `left`, half a cent rounded up, and how order posts describe it.

        A percentage that its limit cuts is described by the amount it takes.
        """
        kind, value = self.type, self.value
        wanted = (left * value / 100).quantize(CENT, ROUND_HALF_UP) if kind == Discount.Type.PERCENT else value
        if self.limit is not None and wanted > self.limit:
            kind, value, wanted = Discount.Type.AMOUNT, self.limit, self.limit
        return min(left, wanted), describe_incentive(
            self.name, kind, value, self.target, self.external_code, self.public_id
        )


Offered = Mapping[int | None, Sequence[Reduction]]  # by offer
Promised = Mapping[tuple[int | None, int | None], Sequence[Reduction]]  # by order and item, one of which is None


def describe_incentive(
    name: str, kind: str, value: Decimal | None, target: str, external_code: str | None, public_id: str | None
) -> Description:
    """An incentive as an order or item keeps it and as order posts carry it, all but `publicId`."""
    return {
        "name": name,
        "type": str(kind),
        "value": None if value is None else f"{value:.2f}",
        "target": target,
        "externalCode": external_code,
        "publicId": public_id,
    }


def load_offered(items: Iterable[Item]) -> Offered:
    """The discounts of the items' offers."""
    offers = {item.offer_id for item in items if item.offer_id}
    found: dict[int | None, list[Reduction]] = defaultdict(list)
    if offers:
        rows = Discount.objects.filter(coupon__profile__offers__in=offers).select_related("coupon")
        for row in rows.annotate(offer=F("coupon__profile__offers")).order_by("id"):
            found[row.offer].append(_reduction_of_discount(row))
    return found


def load_promised(orders: Sequence[tuple[Order, Sequence[Item]]]) -> Promised:
    """The unused one-time discounts of these orders and items; an item may be about to move here from another order."""
    order_keys, item_keys = [], []
    for order, items in orders:
        saved = [item for item in items if item.pk]
        if may_have_incentives(saved):
            order_keys.append(order.pk)
            item_keys += [item.pk for item in saved]
    found: dict[tuple[int | None, int | None], list[Reduction]] = defaultdict(list)
    if item_keys:
        rows = unused_incentives(orders[0][0].merchant_id, order_keys, item_keys)
        for row in rows.filter(type=OneTimeIncentive.Type.DISCOUNT):
            found[row.order_id, row.item_id].append(_reduction_of_incentive(row))
    return found


def may_have_incentives(items: Iterable[Item]) -> bool:
    """Whether these items or their order may have unused one-time incentives; False saves a query."""
    # Only items loaded by `order_items` and its bulk variant have the flag.
    return any(getattr(item, "has_incentives", True) for item in items)


def unused_incentives(merchant: int, orders: Iterable[int | None], items: Iterable[int]) -> QuerySet[OneTimeIncentive]:
    """The incentives of these orders and items that are neither used nor expired, oldest first."""
    return OneTimeIncentive.objects.filter(
        Q(expires__isnull=True) | Q(expires__gt=calendar.now()),
        Q(item__in=list(items)) | Q(order__in=[key for key in orders if key]),
        merchant=merchant,
        applied_at__isnull=True,
    ).order_by("id")


def due_reductions(item: Item, offered: Offered) -> Sequence[Reduction]:
    """The discounts of the item's offer that apply now: those of a first order, or those of later orders.

    An offer for this order alone gives all its discounts if it has none for a first order. A price set by hand gets
    none.
    """
    if item.frozen or item.offer_id not in offered:
        return ()
    subscription = item.subscription
    has_own_offer = subscription is not None and item.offer_id != subscription.offer_id
    is_first = subscription is None or subscription.awaits_first_order or has_own_offer
    use = Coupon.Use.INITIAL if is_first else Coupon.Use.RECURRING
    due = [reduction for reduction in offered[item.offer_id] if reduction.use == use]
    return due or (offered[item.offer_id] if has_own_offer else ())


def reduce_amount(
    base: Decimal,
    target: str,
    amounts: Mapping[str, Decimal],
    offered: Collection[Reduction],
    promised: Collection[Reduction],
) -> tuple[Decimal, list[Description]]:
    """What is left of `base` after the reductions on `target` whose thresholds `amounts` reach, and what they took.

    Of an offer's discounts and the base incentives the larger applies; additional incentives come on top.
    """
    if not offered and not promised:
        return base, []

    def applicable(reductions: Iterable[Reduction], is_additional: bool = False) -> list[Reduction]:
        return [
            each
            for each in reductions
            if each.target == target and each.is_additional == is_additional and each.is_reached_by(amounts)
        ]

    by_offer = _reduce_in_turn(base, applicable(offered))
    by_incentives = _reduce_in_turn(base, applicable(promised))
    left, applied = by_incentives if by_incentives[0] < by_offer[0] else by_offer
    left, on_top = _reduce_in_turn(left, applicable(promised, is_additional=True))
    return left, [*applied, *on_top]


def _reduce_in_turn(left: Decimal, reductions: Iterable[Reduction]) -> tuple[Decimal, list[Description]]:
    """What `reductions` leave, one after the other, and those that took something."""
    applied = []
    for each in reductions:
        off, description = each.take_off(left)
        left -= off
        if off:
            applied.append(description)
    return left, applied


def _reduction_of_discount(row: Discount) -> Reduction:
    target = ON_ORDER if row.object == Discount.Target.ORDER else ON_ITEM
    return Reduction(
        name=row.name,
        type=row.type,
        value=row.value,
        target=ON_SHIPPING if row.field == Discount.Field.SHIPPING_TOTAL else target,
        external_code=row.coupon.code or None,
        threshold_field=FIELD_NAMES[row.threshold_field],
        threshold_value=row.threshold_value,
        use=row.coupon.use,
    )


def _reduction_of_incentive(row: OneTimeIncentive) -> Reduction:
    target = ON_ITEM if row.item_id else row.target
    return Reduction(
        name=row.name,
        type=row.discount_type,
        value=row.value or Decimal(0),
        target=ON_SHIPPING if row.field == SHIPPING_TOTAL else target,
        external_code=row.external_code,
        threshold_field=row.threshold_field,
        threshold_value=row.threshold_value,
        limit=row.limit_value if row.limit_policy == FIXED else None,
        is_additional=row.stacking_type == OneTimeIncentive.Stacking.ADDITIONAL,
        public_id=row.public_id.hex,
    )
