"""What clicks and their results come to by day, action, link, landing page and product: the roll-up of links.

What likely machines did is counted apart from what people did. A click counts on its day, and so does everything that
came of it later: an undo, an order that was kept, the items that it gained. So facts are of two kinds, clicks and
placed items, and each is folded when it happens.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Q, QuerySet, Sum, Value

from oneclick.analytics.gained_items import KEYS, clicks_of_days, gained_items, nothing_placed
from oneclick.models import Click, DailyClicks
from oneclick.models.click import NON_REFUSALS
from subscriptions.figures.roll_ups import Counted, RollUpKind
from subscriptions.figures.spans import Span
from subscriptions.models import Item, Merchant, OrderStatus

AMOUNT: Any = DecimalField(max_digits=28, decimal_places=2)
ACTED = Q(outcome="success", replayed=False)
PEOPLE, MACHINES = Q(likely_machine=False), Q(likely_machine=True)
UNDONE = Q(token__undone_at__isnull=False)


def count_facts(merchant: Merchant, facts: Span, days: Sequence[Span], only: Q) -> Counted:
    """`RollUpKind.count`: clicks within the span, and what items placed within it mean for the clicks before."""
    clicks = clicks_of_days(merchant, days, only)
    yield from _count_clicks(clicks.filter(facts.covers("at")))
    if nothing_placed(merchant, facts):
        return
    lasting = clicks.filter(Click.not_undone(merchant))
    gains = [_sum_gains(gained) for gained in gained_items(clicks, merchant, facts, days)]
    for *key, kept, orders, value in _count_kept_orders(lasting, facts).union(*gains, all=True):
        yield (*key, ""), (0, 0, 0, 0, 0, 0, 0, kept, orders, value)


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
