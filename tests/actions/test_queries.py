"""The statements each action costs: the table in the documentation, measured."""

import re

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import subscription
from subscriptions.models import Entitlement, Item, OneTimeIncentive, Order, Subscription
from subscriptions.models.record import NOTE
from tests.actions import random_actions, situations, verbs
from tests.factories import STAFF, ConnectionFactory

pytestmark = pytest.mark.django_db
ROW = re.compile(r"^\| `([\w.]+)`(.*?) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
ROWS = ROW.findall((settings.BASE_DIR / "docs" / "developers" / "actions.md").read_text())
TABLE = {verb + case: (int(alone), int(shared), int(more)) for verb, case, alone, shared, more in ROWS}
ACTION = re.compile(r'^@action\(\s*"([\w.]+)"', re.MULTILINE)
CANCEL, CHECKOUT = "subscription.cancel", "checkout"
# Cases in which a verb does something else than in its own row.
OTHERWISE: dict[str, verbs.Verb] = {
    CHECKOUT + " of two": lambda w: verbs.check_out(w, 2),
    CHECKOUT + " of three": lambda w: verbs.check_out(w, 3),
    CANCEL + " without a reason": lambda w: subscription.cancel(w.subscription(0), actor=STAFF),
}
# What happens before the measurement.
BEFORE: dict[str, situations.Situation] = {
    CANCEL + " with entitlements": situations.entitled,
    CANCEL + " with an offer": situations.offered,
    CANCEL + " with an incentive": situations.promised,
    CANCEL + " with an order tried again": situations.retried,
    "subscription.change_offer": situations.offered,
    "subscription.reactivate": verbs.numbered_action(random_actions.cancel),
    "subscription.reactivate with entitlements": situations.first(
        situations.entitled, verbs.numbered_action(random_actions.cancel)
    ),
    "subscription.reactivate with an offer": situations.first(
        situations.offered, verbs.numbered_action(random_actions.cancel)
    ),
    "subscription.change_cancel_reason": verbs.numbered_action(random_actions.cancel),
    "customer.remove_tag": situations.tagged,
    "customer.note_change": situations.noted,
    "customer.note_delete": situations.noted,
    "customer.move_clock": situations.tried_out,
    "payment.use_for_all, an order each": situations.alone,
    "prepaid.upgrade": situations.eligible,
    "prepaid.change_context": situations.paid_ahead,
    "prepaid.change_renewal_behavior": situations.paid_ahead,
    "order.unskip": situations.skipped,
    "order.unmerge": situations.merged,
    "order.set_aside": situations.out_of_stock,
    "order.set_aside of all": situations.all_out_of_stock,
    "order.warn_of_card": situations.card_expires,
    "order.stop_waiting": situations.waited,
    "order.succeed": situations.queued,
    "order.succeed, prepaid": situations.first(situations.paid_ahead, situations.queued),
    "order.succeed of plans": situations.first(situations.on_plans, situations.queued),
    "order.reject": situations.queued,
    "order.decline": situations.queued,
    "order.hold": situations.queued,
    "order.call_off": situations.queued,
    "order.retry": situations.waiting,
    "order.give_up": situations.waiting,
    "order.rescue": situations.rejected,
    "item.subscribe": verbs.numbered_action(random_actions.add_product),
    "incentive.update": situations.promised,
    "incentive.delete": situations.promised,
    "entitlement.modify_expiration": situations.entitled,
    "entitlement.expire": situations.entitled,
    "entitlement.void": situations.entitled,
}


def verb_of(case: str) -> str:
    return re.match(r"[\w.]+", case)[0]


class Fetched(random_actions.World):
    """Returns rows that were read before the measurement began, as a surface reads them."""

    def __init__(self, world: random_actions.World) -> None:
        super().__init__(**vars(world))
        self.rows = {
            model: list((model.objects.select_related(*along) if along else model.objects).order_by("id"))
            for model, along in (
                (Subscription, []),
                (Order, []),
                (Item, ["order", "subscription"]),
                (Entitlement, []),
                (OneTimeIncentive, []),
            )
        }

    def subscription(self, n: int) -> Subscription:
        return self._row(Subscription, n)

    def order(self, n: int) -> Order:
        return self._row(Order, n)

    def item(self, n: int) -> Item:
        return self._row(Item, n)

    def incentive(self, n: int) -> OneTimeIncentive:
        return self._row(OneTimeIncentive, n)

    def entitlement(self, n: int) -> Entitlement:
        return self._row(Entitlement, n)

    def _row(self, model, n):
        return self.rows[model][n % len(self.rows[model])]


def count_statements(case: str, subscriptions: int) -> int:
    """How many statements the case sends for a customer with that many subscriptions."""
    world = random_actions.create_world(subscriptions)
    ConnectionFactory(merchant=world.customer.merchant)
    situations.resource(world)
    BEFORE.get(case, lambda world: None)(world)
    fetched = Fetched(world)
    with CaptureQueriesContext(connection) as context:
        act = OTHERWISE.get(case, verbs.VERBS[verb_of(case)])(fetched)
    assert act.activity.verb == verb_of(case)
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in context)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", TABLE)
@pytest.mark.parametrize("subscriptions", [1, 2, 4])
@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_an_action_costs_as_many_statements_as_the_table_says(case, subscriptions):
    alone, shared, more = TABLE[case]
    assert count_statements(case, subscriptions) == (
        alone if subscriptions == 1 else shared + (subscriptions - 2) * more
    )


def test_the_table_has_every_verb_and_every_case_that_is_measured_once():
    sources = (settings.BASE_DIR / "subscriptions").rglob("*.py")
    registered = [verb for source in sources for verb in ACTION.findall(source.read_text())] + [NOTE]
    assert len(registered) > 50
    assert sorted(registered) == sorted(case for case in TABLE if case == verb_of(case)) == sorted(verbs.VERBS)
    assert set(TABLE) == set(registered) | set(BEFORE) | set(OTHERWISE)
    assert len(ROWS) == len(TABLE)


def test_cancel_and_reactivate_cost_at_most_twelve_statements_and_one_for_the_label_of_the_reason():
    """Except where an order being retried is cancelled with its subscription, which emits an event of its own."""
    rows = {case: most for case, most in TABLE.items() if verb_of(case) in (CANCEL, "subscription.reactivate")}
    above = [case for case, (alone, shared, _) in rows.items() if max(alone, shared) > 13]
    assert above == [CANCEL + " with an order tried again"]
