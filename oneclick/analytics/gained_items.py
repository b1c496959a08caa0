"""The items that clicks gained, as rows: the roll-up behind the revenue by links."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from oneclick.models import ActionToken, Click, GainedItem
from subscriptions.figures.roll_ups import Counted, RollUpKind
from subscriptions.figures.spans import Span, any_covers
from subscriptions.models import Item, Merchant

GAIN_DAYS = 90
"""An order placed within this many days after the click counts as gained by it."""
KEYS = ("day", "action", "link", "landing_page", "product")


def clicks_of_days(merchant: Merchant, days: Sequence[Span], only: Q) -> QuerySet[Click]:
    clicks = Click.objects.filter(only, any_covers(days, "at"), merchant=merchant)
    # An undo is counted with the click that it undid.
    clicks = clicks.exclude(outcome="undone")
    clicks = clicks.exclude(token__in=ActionToken.objects.filter(merchant=merchant, customer__is_test=True))
    return clicks.annotate(day=TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone))).order_by()


def count_gains(merchant: Merchant, facts: Span, days: Sequence[Span], only: Q) -> Counted:
    """`RollUpKind.count`: the items placed within the span that clicks of these days gained."""
    if nothing_placed(merchant, facts):
        return
    subscriptions, items = gained_items(clicks_of_days(merchant, days, only), merchant, facts, days)
    for gains, item in ((subscriptions, "subscription__items"), (items, "item")):
        for *key, value in gains.values_list(*KEYS, "pk", item, "amount"):
            yield tuple(key), (value,)


def nothing_placed(merchant: Merchant, facts: Span) -> bool:
    """Whether nothing was placed since the last fold, as mostly.

    A plan that the connection has kept would look at all clicks to find that out; asked whether any item is in the
    span, the database would try its luck among all items. The newest one is found by the index.
    """
    if not facts.begins or facts.ends:
        return False
    placed = Item.objects.filter(merchant=merchant, first_placed__isnull=False)
    newest = placed.order_by("-first_placed").values_list("first_placed", flat=True).first()
    return newest is None or newest < facts.begins


def gained_items(
    clicks: QuerySet[Click], merchant: Merchant, facts: Span, days: Sequence[Span]
) -> tuple[QuerySet[Click], QuerySet[Click]]:
    """The placed items that subscriptions of these clicks brought, and those that they added to orders."""
    lasting = clicks.filter(Click.not_undone(merchant))
    if facts.begins:
        # What is older gains nothing any more. Said for the database, which would read it.
        lasting = lasting.filter(at__gt=facts.begins - timedelta(days=GAIN_DAYS))
    return _subscription_gains(lasting, merchant, facts, days), _item_gains(lasting, facts)


def _subscription_gains(
    lasting: QuerySet[Click], merchant: Merchant, facts: Span, days: Sequence[Span]
) -> QuerySet[Click]:
    """Each placed item of a reactivated or created subscription, with the last such click before it."""
    column = "subscription__items__first_placed"
    items = lasting.filter(
        facts.covers(column) & _placed_after_first(days, column),
        subscription__isnull=False,
        subscription__items__first_placed__gte=F("at"),
        subscription__items__first_placed__lt=F("at") + timedelta(days=GAIN_DAYS),
    ).annotate(placed=F(column), amount=F("subscription__items__total_price"))
    later = Click.objects.filter(
        Click.not_undone(merchant),
        subscription=OuterRef("subscription"),
        at__gt=OuterRef("at"),
        at__lte=OuterRef("placed"),
    )
    return items.exclude(Exists(later))


def _placed_after_first(days: Sequence[Span], column: str) -> Q:
    """Items placed before the first click cannot be gained; the condition keeps the database from reading them."""
    begins = [span.begins for span in days if span.begins]
    return Span(min(begins)).covers(column) if len(begins) == len(days) else Q()


def _item_gains(lasting: QuerySet[Click], facts: Span) -> QuerySet[Click]:
    """The placed items that product upsells added to orders."""
    window = Q(item__first_placed__gte=F("at"), item__first_placed__lt=F("at") + timedelta(days=GAIN_DAYS))
    return lasting.filter(window & facts.covers("item__first_placed")).annotate(amount=F("item__total_price"))


GAINS = RollUpKind(
    name="gains",
    model=GainedItem,
    keys=(*KEYS, "click", "item"),
    sums=("value",),
    facts={Item: "first_placed"},
    count=count_gains,
    unique="day, click_id, item_id",
)
