"""Random sequences of actions, which must keep a customer's data consistent."""

from collections import Counter
from datetime import datetime, time

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriptions import calendar
from subscriptions.errors import DomainError
from subscriptions.models import Activity, Event, Item, Order, OrderStatus
from tests.actions import random_actions
from tests.scale import scaled

S = OrderStatus
STEPS = st.lists(st.tuples(st.sampled_from(random_actions.ALL), st.integers(0, 60)), min_size=1, max_size=15)


class Undone(Exception):
    pass


@pytest.mark.django_db
@pytest.mark.slow
@settings(max_examples=scaled(60, full=120), deadline=None, suppress_health_check=list(HealthCheck))
@given(subscriptions=st.integers(1, 3), steps=STEPS)
@time_machine.travel("2026-11-20T17:00:00Z", tick=True)
def test_no_sequence_of_actions_breaks_the_invariants(subscriptions, steps):
    try:
        with transaction.atomic():
            world = random_actions.create_world(subscriptions)
            for act, number in steps:
                perform_step(world, act, number)
            raise Undone
    except Undone:
        pass


def perform_step(world: random_actions.World, act: random_actions.Perform, number: int) -> None:
    before = dict(Order.objects.values_list("pk", "status"))
    activities, events = Activity.objects.count(), Event.objects.count()
    try:
        done = act(world, number)
        # An action that found everything as wanted has no activity, and then no event either.
        assert Activity.objects.count() == activities + (done.activity is not None)
        assert Event.objects.count() == events + len(done.events)
        assert {event.activity for event in done.events} <= {done.activity} - {None}
    except DomainError:
        assert (Activity.objects.count(), Event.objects.count()) == (activities, events)
    for key, status in Order.objects.values_list("pk", "status"):
        was = before.get(key, S.UNSENT)
        assert status == was or status in random_actions.PATHS.get(S(was), set()), (was, status)
    assert_invariants(world)


def assert_invariants(world: random_actions.World) -> None:
    coming = Item.objects.filter(upcoming=True, subscription__isnull=False)
    for item in coming.select_related("order"):
        assert item.order.is_open
    live = set(world.customer.subscriptions.live().values_list("pk", flat=True))
    assert Counter(coming.values_list("subscription", flat=True)) == Counter(live)
    for order in world.customer.orders.prefetch_related("items"):
        lines = list(order.items.all())
        assert order.place == place_by_the_clock(order)
        assert {(line.order_status, line.order_place) for line in lines} <= {(order.status, order.place)}
        assert bool(lines) == (order.status != S.MERGED)
        assert order.sub_total == sum(line.total_price for line in lines)
        assert all(line.total_price == line.price * line.quantity for line in lines)
        assert order.total == order.sub_total + order.shipping_total


def place_by_the_clock(order: Order) -> datetime:
    tried = order.tried_at and calendar.local_time(order.tried_at, order.merchant.time_zone)
    return tried.replace(tzinfo=None) if tried else datetime.combine(order.place_date, time.min)
