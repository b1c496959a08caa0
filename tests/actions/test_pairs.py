"""Two different simultaneous actions on one customer end as if one followed the other."""

import contextlib
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from subscriptions.actions import address as addresses
from subscriptions.actions import entitlement
from subscriptions.actions import payment as payments
from subscriptions.actions.core import ActionContext
from subscriptions.errors import DomainError
from subscriptions.models import Order, Payment
from tests.actions import contract, random_actions, situations, verbs
from tests.factories import STAFF
from tests.races import run_at_once

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def try_action(world: random_actions.World, act: verbs.Verb) -> None:
    with contextlib.suppress(DomainError):
        act(world)


def world_state(world: random_actions.World) -> dict[str, Any]:
    """Everything that must agree afterwards, without keys and times."""
    found = world.customer.orders.prefetch_related("items")
    held = world.customer.entitlements.order_by("id")
    records = [world.customer.payments, world.customer.addresses]
    return {
        "subscriptions": [
            (row.live, row.quantity, row.product.price, row.payment.live, row.shipping_address.live)
            for row in world.customer.subscriptions.order_by("id")
        ],
        "orders": sorted((order.place_date, order.status, order.total, order_lines(order)) for order in found),
        "records": [sorted(rows.values_list("live", flat=True)) for rows in records],
        "entitlements": [(row.live, round((row.expiration - NOON).total_seconds() / situations.HOUR)) for row in held],
        "events": sorted(world.customer.events.values_list("kind", flat=True)),
        "activities": sorted(world.customer.activities.values_list("verb", flat=True)),
    }


def order_lines(order: Order) -> list[Any]:
    return sorted((item.quantity, item.price, item.upcoming) for item in order.items.all())


COMMONEST = [
    pytest.param(verbs.numbered_action(first), verbs.numbered_action(second), id=f"{first.__name__}-{second.__name__}")
    for first, second in itertools.combinations(random_actions.COMMONEST, 2)
]
# Further pairs that change the same rows.
RIVALS = [
    ("payment.update", "subscription.change_payment"),
    ("payment.update", "order.change_payment"),
    ("payment.update", "payment.use_for_all"),
    ("payment.use_for_all", "subscription.change_payment"),
    ("payment.use_for_all", "subscription.cancel"),
    ("payment.use_for_all", "address.use_for_all"),
    ("address.update", "subscription.change_shipping_address"),
    ("address.update", "order.change_shipping_address"),
    ("address.update", "address.use_for_all"),
    ("entitlement.grant", "entitlement.void"),
    ("entitlement.grant", "entitlement.expire"),
    ("entitlement.grant", "entitlement.modify_expiration"),
    ("entitlement.grant", "order.succeed"),
    ("checkout", "subscription.cancel"),
    ("checkout", "payment.use_for_all"),
]


def prepare_world(name: str) -> random_actions.World:
    world = random_actions.create_world(1)
    if name.startswith("entitlement"):
        situations.entitled(world)
        situations.on_plans(world)
        random_actions.queue(world, 0)
    return world


def assert_serial_result(first: verbs.Verb, second: verbs.Verb, situation: str = "") -> None:
    outcomes = []
    for order in ((first, second), (second, first)):
        world = prepare_world(situation)
        for act in order:
            try_action(world, act)
        outcomes.append(world_state(world))
    assert world_state(prepare_world(situation)) not in outcomes
    world = prepare_world(situation)
    pending = [first, second]
    run_at_once(2, lambda: try_action(world, pending.pop()))
    assert world_state(world) in outcomes


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second"), COMMONEST)
@time_machine.travel(NOON, tick=True)
def test_two_simultaneous_actions_end_as_if_serial(first, second):
    assert_serial_result(first, second)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second"), RIVALS)
@time_machine.travel(NOON, tick=True)
def test_two_simultaneous_rival_actions_end_as_if_serial(first, second):
    assert_serial_result(verbs.VERBS[first], verbs.VERBS[second], first)


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["subscription.change_payment", "order.change_payment", "checkout"])
def test_a_payment_retired_after_it_was_chosen_is_refused(act):
    world = random_actions.create_world(1)
    for payment in world.payments:
        payments.update_record(Payment.objects.get(pk=payment.pk), live=False, actor=STAFF)
    assert all(payment.live for payment in world.payments)  # as they were chosen
    contract.assert_refused("record_inactive", lambda: verbs.VERBS[act](world))


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["subscription.change_shipping_address", "order.change_shipping_address", "checkout"])
def test_an_address_retired_after_it_was_chosen_is_refused(act):
    world = random_actions.create_world(1)
    for address in world.addresses:
        addresses.update_record(type(address).objects.get(pk=address.pk), live=False, actor=STAFF)
    assert all(address.live for address in world.addresses)
    contract.assert_refused("record_inactive", lambda: verbs.VERBS[act](world))


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_grants_add_their_time_twice():
    world = random_actions.create_world(1)
    videos = situations.resource(world, "Videos")

    def give() -> ActionContext[Any]:
        return entitlement.grant(world.subscription(0), actor=STAFF, resource=videos, seconds=situations.HOUR)

    with time_machine.travel(NOON, tick=False):
        assert contract.run_twice_at_once(give) == ["done", "done"]
    assert world_state(world)["entitlements"] == [(True, 2)]


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_first_checkouts_make_one_subscriber():
    world = random_actions.create_world(0)
    assert contract.run_twice_at_once(lambda: verbs.check_out(world)) == ["done", "done"]
    told = world_state(world)["events"]
    assert told.count("ordergroove.subscriber.create") == 1
    assert told.count("ordergroove.subscriber.subscriptions_created") == 2
    assert len(world_state(world)["orders"]) == 1
