"""What an act costs: the table in the documentation, measured."""

import re
from datetime import date

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import placing
from subscriptions.models import Item, Order, Payment
from tests.actions import acts
from tests.factories import STAFF, ConnectionFactory

pytestmark = pytest.mark.django_db
ROW = re.compile(r"^\| `([\w.]+)` \| (\d+) \|$", re.MULTILINE)
TABLE = {name: int(most) for name, most in ROW.findall((settings.BASE_DIR / "docs" / "actions.md").read_text())}
PLANNED = {
    "subscription.cancel": acts.cancel,
    "subscription.reactivate": acts.reactivate,
    "subscription.change_quantity": acts.change_quantity,
    "subscription.change_frequency": acts.change_frequency,
    "subscription.change_product": acts.change_product,
    "subscription.change_payment": acts.change_payment,
    "subscription.change_shipping_address": acts.change_shipping,
    "subscription.change_next_order_date": acts.change_next_date,
    "order.skip": acts.skip,
    "order.skip_subscription": acts.skip_one,
    "order.send_now": acts.send_now,
    "order.change_date": acts.change_order_date,
    "order.change_payment": acts.change_order_payment,
    "item.add": acts.add_product,
    "item.add_with_subscription": acts.add_subscription,
    "item.change_quantity": acts.change_item_quantity,
    "item.change_price": acts.change_item_price,
    "item.remove": acts.remove_item,
    "order.queue": acts.queue,
    "order.succeed": acts.succeed,
    "order.reject": acts.reject,
    "order.remind": lambda world, n: placing.remind(world.order(n), actor=STAFF),
    "order.warn_of_card": lambda world, n: placing.warn_of_card(world.order(n), actor=STAFF),
}
BEFORE = {
    "subscription.reactivate": acts.cancel,
    "order.succeed": acts.queue,
    "order.reject": acts.queue,
    "order.warn_of_card": lambda world, n: Payment.objects.update(expires_on=date(2026, 1, 31)),
}


@pytest.mark.parametrize("verb", PLANNED)
@pytest.mark.parametrize("subscriptions", [1, 2])
@time_machine.travel("2026-11-20T17:00:00Z", tick=True)
def test_an_act_costs_no_more_statements_than_the_table_says(verb, subscriptions):
    world = acts.world(subscriptions)
    ConnectionFactory(merchant=world.customer.merchant)
    number = 2 if "payment" in verb or "shipping" in verb else 0
    if verb in BEFORE:
        BEFORE[verb](world, number)
    prepared = Prefetched(world, number)
    with CaptureQueriesContext(connection) as context:
        PLANNED[verb](prepared, number)
    statements = [query["sql"] for query in context if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) <= TABLE[verb], f"{len(statements)} statements"


class Prefetched(acts.World):
    """Hands out what was looked up before the measuring began, as a surface does."""

    def __init__(self, world: acts.World, number: int) -> None:
        super().__init__(world.customer, world.products, world.payments, world.addresses)
        self.found = {
            "subscription": world.subscription(number),
            "order": world.order(number) if Order.objects.exists() else None,
            "item": world.item(number) if Item.objects.exists() else None,
        }

    def subscription(self, n: int):
        return self.found["subscription"]

    def order(self, n: int):
        return self.found["order"]

    def item(self, n: int):
        return self.found["item"]


def test_cancel_and_reactivate_cost_at_most_twelve():
    assert TABLE["subscription.cancel"] <= 12 and TABLE["subscription.reactivate"] <= 12


def test_every_row_of_the_table_is_measured():
    assert set(TABLE) == set(PLANNED)
