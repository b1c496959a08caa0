"""Signs of a machine: when the page asks first, and who counts as a machine afterwards."""

import json
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone

from integrations.models import Delivery
from oneclick.analytics import signs
from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions.models import Customer
from tests.factories import ConnectionFactory
from tests.oneclick.shop import Shop

SHOP = "https://shop.test"
HOME, OFFICE, SCANNER = "198.51.100.7", "203.0.113.9", "209.222.82.40"
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

    def send(name: str = "delay", address: str = HOME, browser: str = "Firefox", **query: str) -> HttpResponse:
        told = {"merchant": shop.merchant.public_id.hex, "signs": "0", "pressed": "", **query}
        url = f"/one_click/{name}/?" + "&".join(f"{key}={value}" for key, value in told.items())
        body = json.dumps({"token": encode_token(token), "action": "delay", **query})
        headers = {"Origin": SHOP, "User-Agent": browser}
        return shop.client.post(url, body, "application/json", headers=headers, REMOTE_ADDR=address)

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


@pytest.mark.parametrize(
    ("address", "networks", "asks"),
    [
        (SCANNER, None, True),
        (HOME, None, False),
        (HOME, ["192.0.2.0/24", "198.51.100.0/24"], True),
        (SCANNER, ["198.51.100.0/24"], False),
        ("2001:db8:1:2:aaaa::1", ["2001:db8:1:2::/64"], True),
        ("2001:db8:1:3::1", ["2001:db8:1:2::/64"], False),
        (SCANNER, [], False),
        ("", None, False),
    ],
)
def test_visitors_from_the_merchants_list_of_networks_are_asked(
    shop: Shop, script: Script, token: ActionToken, address: str, networks: list[str] | None, asks: bool
) -> None:
    if networks is not None:
        OneClickSettings.objects.filter(merchant=shop.merchant).update(machine_networks=networks)
    script(address=address)
    assert is_used(token) != asks
    assert recorded_visits() == [("opened", True, True) if asks else ("success", True, False)]
    assert script(address=address, pressed="hand", visit="told").json()["status"] == "success"
    assert not Click.objects.filter(likely_machine=True).exists()


def test_another_client_in_the_next_seconds_is_asked_and_the_first_is_marked(
    script: Script, token: ActionToken, noon: time_machine.Traveller
) -> None:
    script("opened")
    noon.shift(9)
    answer = script(address=OFFICE, browser="Chrome")
    assert answer.json() == QUESTION
    assert recorded_visits() == [("opened", True, True), ("opened", True, True)]
    noon.shift(11)
    assert script(address=OFFICE, browser="Chrome").json()["status"] == "success"


def test_a_click_that_acted_before_another_client_came_counts_as_a_machines(script: Script) -> None:
    script()
    script("opened", address=OFFICE, browser="Chrome")
    assert recorded_visits() == [("success", True, True), ("opened", True, True)]


@pytest.mark.parametrize(
    "second", [{"address": OFFICE}, {"browser": "Chrome"}, {}], ids=["another network", "another browser", "the same"]
)
def test_a_person_may_change_the_network_or_the_browser(script: Script, second: dict[str, str]) -> None:
    script("opened")
    assert script(**second).json()["status"] == "success"
    assert not Click.objects.filter(likely_machine=True).exists()


def test_a_click_whose_page_no_hand_touched_counts_as_a_machines(
    shop: Shop, script: Script, noon: time_machine.Traveller
) -> None:
    script("skip")
    noon.shift(59)
    answer = script("opened", untouched="yes")
    assert (answer.status_code, answer.content) == (204, b"")
    assert recorded_visits() == [("success", True, False)], "another action's report says nothing of it"
    assert script("opened", untouched="yes", action="skip").status_code == 204
    assert recorded_visits() == [("success", True, True)]


def test_a_click_of_minutes_ago_stays_a_persons(script: Script, noon: time_machine.Traveller) -> None:
    script()
    noon.shift(61)
    script("opened", untouched="yes")
    assert recorded_visits() == [("success", True, False)]


def test_two_links_are_told_apart(shop: Shop, script: Script) -> None:
    script("opened")
    other = {"token": encode_token(shop.order_token())}
    url = f"/one_click/delay/?merchant={shop.merchant.public_id.hex}&signs=0&pressed="
    answer = shop.client.post(url, json.dumps(other), "application/json", headers={"User-Agent": "Chrome"})
    assert answer.json()["status"] == "success"


def test_neither_addresses_nor_browsers_are_kept(script: Script) -> None:
    with mock.patch.object(signs.cache, "add", wraps=signs.cache.add) as added:
        script()
    kept = [str(call) for call in added.mock_calls if "one-click-client:" in str(call)]
    assert len(kept) == 1
    assert HOME not in kept[0] and "Firefox" not in kept[0]


@pytest.fixture
def sent(shop: Shop) -> Callable[..., ActionToken]:
    """A token whose event left for an ESP `seconds` ago."""

    def send(seconds: float, base_url: str = "", state: str = "done") -> ActionToken:
        token = shop.subscription_token()
        connection = ConnectionFactory(merchant=shop.merchant, base_url=base_url)
        Delivery.objects.create(
            merchant=shop.merchant,
            connection=connection,
            event=token.event,
            customer=token.customer,
            state=state,
            finished=timezone.now() - timedelta(seconds=seconds),
        )
        return token

    return send


@pytest.mark.parametrize(
    ("seconds", "options", "asks"),
    [
        (0, {}, True),
        (19, {}, True),
        (20, {}, False),
        (-5, {}, False),
        (5, {"state": "dead"}, False),
        (5, {"base_url": "https://portal.test/sandbox/klaviyo"}, False),
    ],
    ids=["at once", "soon", "later", "clock of another machine", "not delivered", "sandbox"],
)
def test_a_click_within_seconds_of_the_message_is_asked(
    shop: Shop, sent: Callable[..., ActionToken], seconds: float, options: dict[str, str], asks: bool
) -> None:
    token = sent(seconds, **options)
    url = f"/one_click/reactivate/?merchant={shop.merchant.public_id.hex}&signs=0&pressed="
    answer = shop.client.post(url, json.dumps({"token": encode_token(token)}), "application/json")
    assert answer.json()["status"] == ("question" if asks else "success")


def test_staff_try_links_of_test_customers_at_once(shop: Shop, sent: Callable[..., ActionToken]) -> None:
    Customer.objects.filter(pk=shop.customer.pk).update(is_test=True)
    url = f"/one_click/reactivate/?merchant={shop.merchant.public_id.hex}&signs=0&pressed="
    body = json.dumps({"token": encode_token(sent(1))})
    assert shop.client.post(url, body, "application/json").json()["status"] == "success"


def test_nobody_asks_when_an_event_of_days_ago_left(
    shop: Shop, sent: Callable[..., ActionToken], noon: time_machine.Traveller
) -> None:
    token = sent(0)
    noon.shift(timedelta(days=2))
    with mock.patch.object(signs, "import_string") as imported:
        url = f"/one_click/reactivate/?merchant={shop.merchant.public_id.hex}&signs=0&pressed="
        body = json.dumps({"token": encode_token(token)})
        assert shop.client.post(url, body, "application/json").json()["status"] == "success"
    imported.assert_not_called()
