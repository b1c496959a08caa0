"""Signs of a machine: when the page asks first, and who counts as a machine afterwards."""

import json
from collections.abc import Callable

import pytest
import time_machine
from django.http import HttpResponse

from oneclick.models import ActionToken, Click
from oneclick.tokens.token_text import encode_token
from tests.oneclick.shop import Shop

SHOP = "https://shop.test"
QUESTION = {"status": "question", "message": "Delay your order by 14 days?"}
Script = Callable[..., HttpResponse]


def recorded_visits() -> list[tuple[str, bool, bool]]:
    """(outcome, whether it is an opening, whether it is a likely machine) of each click."""
    return list(Click.objects.order_by("pk").values_list("outcome", "opens", "likely_machine"))


@pytest.fixture
def token(shop: Shop) -> ActionToken:
    return shop.order_token()


@pytest.fixture
def script(shop: Shop, token: ActionToken) -> Script:
    """Post as main.js does, with what it says in the query."""

    def send(name: str = "delay", **query: str) -> HttpResponse:
        told = {"merchant": shop.merchant.public_id.hex, "signs": "0", "pressed": "", **query}
        address = f"/one_click/{name}/?" + "&".join(f"{key}={value}" for key, value in told.items())
        body = json.dumps({"token": encode_token(token), "action": "delay"})
        return shop.client.post(address, body, "application/json", headers={"Origin": SHOP})

    return send


def is_used(token: ActionToken) -> bool:
    return ActionToken.objects.filter(pk=token.pk, used_at__isnull=False).exists()


def test_in_doubt_the_server_answers_with_the_question(script: Script, token: ActionToken) -> None:
    answer = script(signs="3")
    assert (answer.status_code, answer.json(), answer["Access-Control-Allow-Origin"]) == (200, QUESTION, SHOP)
    assert answer["Cache-Control"] == "no-store"
    assert not is_used(token)
    assert recorded_visits() == [("opened", True, True)]


@pytest.mark.parametrize("signs", ["0", "2", "", "-3", "x", "3.5", "٣", "9" * 10])
def test_less_than_enough_signs_act_at_once(script: Script, token: ActionToken, signs: str) -> None:
    assert script(signs=signs).json()["status"] == "success"
    assert is_used(token)
    assert recorded_visits() == [("success", True, False)]


def test_a_hand_that_presses_makes_the_visit_a_persons(script: Script) -> None:
    script(signs="5")
    assert script(signs="5", pressed="hand", visit="told").json()["status"] == "success"
    assert recorded_visits() == [("opened", True, False), ("success", False, False)]


@pytest.mark.parametrize(("signs", "pressed"), [("3", "quick"), ("3", "key"), ("6", "hand")])
def test_any_other_press_acts_but_counts_as_a_machines(script: Script, signs: str, pressed: str) -> None:
    script(signs=signs)
    assert script(signs=signs, pressed=pressed, visit="told").json()["status"] == "success"
    assert recorded_visits() == [("opened", True, True), ("success", False, True)]


def test_a_press_says_nothing_of_earlier_visits(script: Script) -> None:
    script("opened", signs="9")
    script("opened")
    script(pressed="hand", visit="told")
    assert recorded_visits() == [("opened", True, True), ("opened", True, False), ("success", False, False)]


def test_a_link_that_cannot_act_is_refused_before_anybody_is_asked(
    shop: Shop, script: Script, token: ActionToken, noon: time_machine.Traveller
) -> None:
    script()
    noon.shift(60)
    assert script(signs="9").json()["error"] == "token_already_used"


def test_other_clients_are_never_asked(shop: Shop, token: ActionToken) -> None:
    assert shop.post("delay", token).json()["status"] == "success"
