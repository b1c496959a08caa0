"""Orders placed together write the rows of single actions, at the cost of a few statements."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import placement_results
from subscriptions.actions.bulk_success import succeed_orders
from subscriptions.actions.customer_lock import lock_customers
from subscriptions.models import Item, Merchant, Order, OrderStatus, Product, ResourceGrant, Subscription
from tests import factories as f
from tests.actions import random_actions, situations
from tests.actions.random_actions import World
from tests.actions.situations import Situation
from tests.factories import STAFF
from tests.rows import rows_written_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(time_zone="Pacific/Auckland")
    f.ConnectionFactory(merchant=made)
    f.ConnectionFactory(merchant=made, name="Second", switched_off_kinds=["ordergroove.order.success"])
    return made


def queue_order(merchant: Merchant, *changes: Situation) -> None:
    """Another customer with two subscriptions, changed by `changes`, and an order in placement."""
    world = random_actions.create_world(customer=f.CustomerFactory(merchant=merchant))
    for change in (*changes, situations.queued):
        change(world)


def make_plan(world: World) -> None:
    plan = world.products[0]
    Product.objects.filter(pk=plan.pk).update(product_type=Product.Type.PLAN)
    granted = situations.resource(world)
    ResourceGrant.objects.create(merchant=plan.merchant, product=plan, resource=granted, time_amount=3600)


def make_prepaid(remaining: int, renewal: str) -> Situation:
    fields = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": remaining, "renewal_behavior": renewal}
    return lambda world: Subscription.objects.filter(pk=world.subscription(0).pk).update(**fields)


def add_one_time_item(world: World) -> None:
    random_actions.add_product(world, 0)


def place_earlier(world: World) -> None:
    Subscription.objects.filter(customer=world.customer).update(first_placed=situations.LATER)


SITUATIONS: list[list[Situation]] = [
    [],
    [situations.alone],
    [make_plan],
    [situations.entitled],
    [situations.entitled, make_plan],
    [make_prepaid(0, "autorenew")],
    [make_prepaid(2, "autorenew")],
    [make_prepaid(1, "cancel")],
    [make_prepaid(1, "downgrade"), situations.alone],
    [situations.promised],
    [add_one_time_item],
    [place_earlier],
]


def waiting_orders() -> list[Order]:
    found = Order.objects.filter(status=OrderStatus.PENDING_PLACEMENT).order_by("pk")
    return list(found.select_related("payment", "shipping_address"))


def place_one_by_one() -> None:
    for order in waiting_orders():
        placement_results.succeed(order, actor=STAFF, order_merchant_id=f"P-{order.pk}")


def place_all_together(merchant: Merchant) -> None:
    customers = sorted(order.customer_id for order in waiting_orders())
    with lock_customers(merchant, customers) as held:
        succeed_orders([(order, f"P-{order.pk}") for order in waiting_orders()], held, actor=STAFF)


def test_orders_placed_together_write_the_rows_of_single_actions(
    merchant: Merchant, django_capture_on_commit_callbacks: Any
) -> None:
    for changes in SITUATIONS:
        queue_order(merchant, *changes)

    singly = rows_written_by(place_one_by_one, django_capture_on_commit_callbacks)
    together = rows_written_by(lambda: place_all_together(merchant), django_capture_on_commit_callbacks)

    assert together == singly
    kinds = [row["kind"] for row in together["Event"]]
    assert kinds.count("ordergroove.order.success") == len(SITUATIONS)
    assert kinds.count("ordergroove.subscription.cancel") == 1
    assert all(row["applied_at"] for row in together["OneTimeIncentive"])


def test_placing_no_orders_does_nothing(merchant: Merchant) -> None:
    with lock_customers(merchant, []) as held:
        succeed_orders([], held, actor=STAFF)


def count_statements(merchant: Merchant) -> int:
    with CaptureQueriesContext(connection) as context:
        place_all_together(merchant)
    return len(context)


def test_twenty_orders_cost_no_more_statements_than_two(merchant: Merchant) -> None:
    for _ in range(2):
        queue_order(merchant, situations.alone)
    few = count_statements(merchant)
    for _ in range(20):
        queue_order(merchant, situations.alone)
    assert count_statements(merchant) == few
    assert Item.objects.filter(first_placed=None, upcoming=False).count() == 0
