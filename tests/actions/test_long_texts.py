"""Sentences made of many names, or of long ones, are stored whole or name the first few; no text is too long."""

from collections.abc import Callable
from datetime import date

import pytest

from subscriptions.actions import placement_results, replacing, upcoming_order
from subscriptions.actions.checkout import Line, checkout
from subscriptions.actions.order import change_shipping_address
from subscriptions.actions.product import discontinue_product
from subscriptions.actions.subscription import cancel
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Refused
from subscriptions.jobs.replacements import continue_replacement
from subscriptions.models import Activity, Order, OrderStatus, Product, Refusal, Replacement
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    PaymentFactory,
    ProductFactory,
    SubscriptionFactory,
    subscription_with_order,
)
from tests.jobs.situations import create_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NAMES = [f"{number:03}" + "x" * 252 for number in range(50)]  # as long as a name may be


@pytest.mark.parametrize(
    ("number", "named"),
    [
        (1, f"2 × {NAMES[0]}"),
        (5, ", ".join(f"2 × {name}" for name in NAMES[:5])),
        (6, ", ".join(f"2 × {name}" for name in NAMES[:5]) + " and 1 more"),
        (50, ", ".join(f"2 × {name}" for name in NAMES[:5]) + " and 45 more"),
    ],
)
def test_a_checkout_names_the_first_five_lines(number, named):
    customer = CustomerFactory()
    products = [ProductFactory(merchant=customer.merchant, name=name) for name in NAMES[:number]]
    done = checkout(
        customer,
        actor=STAFF,
        merchant_order_id="1224",
        payment=PaymentFactory(customer=customer),
        address=AddressFactory(customer=customer),
        lines=[Line(product=product, quantity=2, every=1, every_period=3) for product in products],
    )
    assert Activity.objects.get(pk=done.activity.pk).sentence == f"Checked out as order 1224 and subscribed to {named}."


@pytest.fixture
def crowded(noon) -> Order:
    """An order of seven items with the longest names, none of them in stock."""
    order = create_order()
    order.items.all().delete()
    same = {"customer": order.customer, "payment": order.payment, "shipping_address": order.shipping_address}
    for name in NAMES[:7]:
        product = ProductFactory(merchant=order.merchant, name=name)
        subscription_with_order(order.place_date, product=product, **same)
    Product.objects.filter(merchant=order.merchant).update(live=False)
    return Order.objects.get(pk=order.pk)


def test_items_out_of_stock_are_named_up_to_the_fifth(crowded):
    done = upcoming_order.set_aside(crowded, actor=STAFF)
    named = ", ".join(f"{name} (day 0)" for name in NAMES[:5])
    assert done.activity.sentence == f"Out of stock for the order of November 20, 2026: {named} and 2 more."
    crowded.items.update(out_of_stock_since=date(2026, 10, 20))
    done = upcoming_order.stop_waiting(crowded, actor=STAFF)
    named = ", ".join(NAMES[:5])
    assert (
        done.activity.sentence == f"Out of stock for too long for the order of November 20, 2026: {named} and 2 more."
    )


def test_the_longest_columns_fit_into_one_sentence():
    order = create_order()
    address = AddressFactory(customer=order.customer, address="a" * 255, city="b" * 255)
    change_shipping_address(order, actor=STAFF, address=address)
    Order.objects.update(status=OrderStatus.PENDING_PLACEMENT)
    placement_results.reject(order, actor=STAFF, code="140", message="m" * 5000)
    assert list(Activity.objects.order_by("id").values_list("sentence", flat=True)) == [
        f"Changed the shipping address of the order of November 20, 2026 to {'a' * 255}, {'b' * 255}.",
        f"The order of November 20, 2026 was rejected: {'m' * 5000} (140)",
    ]


def test_staff_with_the_longest_names_can_act():
    full_name = "A" * 150 + " " + "B" * 150  # as long as Django's users allow
    cancel(subscription_with_order(), actor=Actor(ActorKind.STAFF, "1", full_name))
    assert Activity.objects.get().actor_name == full_name


def test_a_replacement_keeps_a_refusal_of_any_length(monkeypatch):
    subscription = SubscriptionFactory()
    refusal = Refused("long", "w" * 4000)
    monkeypatch.setattr(replacing.verbs, "cancel", raise_error(refusal))
    discontinue_product(subscription.product, actor=STAFF)
    continue_replacement(Replacement.objects.get().pk)
    assert Refusal.objects.get().sentence == refusal.sentence


def raise_error(error: Exception) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse
