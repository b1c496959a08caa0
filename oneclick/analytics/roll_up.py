"""What clicks and their results come to by day, action, link, landing page and product: the roll-up of links.

What likely machines did is counted apart from what people did. A click counts on its day, and so does everything that
came of it later: an undo, an order that was kept, the items that it gained. So facts are of two kinds, clicks and
placed items, and each is folded when it happens.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import TruncDate

from oneclick.models import ActionToken, Click, DailyClicks
from oneclick.models.click import NON_REFUSALS
from subscriptions.figures.roll_ups import Counted, RollUpKind
from subscriptions.figures.spans import Span, any_covers
from subscriptions.models import Item, Merchant, OrderStatus

GAIN_DAYS = 90
"""An order placed within this many days after the click counts as gained by it."""
KEYS = ("day", "action", "link", "landing_page", "product")
AMOUNT: Any = DecimalField(max_digits=28, decimal_places=2)
ACTED = Q(outcome="success", replayed=False)
PEOPLE, MACHINES = Q(likely_machine=False), Q(likely_machine=True)
UNDONE = Q(token__undone_at__isnull=False)


def count_facts(merchant: Merchant, facts: Span, days: Sequence[Span], only: Q) -> Counted:
    """`RollUpKind.count`: clicks within the span, and what items placed within it mean for the clicks before."""
    clicks = clicks_of_days(merchant, days, only)
    yield from _count_clicks(clicks.filter(facts.covers("at")))
    lasting = clicks.filter(Click.not_undone(merchant))
    if facts.begins and facts.ends is None and not _any_placed(merchant, facts):
        # Since the last fold: mostly nothing. A plan that the connection has kept would look at all clicks to find out.
        return
    recent = lasting
    if facts.begins:
        # What is older gains nothing any more. Said for the database, which would read it.
        recent = lasting.filter(at__gt=facts.begins - timedelta(days=GAIN_DAYS))
    gains = [_sum_gains(subscription_gains(recent, merchant, facts, days)), _sum_gains(item_gains(recent, facts))]
    for *key, kept, orders, value in _count_kept_orders(lasting, facts).union(*gains, all=True):
        yield (*key, ""), (0, 0, 0, 0, 0, 0, 0, kept, orders, value)


def _any_placed(merchant: Merchant, facts: Span) -> bool:
    # The newest one by the index; asked whether any is in the span, the database would try its luck among all items.
    placed = Item.objects.filter(merchant=merchant, first_placed__isnull=False)
    newest = placed.order_by("-first_placed").values_list("first_placed", flat=True).first()
    return newest is not None and facts.begins is not None and newest >= facts.begins


def clicks_of_days(merchant: Merchant, days: Sequence[Span], only: Q) -> QuerySet[Click]:
    clicks = Click.objects.filter(only, any_covers(days, "at"), merchant=merchant)
    # An undo is counted with the click that it undid.
    clicks = clicks.exclude(outcome="undone")
    clicks = clicks.exclude(token__in=ActionToken.objects.filter(merchant=merchant, customer__is_test=True))
    return clicks.annotate(day=TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone))).order_by()


def _count_clicks(clicks: QuerySet[Click]) -> Iterator[tuple[Any, Any]]:
    groups = clicks.values_list(*KEYS, "outcome").annotate(
        # Before `replayed`, which takes the name of a column that is asked for here.
        machines_acted=Count("pk", filter=MACHINES & ACTED),
        people=Count("pk", filter=PEOPLE),
        opened=Count("pk", filter=PEOPLE & Q(opens=True)),
        acted=Count("pk", filter=PEOPLE & ACTED),
        undone=Count("pk", filter=PEOPLE & ACTED & UNDONE),
        replayed=Count("pk", filter=PEOPLE & Q(replayed=True)),
        machines=Count("pk", filter=MACHINES),
    )
    for *key, outcome, machines_acted, people, opened, acted, undone, replayed, machines in groups:
        refusal, refused = ("", 0) if outcome in NON_REFUSALS else (outcome, people)
        yield (*key, refusal), (refused, opened, acted, undone, replayed, machines, machines_acted, 0, 0, Decimal(0))


def _count_kept_orders(lasting: QuerySet[Click], facts: Span) -> Any:
    """An order is placed when its items are."""
    placed = lasting.filter(facts.covers("order__items__first_placed"), order__status=OrderStatus.SUCCESS)
    kept = Count("pk", distinct=True)
    return placed.values_list(*KEYS).annotate(kept=kept, orders=Value(0), value=Value(Decimal(0), AMOUNT))


def subscription_gains(
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


def item_gains(lasting: QuerySet[Click], facts: Span) -> QuerySet[Click]:
    """The placed items that product upsells added to orders."""
    window = Q(item__first_placed__gte=F("at"), item__first_placed__lt=F("at") + timedelta(days=GAIN_DAYS))
    return lasting.filter(window & facts.covers("item__first_placed")).annotate(amount=F("item__total_price"))


def _sum_gains(items: QuerySet[Click]) -> Any:
    return items.values_list(*KEYS).annotate(kept=Value(0), orders=Count("pk"), value=Sum("amount"))


ROLL_UP = RollUpKind(
    name="clicks",
    model=DailyClicks,
    keys=(*KEYS, "refusal"),
    sums=(
        *("refused", "opened", "acted", "undone", "replayed", "machines", "machines_acted"),
        *("kept", "orders", "value"),
    ),
    facts={Click: "at", Item: "first_placed"},
    count=count_facts,
    unique=("day, action, (coalesce(link_id, 0)), (coalesce(landing_page_id, 0)), (coalesce(product_id, 0)), refusal"),
)
