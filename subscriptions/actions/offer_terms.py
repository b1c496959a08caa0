"""What an offer gives, in a merchant's terms.

A discount of every order is two rows: one for the first order and one for the later ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from subscriptions.models import Coupon, Discount, OfferProfile
from subscriptions.money import money

Use = Coupon.Use


class Gives(StrEnum):
    """What a discount takes off, and in what."""

    PERCENT_ITEM = "percent_item"
    AMOUNT_ITEM = "amount_item"
    PERCENT_ORDER = "percent_order"
    AMOUNT_ORDER = "amount_order"
    FREE_SHIPPING = "free_shipping"
    PERCENT_SHIPPING = "percent_shipping"
    AMOUNT_SHIPPING = "amount_shipping"

    @property
    def is_percent(self) -> bool:
        return self not in (Gives.AMOUNT_ITEM, Gives.AMOUNT_ORDER, Gives.AMOUNT_SHIPPING)


class Orders(StrEnum):
    """On which orders of a subscription the discount counts."""

    EVERY = "every"
    FIRST = "first"
    LATER = "later"

    @property
    def uses(self) -> tuple[str, ...]:
        return {Orders.FIRST: (Use.INITIAL,), Orders.LATER: (Use.RECURRING,)}.get(self, (Use.INITIAL, Use.RECURRING))


COLUMNS: dict[Gives, tuple[Discount.Type, Discount.Target, Discount.Field]] = {
    Gives.PERCENT_ITEM: (Discount.Type.PERCENT, Discount.Target.ITEM, Discount.Field.TOTAL_PRICE),
    Gives.AMOUNT_ITEM: (Discount.Type.AMOUNT, Discount.Target.ITEM, Discount.Field.TOTAL_PRICE),
    Gives.PERCENT_ORDER: (Discount.Type.PERCENT, Discount.Target.ORDER, Discount.Field.SUB_TOTAL),
    Gives.AMOUNT_ORDER: (Discount.Type.AMOUNT, Discount.Target.ORDER, Discount.Field.SUB_TOTAL),
    Gives.FREE_SHIPPING: (Discount.Type.PERCENT, Discount.Target.ORDER, Discount.Field.SHIPPING_TOTAL),
    Gives.PERCENT_SHIPPING: (Discount.Type.PERCENT, Discount.Target.ORDER, Discount.Field.SHIPPING_TOTAL),
    Gives.AMOUNT_SHIPPING: (Discount.Type.AMOUNT, Discount.Target.ORDER, Discount.Field.SHIPPING_TOTAL),
}
OFF = {
    Gives.PERCENT_ITEM: "off the item",
    Gives.AMOUNT_ITEM: "off the item",
    Gives.PERCENT_ORDER: "off the whole order",
    Gives.AMOUNT_ORDER: "off the whole order",
    Gives.PERCENT_SHIPPING: "off shipping",
    Gives.AMOUNT_SHIPPING: "off shipping",
}
ON = {
    Orders.EVERY: "on every order",
    Orders.FIRST: "on the first order",
    Orders.LATER: "on every order after the first",
}
MINIMUM_OF = {
    Discount.Field.SUB_TOTAL: "for orders from",
    Discount.Field.TOTAL_PRICE: "where the price comes to at least",
    Discount.Field.SHIPPING_TOTAL: "where shipping comes to at least",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """One discount of an offer. It counts where the amount `minimum_of` reaches `minimum`, if there is one."""

    gives: Gives
    value: Decimal
    orders: Orders
    minimum: Decimal | None = None
    minimum_of: Discount.Field = Discount.Field.SUB_TOTAL

    def shown_amount(self, currency: str) -> str:
        """`10 % off the item`."""
        if self.gives is Gives.FREE_SHIPPING:
            return "Free shipping"
        amount = f"{self.value.normalize():f} %" if self.gives.is_percent else money(self.value, currency)
        return f"{amount} {OFF[self.gives]}"

    def sentence(self, currency: str) -> str:
        """`10 % off the item on every order, for orders from USD 50.00`."""
        least = "" if self.minimum is None else f", {MINIMUM_OF[self.minimum_of]} {money(self.minimum, currency)}"
        return f"{self.shown_amount(currency)} {ON[self.orders]}{least}"

    def new_row(self, coupon: Coupon, currency: str) -> Discount:
        kind, target, field = COLUMNS[self.gives]
        return Discount(
            merchant_id=coupon.merchant_id,
            coupon=coupon,
            name=self.shown_amount(currency),
            type=kind,
            object=target,
            field=field,
            value=self.value,
            threshold_field=None if self.minimum is None else self.minimum_of,
            threshold_value=self.minimum,
        )


def read_terms(profile: OfferProfile) -> list[tuple[Terms, list[Discount]]]:
    """The discounts of an offer in the order they were made, each with its rows."""
    rows = list(Discount.objects.filter(coupon__profile=profile).select_related("coupon").order_by("pk"))
    return pair_terms(rows)


def pair_terms(rows: Iterable[Discount]) -> list[tuple[Terms, list[Discount]]]:
    """`rows` as terms: a first order's discount and the same one of later orders are one of every order."""
    found: list[tuple[Terms, list[Discount]]] = []
    for row in rows:
        terms = _terms_of(row)
        other = Orders.LATER if terms.orders is Orders.FIRST else Orders.FIRST
        twin = Terms(terms.gives, terms.value, other, terms.minimum, terms.minimum_of)
        place = next((n for n, (known, _) in enumerate(found) if known == twin), None)
        if place is None:
            found.append((terms, [row]))
        else:
            both = Terms(terms.gives, terms.value, Orders.EVERY, terms.minimum, terms.minimum_of)
            found[place] = (both, [*found[place][1], row])
    return found


def _terms_of(row: Discount) -> Terms:
    is_percent = row.type == Discount.Type.PERCENT
    if row.field == Discount.Field.SHIPPING_TOTAL:
        gives = Gives.PERCENT_SHIPPING if is_percent else Gives.AMOUNT_SHIPPING
        gives = Gives.FREE_SHIPPING if is_percent and row.value == 100 else gives
    elif row.object == Discount.Target.ORDER:
        gives = Gives.PERCENT_ORDER if is_percent else Gives.AMOUNT_ORDER
    else:
        gives = Gives.PERCENT_ITEM if is_percent else Gives.AMOUNT_ITEM
    of_item = row.object == Discount.Target.ITEM
    return Terms(
        gives,
        row.value,
        Orders.FIRST if row.coupon.use == Use.INITIAL else Orders.LATER,
        row.threshold_value,
        _threshold_of(row, Discount.Field.TOTAL_PRICE if of_item else Discount.Field.SUB_TOTAL),
    )


def _threshold_of(row: Discount, usual: Discount.Field) -> Discount.Field:
    """The amount that the threshold is of; where the row does not say, the one that `Reduction` takes."""
    if row.threshold_value is None:
        return Discount.Field.SUB_TOTAL
    return usual if row.threshold_field is None else Discount.Field(row.threshold_field)
