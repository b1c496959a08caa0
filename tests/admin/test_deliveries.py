"""Deliveries: the list with its filters, and the page with each attempt, its request and its answer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Attempt, Connection, Delivery
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as verbs
from subscriptions.models import Merchant, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.admin.test_query_counts import count_queries
from tests.integrations.deliveries import make_delivery

Login = Callable[..., Client]
LIST = "/admin/integrations/delivery/"


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def connection(merchant: Merchant) -> Connection:
    made: Connection = f.ConnectionFactory(merchant=merchant)
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


@pytest.fixture
def cancelled(connection: Connection) -> Delivery:
    """The delivery of a cancel event, which carries a token."""
    live = f.subscription_with_order(customer=f.CustomerFactory(merchant=connection.merchant))
    verbs.cancel(live, actor=f.STAFF)
    return Delivery.objects.get(event__kind="ordergroove.subscription.cancel")


def page_of(delivery: Delivery) -> str:
    return f"{LIST}{delivery.pk}/change/"


def attempt(delivery: Delivery, **fields: object) -> Attempt:
    return Attempt.objects.create(
        **{"delivery": delivery, "road": "events", "status": 400, "milliseconds": 120} | fields
    )


def test_each_attempt_is_shown_with_its_request_and_its_answer(cancelled: Delivery, client: Client) -> None:
    attempt(cancelled, status=None, milliseconds=None)
    attempt(cancelled, detail="Invalid email address", profile_status="inactive")
    attempt(cancelled, status=202, road="event-bulk-create-jobs", together=874)
    page = client.get(page_of(cancelled))
    shown = visible_text(page)
    assert "No answer" in shown and "None was noted: the worker ended, or the request is on its way." in shown
    assert "400" in shown and "Answer: Invalid email address" in shown and "POST /api/events" in shown
    assert "one of 874 events in a bulk request" in shown and "Answer: Accepted, without further words." in shown
    assert "POST /api/event-bulk-create-jobs" in shown
    assert '"Ordergroove Subscriber Status": "inactive"' in shown
    assert shown.count(f'"unique_id": "{cancelled.event.public_id.hex}"') == 3
    assert str(cancelled.event.customer) in shown and "Subscription Canceled" in shown


def test_no_page_shows_a_usable_token(cancelled: Delivery, client: Client) -> None:
    attempt(cancelled)
    page = client.get(page_of(cancelled)).text
    assert encode_token(ActionToken.objects.get()) not in page
    assert "action_token&quot;: &quot;••••••••" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "It leaves as soon as the connection can send."),
        ({"due": Delivery.BEHIND}, "It waits for an earlier event of this customer, so that they arrive in order."),
        ({"due": timezone.now() + timedelta(days=40)}, "The next attempt is at"),
    ],
)
def test_what_waits_says_what_for(
    connection: Connection, client: Client, fields: dict[str, object], sentence: str
) -> None:
    shown = visible_text(client.get(page_of(make_delivery(connection, **fields))))
    assert sentence in shown and "No request was made for this delivery." in shown


def test_the_page_takes_as_many_queries_however_many_attempts(cancelled: Delivery, client: Client) -> None:
    attempt(cancelled)
    few = count_queries(client, page_of(cancelled))
    for _ in range(20):
        attempt(cancelled, profile_status="active")
    assert count_queries(client, page_of(cancelled)) == few <= 12


def test_another_merchants_delivery_has_no_page(client: Client) -> None:
    foreign = make_delivery(f.ConnectionFactory())
    assert client.get(page_of(foreign)).status_code == 302


def listed(client: Client, query: dict[str, object]) -> int:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return answer.text.count('class="data-row')


def test_the_list_is_filtered_by_state_connection_kind_cause_and_time(connection: Connection, client: Client) -> None:
    other = f.ConnectionFactory(merchant=connection.merchant, name="Other")
    make_delivery(connection, state="dead", error="No. [1]", age=timedelta(days=3))
    make_delivery(connection, state="unknown", error="No. [2]")
    make_delivery(other, state="done", kind="ordergroove.order.reminder")
    make_delivery(other, state="canceled")
    queries: list[tuple[dict[str, object], int]] = [
        ({}, 4),
        ({"state": "failed"}, 2),
        ({"state": "dead"}, 1),
        ({"state": "canceled"}, 1),
        ({"state": "failed", "period": 1}, 1),
        ({"connection": other.pk}, 2),
        ({"connection": other.pk, "state": "failed"}, 0),
        ({"kind": "ordergroove.order.reminder"}, 1),
        ({"cause": "No.…"}, 2),
        ({"cause": "No.…", "state": "unknown"}, 1),
        ({"cause": "Never"}, 0),
    ]
    assert [(query, listed(client, query)) for query, _ in queries] == queries


def test_the_list_is_searched_by_customer_event_and_what_it_is_about(cancelled: Delivery, client: Client) -> None:
    make_delivery(cancelled.connection)
    event = cancelled.event
    of_customer = Delivery.objects.filter(customer=event.customer).count()
    assert listed(client, {"q": event.public_id.hex}) == 1
    assert event.subscription is not None
    assert listed(client, {"q": event.subscription.public_id.hex}) == 1
    for term in (event.customer.email, event.customer.merchant_user_id):
        assert listed(client, {"q": term}) == of_customer
    foreign = make_delivery(f.ConnectionFactory()).event
    for term in (foreign.public_id.hex, "0" * 32):
        assert listed(client, {"q": term}) == 0


def test_a_selection_is_sent_again(connection: Connection, client: Client) -> None:
    rows = [make_delivery(connection, state=state, error="No.") for state in ("dead", "dead", "done", "unknown")]
    foreign = make_delivery(f.ConnectionFactory(), state="dead")
    keys = [rows[0].pk, rows[2].pk, rows[3].pk, foreign.pk]
    answer = client.post(LIST, {"action": "send_again", "_selected_action": keys, "select_across": 1})
    assert answer.status_code == 302
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["pending", "dead", "done", "pending", "dead"]


def test_those_who_only_read_can_select_nothing(connection: Connection, merchant: Merchant, login: Login) -> None:
    row = make_delivery(connection, state="dead")
    reader = login(merchant, Role.READ_ONLY)
    assert "_selected_action" not in reader.get(LIST).text
    reader.post(LIST, {"action": "send_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.state == "dead"
