"""A change to the value that is there succeeds, and leaves no activity and no event."""

from datetime import timedelta
from decimal import Decimal

import pytest

from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions import prepaid, subscription
from subscriptions.models import Item, Order, Subscription
from tests.actions import contract, random_actions, situations, verbs
from tests.factories import STAFF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
BY = {"actor": STAFF}
PREPAID = ("prepaid.change_context", "prepaid.change_renewal_behavior")


@pytest.mark.parametrize(
    "verb",
    [
        "customer.change_contact_details",
        "customer.change_locale",
        "address.use_for_all",
        "payment.use_for_all",
        "subscription.change_quantity",
        "subscription.change_frequency",
        "subscription.change_product",
        "subscription.change_payment",
        "subscription.change_shipping_address",
        "subscription.change_next_order_date",
        "subscription.change_reminder_days",
        "subscription.change_offer",
        "subscription.change_price",
        *PREPAID,
        "order.change_date",
        "order.change_payment",
        "order.change_shipping_address",
        "order.change_extra_data",
        "item.change_quantity",
        "item.change_price",
        "item.change_product",
    ],
)
def test_the_same_change_again_changes_nothing(verb):
    world = random_actions.create_world(1)
    if verb in PREPAID:
        situations.paid_ahead(world)
    if verb == "subscription.change_offer":
        situations.offered(world)
    first = verbs.VERBS[verb](world)
    assert first.activity.verb == verb
    again = contract.assert_unchanged(lambda: verbs.VERBS[verb](world))
    assert again.result == first.result
    assert (again.result, again.activity, again.events) == (first.result, None, [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("quantity", 7),
        ("offer", None),
        ("product", "other"),
    ],
)
def test_a_subscription_change_reaches_an_upcoming_item_that_differs(column, value):
    world = random_actions.create_world(1)
    situations.offered(world)
    row = world.subscription(0)
    Item.objects.update(**{column: world.products[1] if value == "other" else value})
    kept = getattr(row, column)
    change = getattr(subscription, f"change_{column}")
    context = change(row, **{column: kept}, **BY)
    assert context.activity.verb == f"subscription.change_{column}"
    assert getattr(Item.objects.get(), column) == kept
    contract.assert_unchanged(lambda: change(row, **{column: kept}, **BY))


@pytest.mark.parametrize("name", ["payment", "shipping_address"])
def test_a_subscription_change_reaches_an_upcoming_order_that_differs(name):
    world = random_actions.create_world(1)
    row = world.subscription(0)
    kept, other = (world.payments, world.addresses)[name == "shipping_address"]
    Order.objects.update(**{name: other})
    argument = {"payment": "payment", "shipping_address": "address"}[name]
    change = getattr(subscription, f"change_{name}")
    change(row, **{argument: kept}, **BY)
    assert getattr(Order.objects.get(), name) == kept
    contract.assert_unchanged(lambda: change(row, **{argument: kept}, **BY))


def test_a_price_that_was_set_on_the_item_alone_is_not_changed_by_the_same_locked_price():
    world = random_actions.create_world(1)
    subscription.change_price(world.subscription(0), price=Decimal("9.00"), **BY)
    items.change_price(world.item(0), price=Decimal("8.00"), **BY)
    contract.assert_unchanged(lambda: subscription.change_price(world.subscription(0), price=Decimal("9.00"), **BY))


def test_unlocking_a_price_that_is_not_locked_still_takes_over_the_products_price():
    world = random_actions.create_world(1)
    type(world.products[0]).objects.filter(pk=world.products[0].pk).update(price=Decimal("11.00"))
    subscription.change_price(world.subscription(0), price=None, **BY)
    assert Item.objects.get().price == Decimal("11.00")
    contract.assert_unchanged(lambda: subscription.change_price(world.subscription(0), price=None, **BY))


def test_setting_the_price_that_an_item_has_fixes_it_once():
    world = random_actions.create_world(1)
    price = Item.objects.get().price
    assert items.change_price(world.item(0), price=price, **BY).activity.verb == "item.change_price"
    assert Item.objects.get().frozen
    contract.assert_unchanged(lambda: items.change_price(world.item(0), price=price, **BY))


def test_a_cancelled_subscription_compares_its_own_values_alone():
    world = random_actions.create_world(1)
    random_actions.cancel(world, 0)
    row = world.subscription(0)
    contract.assert_unchanged(lambda: subscription.change_quantity(row, quantity=row.quantity, **BY))
    contract.assert_emits(
        ["ordergroove.subscription.change_quantity"], lambda: subscription.change_quantity(row, quantity=2, **BY)
    )


def test_an_ended_cycle_that_is_to_be_cancelled_ends_the_subscription_even_so():
    world = random_actions.create_world(1)
    situations.paid_ahead(world)
    Subscription.objects.update(renewal_behavior="cancel", prepaid_orders_remaining=0)
    prepaid.change_context(world.subscription(0), orders_remaining=0, renewal_behavior="cancel", **BY)
    assert not Subscription.objects.get().live


def test_the_date_of_an_order_is_compared_to_the_day():
    world = random_actions.create_world(1)
    order = world.order(0)
    contract.assert_unchanged(lambda: orders.change_date(order, day=order.place_date, **BY))
    contract.assert_emits(
        ["ordergroove.order.change_next_order_date"],
        lambda: orders.change_date(order, day=order.place_date + timedelta(days=1), **BY),
    )
