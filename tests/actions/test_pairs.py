"""Two different acts on one customer at once end as if one came after the other."""

import contextlib
import itertools
from typing import Any

import pytest
import time_machine

from subscriptions.errors import DomainError
from subscriptions.models import Order
from tests.actions import acts
from tests.races import at_once


def attempt(world: acts.World, act: acts.Perform) -> None:
    with contextlib.suppress(DomainError):
        act(world, 0)


def state(world: acts.World) -> dict[str, Any]:
    """All that counts afterwards, without keys and moments."""
    found = world.customer.orders.prefetch_related("items")
    return {
        "subscriptions": [
            (row.live, row.quantity, row.product.price) for row in world.customer.subscriptions.order_by("id")
        ],
        "orders": sorted((order.place_date, order.status, order.total, lines(order)) for order in found),
        "events": sorted(world.customer.events.values_list("kind", flat=True)),
        "activities": world.customer.activities.count(),
    }


def lines(order: Order) -> list[Any]:
    return sorted((item.quantity, item.price, item.upcoming) for item in order.items.all())


PAIRS = [
    pytest.param(first, second, id=f"{first.__name__}-{second.__name__}")
    for first, second in itertools.combinations(acts.COMMONEST, 2)
]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second"), PAIRS)
@time_machine.travel("2026-11-20T17:00:00Z", tick=True)
def test_two_acts_at_once_end_as_if_one_came_after_the_other(first, second):
    outcomes = []
    for order in ((first, second), (second, first)):
        world = acts.world(1)
        for act in order:
            attempt(world, act)
        outcomes.append(state(world))
    world = acts.world(1)
    pending = [first, second]
    at_once(2, lambda: attempt(world, pending.pop()))
    assert state(world) in outcomes
