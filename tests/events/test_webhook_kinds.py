"""The kinds of events for webhooks alone: which action emits which, and that it emits none that nobody asked for."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from subscriptions.actions import incentive, placement_results, subscription, upcoming_order
from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions.bulk_success import succeed_orders
from subscriptions.actions.core import ActionContext
from subscriptions.actions.customer_lock import lock_customers
from subscriptions.actions.webhook_kinds import request_webhook_kinds
from subscriptions.events import catalogue
from subscriptions.events.catalogue import ALL_KINDS, KINDS, WEBHOOK_ROWS
from subscriptions.models import Event, Merchant, Order, OrderStatus, Product, Subscription
from tests.actions import random_actions, situations, verbs
from tests.actions.random_actions import World
from tests.factories import STAFF, CustomerFactory, ItemFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Act = Callable[[World], ActionContext[Any]]
NEW_ORDER = ["order.create", "item.create"]
LAST_ITEM = ["item.remove", "order.delete"]


def after(before: Callable[[World], Any], act: Act) -> Act:
    def run(world: World) -> ActionContext[Any]:
        before(world)
        return act(world)

    return run


def numbered(act: random_actions.Perform, number: int = 0) -> Act:
    return lambda world: act(world, number)


def give_gift(world: World) -> None:
    gift = {"name": "Mug", "type": "Gift", "target": "order", "product": world.products[1]}
    incentive.create(world.customer, actor=STAFF, order=world.order(0), **gift)


def add_once(world: World) -> None:
    random_actions.add_product(world, 0)


def join_twice(world: World) -> None:
    """An item that came back into stock has joined the order of the next one."""
    row = world.subscription(1)
    ItemFactory(order=world.order(0), subscription=row, product=row.product, upcoming=False)


def end_last(world: World) -> ActionContext[Any]:
    return subscription.cancel(world.subscription(1), actor=STAFF)


def change_date(day: date) -> Act:
    return lambda world: orders.change_date(world.order(0), actor=STAFF, day=day)


def unmerge(world: World) -> ActionContext[Any]:
    merged = Order.objects.get(status=OrderStatus.MERGED)
    own = [item.pk for item in Order.objects.open().get().items.order_by("id")[:2]]
    return situations.random_actions.restore_order.unmerge(merged, actor=STAFF, items=own)


def swap_item(world: World) -> ActionContext[Any]:
    return items.change_product(world.item(0), actor=STAFF, product=world.products[1])


CASES: dict[str, tuple[Act, list[str]]] = {
    "a checkout": (
        verbs.check_out,
        ["subscription.create", *NEW_ORDER, "subscriber.subscriptions_created"],
    ),
    "a subscription by staff": (verbs.create_subscription, ["subscription.create", *NEW_ORDER]),
    "a product added once": (numbered(random_actions.add_product), ["item.create"]),
    "a product added with a subscription": (
        numbered(random_actions.add_subscription),
        ["subscription.create", "item.create"],
    ),
    "a one-time item on a day of its own": (
        lambda w: items.create(
            w.customer,
            actor=STAFF,
            product=w.products[0],
            quantity=1,
            day=date(2026, 12, 25),
            payment=w.payments[0],
            address=w.addresses[0],
        ),
        NEW_ORDER,
    ),
    "an item subscribed to": (
        after(add_once, numbered(random_actions.subscribe_item, 2)),
        ["subscription.create", "item.item_subscribe"],
    ),
    "an item's quantity": (
        lambda w: items.change_quantity(w.item(0), actor=STAFF, quantity=7),
        ["item.change_quantity"],
    ),
    "a subscription's quantity": (
        numbered(random_actions.change_quantity, 3),
        ["item.change_quantity", "subscription.change_quantity"],
    ),
    "an item's price": (lambda w: items.change_price(w.item(0), actor=STAFF, price=Decimal(7)), ["item.update_price"]),
    # As published, only a price that is set by itself counts.
    "an item's product": (swap_item, []),
    "a subscription's price": (
        lambda w: subscription.change_price(w.subscription(0), actor=STAFF, price=Decimal(7)),
        [],
    ),
    "a removed item": (numbered(random_actions.remove_item), ["item.remove", *NEW_ORDER]),
    "a skipped subscription": (numbered(random_actions.skip_one), ["item.remove", *NEW_ORDER]),
    "a skip": (numbered(random_actions.skip), [*NEW_ORDER, *NEW_ORDER, "order.skip_order"]),
    "an undone skip": (
        after(situations.skipped, numbered(random_actions.unskip)),
        [*LAST_ITEM, *LAST_ITEM, "order.change_next_order_date"],
    ),
    "an order sent now": (numbered(random_actions.send_now), [*NEW_ORDER, *NEW_ORDER, "order.send_now"]),
    "an item moved alone": (
        numbered(random_actions.change_next_date),
        ["order.create", "item.change_order", "order.change_next_order_date"],
    ),
    "an item moved back": (
        after(
            numbered(random_actions.change_next_date),
            lambda w: subscription.change_next_order_date(w.subscription(0), actor=STAFF, day=date(2026, 12, 4)),
        ),
        ["item.change_order", "order.delete", "order.change_next_order_date"],
    ),
    "an order moved": (change_date(date(2026, 12, 9)), ["order.change_next_order_date"]),
    "an order merged": (
        after(situations.alone, change_date(date(2026, 12, 5))),
        ["item.change_order", "order.change_next_order_date"],
    ),
    "an undone merge": (
        after(situations.merged, unmerge),
        ["item.change_order", "item.change_order", "order.change_next_order_date"],
    ),
    "a payment of its own": (
        numbered(random_actions.change_payment),
        ["subscription.change_payment", "order.create", "item.change_order"],
    ),
    "a cancelled subscription": (
        lambda w: subscription.cancel(w.subscription(0), actor=STAFF),
        ["item.remove", "subscription.cancel"],
    ),
    "the last cancelled subscription": (
        after(numbered(random_actions.cancel), end_last),
        [*LAST_ITEM, "subscription.cancel", "subscriber.cancel"],
    ),
    "the last cancelled subscription, on its order twice": (
        after(numbered(random_actions.cancel), after(join_twice, end_last)),
        ["item.remove", *LAST_ITEM, "subscription.cancel", "subscriber.cancel"],
    ),
    "a reactivation": (
        after(numbered(random_actions.cancel), numbered(random_actions.reactivate)),
        [*NEW_ORDER, "subscription.change_live"],
    ),
    "an order queued": (numbered(random_actions.queue), [*NEW_ORDER, *NEW_ORDER]),
    "an order queued with a gift": (
        after(give_gift, numbered(random_actions.queue)),
        ["item.create", *NEW_ORDER, *NEW_ORDER],
    ),
    "an order placed": (
        after(situations.queued, numbered(random_actions.succeed)),
        ["order.success", "item.successfully_placed", "item.successfully_placed"],
    ),
    "a temporary error": (after(situations.queued, numbered(random_actions.hold)), ["order.generic_error"]),
    "the last temporary error": (
        after(
            lambda w: (Order.objects.update(generic_error_count=3), situations.queued(w)),
            numbered(random_actions.hold),
        ),
        ["order.generic_error", "order.reject"],
    ),
    "an unknown outcome": (
        after(
            situations.queued,
            lambda w: placement_results.hold(
                w.order(0), actor=STAFF, status=OrderStatus.RESPONSE_PROCESSING_ERROR, code="", message="?"
            ),
        ),
        [],
    ),
    "an item out of stock": (
        after(situations.out_of_stock, lambda w: upcoming_order.set_aside(w.order(0), actor=STAFF)),
        [*NEW_ORDER, "order.create", "item.change_order", "item.out_of_stock"],
    ),
    "an end of waiting for stock": (
        after(situations.waited, lambda w: upcoming_order.stop_waiting(w.order(0), actor=STAFF)),
        ["item.remove", *LAST_ITEM],
    ),
}


def types(done: ActionContext[Any]) -> list[str]:
    assert list(Event.objects.filter(activity=done.activity).order_by("id")) == done.events
    return [ALL_KINDS[event.kind].webhook_type for event in done.events]


@pytest.mark.parametrize("case", CASES)
def test_an_action_emits_what_webhooks_ask_for(case: str) -> None:
    act, expected = CASES[case]
    world = random_actions.create_world(2)
    request_webhook_kinds(world.customer.merchant, ALL_KINDS)
    assert types(act(world)) == expected


@pytest.mark.parametrize("case", CASES)
def test_an_action_emits_none_that_nobody_asked_for(case: str) -> None:
    act, expected = CASES[case]
    asked_for = {kind.webhook_type for kind in KINDS.values()}
    assert types(act(random_actions.create_world(2))) == [each for each in expected if each in asked_for]


def test_every_kind_that_is_emitted_on_request_has_an_action() -> None:
    emitted = {each for _, expected in CASES.values() for each in expected}
    on_request = {kind.name for kind in WEBHOOK_ROWS if kind.on_request}
    # Bundles have no components here.
    assert on_request - emitted == {catalogue.SUBSCRIPTION_COMPONENTS}


def test_only_the_kinds_that_are_asked_for_are_emitted() -> None:
    world = random_actions.create_world(2)
    wanted = [catalogue.ORDER_DELETE, catalogue.SUBSCRIPTION_CANCEL, catalogue.ORDER_REFRESH]
    request_webhook_kinds(world.customer.merchant, wanted)
    assert Merchant.objects.get().webhook_kinds == sorted(wanted)
    random_actions.cancel(world, 0)
    assert types(end_last(world)) == ["order.delete", "subscription.cancel", "subscriber.cancel"]
    request_webhook_kinds(world.customer.merchant, [])
    assert Merchant.objects.get().webhook_kinds == []


def test_orders_placed_together_emit_each_item() -> None:
    merchant = random_actions.create_world(2).customer.merchant
    random_actions.create_world(1, CustomerFactory(merchant=merchant))
    request_webhook_kinds(merchant, ALL_KINDS)
    placed = Order.objects.select_related("payment", "shipping_address").order_by("id")
    with lock_customers(merchant, [order.customer_id for order in placed]) as locked:
        for order in placed:
            upcoming_order.queue(order, actor=STAFF)
        queued = list(placed.filter(status=OrderStatus.PENDING_PLACEMENT))
        Event.objects.all().delete()
        succeed_orders([(order, "1224") for order in queued], locked, actor=STAFF)
    found = Event.objects.order_by("id").values_list("kind", "order")
    success, one = catalogue.ORDER_SUCCESS, catalogue.ITEM_PLACED
    first, second = (order.pk for order in queued)
    assert list(found) == [(success, first), (one, first), (one, first), (success, second), (one, second)]


def test_events_of_customers_name_their_subscriptions() -> None:
    world = random_actions.create_world(0)
    done = verbs.check_out(world, 2)
    bought = list(Subscription.objects.order_by("id"))
    named = {event.kind: list(event.about_subscriptions) for event in done.events}
    assert named[catalogue.SUBSCRIBER_CREATE] == bought[:1]
    assert named[catalogue.SUBSCRIPTIONS_CREATED] == bought
    Product.objects.update(autoship_enabled=True)
    random_actions.cancel(world, 0)
    (last,) = [event for event in end_last(world).events if event.kind == catalogue.SUBSCRIBER_CANCEL]
    assert list(last.about_subscriptions) == bought[1:]
