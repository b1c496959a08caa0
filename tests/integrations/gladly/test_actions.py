"""Forms and submits: each row of the table of outcomes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from integrations.gladly import acts, agents
from integrations.gladly.lookup import views
from integrations.models import Connection, GladlyRequest
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.models import Activity, Customer, Order, OrderStatus, Subscription
from tests.factories import STAFF, CancelReasonFactory, subscription_with_order
from tests.integrations.gladly.player import Gladly
from tests.races import holding_locks
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]
DAY = date(2026, 12, 1)


@pytest.fixture
def subscription() -> Subscription:
    made = subscription_with_order(DAY)
    CancelReasonFactory(merchant=made.merchant, code=4, label="Overstocked")
    CancelReasonFactory(merchant=made.merchant, code=1, label="Other")
    CancelReasonFactory(code=5, label="Of another merchant")
    return made


@pytest.fixture
def connection(subscription: Subscription, connect: Callable[..., Connection]) -> Connection:
    return connect(subscription.merchant)


@pytest.fixture
def gladly(connection: Connection, play: Callable[[Connection], Gladly]) -> Gladly:
    return play(connection)


@pytest.fixture
def cancel_url(gladly: Gladly, subscription: Subscription) -> str:
    return f"{gladly.path}/actions/cancel/{subscription.public_id.hex}"


@pytest.fixture
def skip_url(gladly: Gladly, subscription: Subscription) -> str:
    return f"{gladly.path}/actions/skip/{subscription.public_id.hex}/{Order.objects.get().public_id.hex}"


def besides_log() -> dict[str, list[Any]]:
    return {name: rows for name, rows in read_all_rows().items() if name != "GladlyRequest"}


def ask(gladly: Gladly, method: str, url: str, inputs: Any = None) -> tuple[int, Any]:
    """Status and body of the answer to a request that changes nothing."""
    before = besides_log()
    answer = gladly.request(method, url, inputs)
    assert besides_log() == before
    return answer.status_code, answer.json()


def refusal(sentence: str) -> tuple[int, Any]:
    return 406, {"errors": [{"detail": sentence}]}


def log_line() -> tuple[str, str, str]:
    row = GladlyRequest.objects.latest("pk")
    return row.kind, row.outcome, row.found


def test_the_cancel_form_offers_the_merchants_reasons(gladly, subscription, cancel_url):
    options = [{"text": "Other", "value": "1"}, {"text": "Overstocked", "value": "4"}]
    assert ask(gladly, "GET", cancel_url) == (
        200,
        {
            "title": "Cancel Order",
            "submitButton": "Cancel Order",
            "closeButton": "Close",
            "actionUrl": cancel_url,
            "sections": [
                {
                    "type": "input",
                    "label": "Cancel reason code",
                    "attr": "cancelReasonCode",
                    "input": {"type": "select", "optional": True, "options": options},
                },
                {
                    "type": "input",
                    "label": "Cancel reason details",
                    "attr": "cancelReasonDetails",
                    "input": {"type": "text", "optional": True},
                },
            ],
        },
    )
    assert log_line() == ("cancel_form", "answered", "")
    assert GladlyRequest.objects.get().subject == subscription.public_id
    subscription.merchant.cancel_reasons.all().delete()
    _, form = ask(gladly, "GET", cancel_url)
    assert [section["attr"] for section in form["sections"]] == ["cancelReasonDetails"]


@pytest.mark.parametrize("setting", ["text", "checkbox"])
def test_the_skip_form_asks_for_nothing(gladly, skip_url, settings, setting):
    settings.GLADLY_SKIP_FORM = setting
    text = (
        "2 × House blend is taken off the order of December 1, 2026. The next order for it is planned by its frequency."
    )
    box = {"attr": "skipNextOrder", "input": {"type": "checkbox", "optional": True}}
    section = {"type": "text", "text": text} if setting == "text" else {"type": "input", "label": text, **box}
    assert ask(gladly, "GET", skip_url) == (
        200,
        {
            "title": "Skip Next Order",
            "submitButton": "Skip Next Order",
            "closeButton": "Close",
            "actionUrl": skip_url,
            "sections": [section],
        },
    )


@pytest.mark.parametrize(
    ("inputs", "stored"),
    [
        ({"cancelReasonCode": "4", "cancelReasonDetails": "too much"}, "4|too much"),
        ({"cancelReasonCode": "4", "cancelReasonDetails": ""}, "4"),
        ({"cancelReasonCode": 4}, "4"),
        ({"cancelReasonCode": "", "cancelReasonDetails": "too much"}, "1|too much"),
        ({"cancelReasonCode": None, "cancelReasonDetails": None}, None),
        ({}, None),
        (b"", None),
        (b"[1]", None),
        (b"\xff", None),
        (b"cancelReasonCode=4&cancelReasonDetails=too+much", "4|too much"),
    ],
)
def test_a_cancelled_subscription_keeps_the_reason(gladly, subscription, cancel_url, inputs, stored):
    answer = gladly.request("POST", cancel_url, inputs)
    assert (answer.status_code, set(answer.json())) == (200, {"message", "detail"})
    assert answer.json()["message"] == "Subscription cancelled"
    subscription.refresh_from_db()
    assert (subscription.live, subscription.cancel_reason) == (False, stored)
    assert log_line() == ("cancel", "done", "Subscription cancelled")
    status, body = ask(gladly, "POST", cancel_url, inputs)
    assert (status, body) == (200, answer.json())
    assert log_line() == ("cancel", "repeated", "Subscription cancelled")
    assert Activity.objects.count() == 1


def test_a_skip_is_repeated_without_a_second_effect(gladly, skip_url):
    answer = gladly.request("POST", skip_url, {})
    assert (answer.status_code, answer.json()["message"]) == (200, "Next order skipped")
    assert ask(gladly, "POST", skip_url, {}) == (200, answer.json())
    assert ask(gladly, "POST", skip_url + "/", {}) == (200, answer.json())
    assert Activity.objects.count() == 1
    # The form of a card that was not refreshed.
    assert ask(gladly, "GET", skip_url) == refusal(agents.NOT_ON_ORDER)


@pytest.mark.parametrize(
    ("inputs", "attr", "sentence"),
    [
        ({"cancelReasonCode": "9"}, "cancelReasonCode", acts.UNKNOWN_REASON),
        ({"cancelReasonCode": "5"}, "cancelReasonCode", acts.UNKNOWN_REASON),
        ({"cancelReasonDetails": "x" * 1000}, "cancelReasonDetails", acts.TOO_LONG),
    ],
)
def test_wrong_input_leaves_the_form_open(gladly, cancel_url, inputs, attr, sentence):
    error = {"attr": attr, "code": "invalid", "detail": sentence}
    assert ask(gladly, "POST", cancel_url, inputs) == (400, {"errors": [error]})
    assert log_line() == ("cancel", "stays", sentence)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["cancel", "skip"])
def test_a_locked_customer_leaves_the_form_open(gladly, cancel_url, skip_url, monkeypatch, act):
    monkeypatch.setattr(agents, "LIMITS", agents.LIMITS.replace("'2s'", "'50ms'"))
    with holding_locks(Customer.objects.all()):
        answer = ask(gladly, "POST", {"cancel": cancel_url, "skip": skip_url}[act], {})
    assert answer == (400, {"errors": [{"code": "try_again", "detail": agents.BUSY}]})


@pytest.mark.parametrize("act", ["cancel", "skip"])
def test_what_comes_too_late_is_rolled_back_and_leaves_the_form_open(gladly, cancel_url, skip_url, monkeypatch, act):
    monkeypatch.setattr(agents, "DEADLINE", -1.0)
    answer = ask(gladly, "POST", {"cancel": cancel_url, "skip": skip_url}[act], {})
    assert answer == (400, {"errors": [{"code": "try_again", "detail": agents.TOO_LATE}]})
    # There is no form yet that could stay.
    assert ask(gladly, "GET", {"cancel": cancel_url, "skip": skip_url}[act]) == refusal(agents.TOO_LATE)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_allowed_any_more_closes_the_form(gladly, subscription, cancel_url, skip_url, method):
    Order.objects.update(locked=True)
    assert ask(gladly, method, skip_url, {}) == refusal(agents.NOT_OPEN)
    assert log_line()[1:] == ("refused", agents.NOT_OPEN)
    Subscription.objects.update(prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="cancel")
    assert ask(gladly, method, cancel_url, {}) == refusal("2 prepaid orders are still to be delivered.")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_order_that_was_sent_closes_the_form(gladly, skip_url, method):
    Order.objects.update(status=OrderStatus.PENDING_PLACEMENT)
    assert ask(gladly, method, skip_url, {}) == refusal(agents.NOT_OPEN)


def test_the_forms_of_a_cancelled_subscription_are_not_shown(gladly, subscription, cancel_url, skip_url):
    subscription_verbs.cancel(subscription, actor=STAFF)
    assert ask(gladly, "GET", cancel_url) == refusal(agents.NOT_ACTIVE)
    assert ask(gladly, "GET", skip_url) == refusal(agents.NOT_ON_ORDER)
    assert ask(gladly, "POST", skip_url, {}) == refusal(agents.NOT_ACTIVE)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("whose", ["foreign", "unknown", "no id", "long"])
def test_ids_of_others_and_of_nobody_close_the_form(gladly, subscription, method, whose):
    foreign = subscription_with_order(DAY)
    ids = {"foreign": foreign.public_id.hex, "unknown": "0" * 32, "no id": "x y", "long": "a" * 3000}
    key = ids[whose]
    order = foreign.items.get().order.public_id.hex if whose == "foreign" else key
    own = subscription.public_id.hex
    assert ask(gladly, method, f"{gladly.path}/actions/cancel/{key}", {}) == refusal(agents.UNKNOWN)
    assert ask(gladly, method, f"{gladly.path}/actions/skip/{key}/{order}", {}) == refusal(agents.UNKNOWN)
    assert ask(gladly, method, f"{gladly.path}/actions/skip/{own}/{order}", {}) == refusal(agents.NOT_ON_ORDER)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("enabled", [[], ["cancel"], ["skip"]])
def test_an_action_that_is_switched_off_is_refused(gladly, connection, cancel_url, skip_url, method, enabled):
    connection.gladly.actions_enabled = enabled
    connection.gladly.save()
    off = refusal(views.SWITCHED_OFF)
    for name, url in (("cancel", cancel_url), ("skip", skip_url)):
        if name not in enabled:
            assert ask(gladly, method, url, {}) == off


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_forms_know_two_methods(gladly, cancel_url, method):
    before = besides_log()
    assert gladly.request(method, cancel_url).status_code == 405
    assert besides_log() == before
