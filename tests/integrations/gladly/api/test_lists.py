"""What the app package in Gladly reads: bare arrays with all rows of one customer, of this merchant alone."""

from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.gladly import cards
from integrations.gladly.api import lists
from integrations.models import GladlyAccount
from subscriptions import calendar
from subscriptions.api import request_log
from subscriptions.models import Activity, ApiRequest, CancelReason, Customer, Merchant, Subscription
from tests.api.conftest import Connect
from tests.factories import (
    CancelReasonFactory,
    ConnectionFactory,
    CustomerFactory,
    MerchantFactory,
    SubscriptionFactory,
)
from tests.integrations.gladly.app.world import BLEND, DECAF, ORDER, TEA

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
ROOT = "/gladly/v1"
CUSTOMERS, SUBSCRIPTIONS = f"{ROOT}/customers/?email=ana@shop.test", f"{ROOT}/subscriptions/?customer=C-1001"
REASONS = f"{ROOT}/cancel-reasons/"
ANA = {"id": "C-1001", "name": "Ana Ruiz", "email": "Ana@shop.test", "subscription_count": 3, "active_count": 2}


def read(client: Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.json()


def field(agent: Client, name: str) -> dict[str, Any]:
    return {row["id"]: row[name] for row in read(agent, SUBSCRIPTIONS)}


def test_customers_are_found_by_address_in_any_case(agent: Client) -> None:
    assert read(agent, CUSTOMERS) == [ANA]
    assert read(agent, f"{ROOT}/customers/?email=+ANA@Shop.TEST") == [ANA]
    assert read(agent, f"{ROOT}/customers/?email=an_@shop.test") == []


def test_all_customers_with_an_address_are_listed_the_newest_first(agent: Client, merchant: Merchant) -> None:
    CustomerFactory(merchant=merchant, merchant_user_id="C-9", first_name="", last_name="", email="ana@shop.test")
    other = {"id": "C-9", "name": "", "email": "ana@shop.test", "subscription_count": 0, "active_count": 0}
    assert read(agent, CUSTOMERS) == [other, ANA]


def test_a_subscription_has_the_fields_and_types_of_the_schema(agent: Client) -> None:
    blend, tea, decaf = read(agent, SUBSCRIPTIONS)
    assert blend == {
        "id": BLEND,
        "customer_id": "C-1001",
        "status": "Active",
        "product_name": "House blend",
        "price": "12.99",
        "currency_code": "USD",
        "quantity": 2,
        "frequency": "Every 30 days",
        "next_billing_at": "2026-12-15T00:00:00-05:00",
        "next_order_id": ORDER,
        "can_cancel": True,
        "created_at": "2026-01-31T14:00:00Z",
        "updated_at": "2026-10-02T13:00:00Z",
        "cancelled_at": None,
        "cancel_reason": None,
    }
    # While prepaid orders are left it cannot be cancelled.
    assert (tea["id"], tea["can_cancel"], tea["next_order_id"], tea["next_billing_at"]) == (TEA, False, None, None)
    assert (decaf["id"], decaf["status"], decaf["cancelled_at"]) == (DECAF, "Cancelled", "2026-09-15T12:00:00Z")
    assert decaf["cancel_reason"] == "Overstocked (cupboard is full)"


def test_a_change_of_the_customers_data_is_newer_than_what_gladly_has(agent: Client, merchant: Merchant) -> None:
    subscription = Subscription.objects.get(public_id=BLEND)
    owner = {"merchant": merchant, "customer": subscription.customer, "actor_kind": "staff"}
    for day in (2, 1):
        Activity.objects.create(**owner, verb="order.skip_subscription", at=datetime(2026, 11, day, 9, tzinfo=UTC))
    Activity.objects.create(customer=CustomerFactory(merchant=merchant), merchant=merchant, at=calendar.now())
    assert field(agent, "updated_at")[BLEND] == "2026-11-01T09:00:00Z"
    Subscription.objects.filter(pk=subscription.pk).update(updated=datetime(2026, 11, 1, 10, tzinfo=UTC))
    assert field(agent, "updated_at")[BLEND] == "2026-11-01T10:00:00Z"


def test_the_next_billing_begins_with_the_merchants_day(agent: Client, merchant: Merchant) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(time_zone="Europe/Berlin")
    moment = field(agent, "next_billing_at")[BLEND]
    assert moment == "2026-12-15T00:00:00+01:00"
    assert datetime.fromisoformat(moment) == datetime(2026, 12, 14, 23, tzinfo=UTC)


def test_a_locked_order_is_shown_but_cannot_be_skipped(agent: Client, merchant: Merchant) -> None:
    merchant.orders.update(locked=True)
    assert field(agent, "next_order_id")[BLEND] is None
    assert field(agent, "next_billing_at")[BLEND] == "2026-12-15T00:00:00-05:00"


def test_only_the_offered_reasons_of_the_merchant_are_listed(agent: Client, merchant: Merchant) -> None:
    CancelReasonFactory(merchant=merchant, application="other", code=7)
    CancelReasonFactory(code=8)
    assert CancelReason.objects.count() == 4
    assert read(agent, REASONS) == [{"code": "1", "text": "Other"}, {"code": "4", "text": "Overstocked"}]


@pytest.mark.parametrize(
    ("enabled", "can_cancel", "order"), [([], False, None), (["cancel"], True, None), (["skip"], False, ORDER)]
)
def test_what_is_switched_off_is_not_offered(
    agent: Client, merchant: Merchant, enabled: list[str], can_cancel: bool, order: str | None
) -> None:
    account = ConnectionFactory(merchant=merchant, integration="gladly", name="Gladly")
    GladlyAccount.objects.create(connection=account, actions_enabled=enabled)
    assert (field(agent, "can_cancel")[BLEND], field(agent, "next_order_id")[BLEND]) == (can_cancel, order)


def test_a_removed_connection_switches_nothing_off(agent: Client, merchant: Merchant) -> None:
    account = ConnectionFactory(merchant=merchant, integration="gladly", removed_at=datetime(2026, 11, 1, tzinfo=UTC))
    GladlyAccount.objects.create(connection=account)
    assert field(agent, "can_cancel")[BLEND] is True


@pytest.mark.parametrize("address", [CUSTOMERS, SUBSCRIPTIONS])
def test_another_merchants_customer_is_unknown(agent: Client, connect: Connect, address: str) -> None:
    stranger, other = connect("gladly:read", of=MerchantFactory()), MerchantFactory()
    assert read(stranger, address) == []
    before = read(agent, address)
    SubscriptionFactory(customer__merchant=other, customer__merchant_user_id="C-1001", customer__email="ana@shop.test")
    assert read(agent, address) == before != []
    assert len(read(connect("gladly:read", of=other), address)) == 1


@pytest.mark.parametrize("unknown", ["nobody", "%00", "a%00@shop.test", "%F0%9F%8D%B5", "x" * 5000])
@pytest.mark.parametrize("name", ["customers/?email", "subscriptions/?customer"])
def test_an_unknown_customer_has_no_rows(agent: Client, name: str, unknown: str) -> None:
    assert read(agent, f"{ROOT}/{name}={unknown}") == []


@pytest.mark.parametrize(("name", "parameter"), [("customers", "email"), ("subscriptions", "customer")])
@pytest.mark.parametrize("query", ["", "?{}=", "?{}=%20", "?name=Ana"])
def test_nobody_reads_all_customers(agent: Client, name: str, parameter: str, query: str) -> None:
    answer = agent.get(f"{ROOT}/{name}/{query.format(parameter)}")
    assert (answer.status_code, answer.json()) == (400, {parameter: ["This field is required."]})


def test_at_most_250_rows_are_listed_and_active_ones_first(agent: Client) -> None:
    assert (lists.MOST_ROWS, cards.MOST_CARDS) == (250, 250)
    with mock.patch.object(cards, "MOST_CARDS", 2), mock.patch.object(lists, "MOST_ROWS", 2):
        assert [row["id"] for row in read(agent, SUBSCRIPTIONS)] == [BLEND, TEA]
    with mock.patch.object(lists, "MOST_ROWS", 1):
        assert len(read(agent, SUBSCRIPTIONS)) == len(read(agent, REASONS)) == 1


@pytest.mark.parametrize(("address", "most"), [(CUSTOMERS, 3), (SUBSCRIPTIONS, 7), (REASONS, 2)])
def test_more_rows_need_no_more_queries(agent: Client, merchant: Merchant, address: str, most: int) -> None:
    ana = Customer.objects.get(merchant_user_id="C-1001")
    SubscriptionFactory.create_batch(5, customer=ana)
    for number in range(5):
        CustomerFactory(merchant=merchant, email="ana@shop.test")
        CancelReasonFactory(merchant=merchant, code=10 + number)
    with CaptureQueriesContext(connection) as queries:
        assert len(read(agent, address)) > 5
    assert len(queries) == most, [query["sql"] for query in queries]


def test_an_answer_is_logged_counted_and_sets_no_cookie(agent: Client, settings: Any) -> None:
    request_log._waiting.clear()
    answer = agent.get(SUBSCRIPTIONS.replace("/?", "?"), headers={"X-Request-Id": "mine"})
    assert (answer.status_code, answer["X-Request-Id"], answer["Cache-Control"]) == (200, "mine", "no-store")
    assert int(answer["RateLimit-Limit"]) == settings.API_RATE
    assert not answer.cookies and "Cookie" not in answer.get("Vary", "")
    assert "Access-Control-Allow-Origin" not in answer  # a key belongs on a server, never in a browser
    request_log.write_waiting()
    assert ApiRequest.objects.values_list("path", "status").get() == (f"{ROOT}/subscriptions/", 200)


def test_too_many_requests_are_refused(agent: Client, settings: Any) -> None:
    settings.API_RATE = 0
    answer = agent.get(REASONS)
    assert (answer.status_code, list(answer.json())) == (429, ["detail"])


def test_an_unknown_address_is_answered_in_json(agent: Client) -> None:
    for address in ("/", "/customers/C-1001/", "/nothing"):
        answer = agent.get(ROOT + address)
        assert answer.status_code == 404, address
    assert agent.get(f"{ROOT}/nothing").json() == {"detail": "Not found."}
    assert agent.post(CUSTOMERS).status_code == 405
