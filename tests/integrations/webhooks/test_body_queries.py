"""What it costs to build the bodies of webhooks."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.webhooks.bodies import build_bodies
from integrations.webhooks.snapshots import SNAPSHOTS
from subscriptions.actions import core
from subscriptions.actions import order as orders
from subscriptions.actions.bulk_reminders import remind_customers
from subscriptions.actions.webhook_kinds import request_webhook_kinds
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event, Merchant, Order
from tests.actions import random_actions, situations
from tests.factories import STAFF, CustomerFactory, MerchantFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def skip_all(merchant: Merchant, customers: int) -> list[Event]:
    """The events of as many customers, each of whom skips an order of two subscriptions."""
    found = []
    for _ in range(customers):
        world = random_actions.create_world(2, CustomerFactory(merchant=merchant))
        situations.offered(world)
        found += orders.skip(world.order(0), actor=STAFF).events
        found += random_actions.cancel(world, 0).events
    return found


@pytest.mark.parametrize(("parts", "most"), [((), 7), (tuple(SNAPSHOTS), 19)])
def test_the_queries_do_not_depend_on_the_number_of_events(parts: tuple[str, ...], most: int) -> None:
    merchant = MerchantFactory()
    request_webhook_kinds(merchant, ALL_KINDS)
    counts = []
    for customers in (1, 9):
        events = skip_all(merchant, customers)
        assert len(events) >= 7 * customers
        with CaptureQueriesContext(connection) as context:
            build_bodies([(event, parts) for event in events])
        counts.append(len(context))
    assert counts[0] == counts[1] <= most


def test_reminders_in_bulk_are_read_again_in_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a pipeline, and though reminders load only some columns of an order."""
    merchant = MerchantFactory()
    customers = [CustomerFactory(merchant=merchant) for _ in range(5)]
    for customer in customers:
        random_actions.create_world(1, customer)
    built: list[str] = []
    counts: list[int] = []

    def build(events: list[Event]) -> None:
        with CaptureQueriesContext(connection) as context:
            built.extend(build_bodies([(event, ()) for event in events]))
        counts.append(len(context))

    monkeypatch.setattr(core, "_event_sinks", lambda: [build])
    keys = [customer.pk for customer in customers]
    remind_customers(merchant, keys, lambda found: Order.objects.filter(customer__in=found), actor=STAFF)
    orders_by_id = {json.loads(text)["data"]["object"]["public_id"] for text in built}
    assert orders_by_id == {order.public_id.hex for order in Order.objects.all()}
    assert (len(built), counts) == (5, [1])
