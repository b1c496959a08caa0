"""The calls of table 6.9, below `/api/` and without it."""

from datetime import date

import pytest
from django.test import Client

from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription, upcoming_order
from subscriptions.models import Order
from tests.api.commerce.calls import next_order
from tests.api.commerce.world import World
from tests.factories import STAFF

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("mount", ["/api/one_click", "/one_click"])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("by_key", [True, False])
def test_a_link_acts_once_for_a_program(api: Client, world: World, mount: str, slash: str, by_key: bool) -> None:
    upcoming_order.remind(world.order, actor=STAFF)
    token = encode_token(ActionToken.objects.get())
    client, headers = (api, {}) if by_key else (Client(), JSON)
    address = f"{mount}/delay{slash}?token={token}&amp;days=3"
    for _ in range(2):  # the second time it changes nothing
        answer = client.get(address, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {})
        assert Order.objects.get().place_date == date(2026, 12, 4)
    refused = client.get(address.replace("/delay", "/skip"), headers=headers)
    assert (refused.status_code, list(refused.json())) == (400, ["error"])


def test_a_link_skips_the_order_and_one_brings_the_subscription_back(world: World) -> None:
    upcoming_order.remind(world.order, actor=STAFF)
    token = encode_token(ActionToken.objects.get())
    answer = Client().get("/api/one_click/skip/", {"token": token}, headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    assert next_order(world.subscription).place_date == date(2026, 12, 15)
    subscription.cancel(world.subscription, actor=STAFF)
    token = encode_token(ActionToken.objects.latest("id"))
    answer = Client().get("/api/one_click/reactivate/", {"token": token}, headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    assert next_order(world.subscription).place_date == date(2026, 11, 21)
