"""What the app package in Gladly does: once, however often it is called, and with an `ActionResult` for any end."""

import json
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integrations.gladly.acts import UNKNOWN_REASON
from integrations.gladly.agents import NOT_ACTIVE, NOT_ON_ORDER, SWITCHED_OFF, UNKNOWN, Declined, Why
from integrations.gladly.api import acts
from integrations.models import GladlyAccount
from subscriptions.models import Activity, Event, Item, Merchant, Order, OrderStatus, Subscription
from tests.api.conftest import Connect
from tests.factories import ConnectionFactory, MerchantFactory
from tests.integrations.gladly.app.world import BLEND, DECAF, ORDER, TEA
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
CANCEL, SKIP = f"/gladly/v1/subscriptions/{BLEND}/cancel/", f"/gladly/v1/orders/{ORDER}/skip_subscription/"
NOTHING = "9f1c00000000700080000000000000ff"
NOT_CANCELLED, NOT_SKIPPED = "Subscription not cancelled", "Next order not skipped"
Result = tuple[int, dict[str, Any]]


def act(client: Client, address: str, body: object, **headers: str) -> Result:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.patch(address, text, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def failed(status: int, message: str, sentence: str) -> Result:
    return status, {"success": False, "message": message, "detail": sentence, "errors": [sentence]}


def done(message: str, detail: str) -> Result:
    return 200, {"success": True, "message": message, "detail": detail, "errors": []}


def test_a_subscription_is_cancelled_once(agent: Client) -> None:
    body = {"cancel_reason_code": "4", "cancel_reason_details": "cupboard is full"}
    text = "2 × House blend was cancelled. No further order is planned. Reason: Overstocked (cupboard is full)"
    assert act(agent, CANCEL, body, **{"Gladly-Correlation-Id": "vXmSEPjVSWCaCMzvjufxZg"}) == done(
        "Subscription cancelled", text
    )
    row = Subscription.objects.get(public_id=BLEND)
    assert (row.live, row.cancel_reason) == (False, "4|cupboard is full")
    who = Activity.objects.values_list("verb", "actor_kind", "actor_id", "actor_name").get()
    assert who == ("subscription.cancel", "agent", "vXmSEPjVSWCaCMzvjufxZg", "Gladly agent")
    events = list(Event.objects.values_list("kind", flat=True))
    before = read_all_rows()
    assert act(agent, CANCEL.removesuffix("/"), body) == done("Subscription cancelled", text)
    assert read_all_rows() == before
    assert events == ["ordergroove.subscription.cancel"]


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({"cancel_reason_code": None, "cancel_reason_details": None}, None),
        ({}, None),
        ({"cancel_reason_code": "", "cancel_reason_details": " "}, None),
        ({"cancel_reason_code": 4}, "4"),
        ({"cancel_reason_details": "moved | away"}, "1|moved | away"),
    ],
)
def test_reason_and_details_are_optional(agent: Client, body: dict[str, Any], stored: str | None) -> None:
    assert act(agent, CANCEL, body)[0] == 200
    assert (Subscription.objects.get(public_id=BLEND).cancel_reason or None) == stored


def test_a_subscription_is_skipped_on_its_order_once(agent: Client) -> None:
    text = (
        "2 × House blend was taken off the order of December 15, 2026. Its next order is planned for January 14, 2027."
    )
    assert act(agent, SKIP, {"subscription": BLEND}) == done("Next order skipped", text)
    assert str(Item.objects.get().order.place_date) == "2027-01-14"
    before = read_all_rows()
    assert act(agent, SKIP, {"subscription": BLEND}) == done("Next order skipped", text)
    assert read_all_rows() == before
    assert Activity.objects.filter(verb="order.skip_subscription").count() == 1


@pytest.mark.parametrize(
    ("address", "body", "status", "sentence"),
    [
        (CANCEL, {"cancel_reason_code": "99"}, 400, UNKNOWN_REASON),
        (CANCEL, {"cancel_reason_code": True}, 400, "cancel_reason_code: Not a valid string."),
        (CANCEL, [], 400, "non_field_errors: Invalid data. Expected a dictionary, but got list."),
        (CANCEL.replace(BLEND, NOTHING), {}, 404, UNKNOWN),
        (CANCEL.replace(BLEND, "x"), {}, 404, UNKNOWN),
        (CANCEL.replace(BLEND, TEA), {}, 409, "2 prepaid orders are still to be delivered."),
        (SKIP, {}, 400, "subscription: This field is required."),
        (SKIP, {"subscription": NOTHING}, 404, UNKNOWN),
        (SKIP, {"subscription": DECAF}, 409, NOT_ACTIVE),
        (SKIP, {"subscription": TEA}, 409, NOT_ON_ORDER),
        (SKIP.replace(ORDER, NOTHING), {"subscription": BLEND}, 404, NOT_ON_ORDER),
        (SKIP.replace(ORDER, "x"), {"subscription": BLEND}, 404, NOT_ON_ORDER),
    ],
)
def test_a_refusal_is_told_and_changes_nothing(
    agent: Client, address: str, body: object, status: int, sentence: str
) -> None:
    before = read_all_rows()
    message = NOT_CANCELLED if address.endswith("/cancel/") else NOT_SKIPPED
    assert act(agent, address, body) == failed(status, message, sentence)
    assert read_all_rows() == before


def test_an_order_that_was_sent_is_not_skipped(agent: Client) -> None:
    Order.objects.update(status=OrderStatus.SUCCESS)
    status, result = act(agent, SKIP, {"subscription": BLEND})
    assert (status, result["success"]) == (409, False)
    assert str(Item.objects.get().order.place_date) == "2026-12-15"


@pytest.mark.parametrize(
    ("why", "status"), [(Why.INVALID, 400), (Why.UNKNOWN, 404), (Why.NOT_ALLOWED, 409), (Why.LATER, 409)]
)
def test_every_end_of_an_act_has_a_status_of_the_package(agent: Client, why: Why, status: int) -> None:
    with mock.patch.object(acts, "cancel_subscription", side_effect=Declined(why, "No.")):
        assert act(agent, CANCEL, {}) == failed(status, NOT_CANCELLED, "No.")


@pytest.mark.parametrize(("address", "body"), [(CANCEL, {}), (SKIP, {"subscription": BLEND})])
def test_another_merchants_rows_are_unknown(agent: Client, connect: Connect, address: str, body: object) -> None:
    stranger, before = connect("gladly:act", of=MerchantFactory()), read_all_rows()
    status, result = act(stranger, address, body)
    assert (status, result["detail"]) == (
        404,
        "This subscription was not found. Nothing was changed; reload the profile.",
    )
    assert read_all_rows() == before


@pytest.mark.parametrize(("enabled", "allowed"), [([], set()), (["cancel"], {CANCEL}), (["skip"], {SKIP})])
def test_what_is_switched_off_is_refused(
    agent: Client, merchant: Merchant, enabled: list[str], allowed: set[str]
) -> None:
    connection = ConnectionFactory(merchant=merchant, integration="gladly", name="Gladly")
    GladlyAccount.objects.create(connection=connection, actions_enabled=enabled)
    results = {SKIP: act(agent, SKIP, {"subscription": BLEND}), CANCEL: act(agent, CANCEL, {})}
    assert {address for address, (status, _) in results.items() if status == 200} == allowed
    refusals = [(status, result["detail"]) for status, result in results.values() if status != 200]
    assert set(refusals) == {(409, SWITCHED_OFF)}


@pytest.mark.parametrize(
    "text", ["", "{", r'{"subscription": "\ud800"}', r'{"subscription": "\u0000"}', "nul", "1e999"]
)
def test_a_malformed_body_is_told(agent: Client, text: str) -> None:
    status, result = act(agent, SKIP, text)
    assert (status, result["success"], bool(result["errors"][0])) in [(400, False, True), (404, False, True)]


def test_a_body_of_another_type_is_refused(agent: Client) -> None:
    assert agent.patch(CANCEL, "a=b", content_type="application/x-www-form-urlencoded").status_code == 415
    assert Subscription.objects.get(public_id=BLEND).live


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["cancel_reason_code", "cancel_reason_details", "subscription", "merchant"]


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES), address=st.sampled_from([CANCEL, SKIP]))
def test_no_body_is_answered_by_a_fault(agent: Client, body: Any, address: str) -> None:
    status, result = act(agent, address, body)
    assert status in (200, 400, 404, 409)
    assert list(result) == ["success", "message", "detail", "errors"]
    assert result["success"] == (status == 200) == (result["errors"] == [])
