"""Why was there no reminder? Each answer, for a customer and a day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from integrations.models import Connection, Delivery
from subscriptions.actions import order as order_verbs
from subscriptions.actions import upcoming_order
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.reminder_reasons import REASONS
from subscriptions.jobs.reminders import ACTOR, CONDITIONS
from subscriptions.models import Customer, Event, JobRun, Merchant, Order
from tests import factories as f
from tests.admin.pages import visible_text

pytestmark = pytest.mark.usefixtures("noon")
Login = Callable[..., Client]
DAY = date(2026, 11, 20)
NOTHING = "No reminder was sent on November 20, 2026."


@pytest.fixture
def merchant(db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory(created=datetime(2026, 1, 1, tzinfo=UTC))
    return merchant


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant, "read_only")


@pytest.fixture
def order(merchant: Merchant) -> Order:
    """An order whose reminder is due today, made long before."""
    return create_order(merchant, 5)


def create_order(merchant: Merchant, days: int, **fields: Any) -> Order:
    customer = f.CustomerFactory(merchant=merchant, created=datetime(2026, 2, 1, tzinfo=UTC))
    subscription = f.subscription_with_order(DAY + timedelta(days=days), customer=customer, **fields)
    Order.objects.update(created=datetime(2026, 2, 1, tzinfo=UTC))
    return subscription.items.get().order


def finish_run(merchant: Merchant, day: date = DAY, **fields: Any) -> None:
    finished = datetime(2026, 11, 20, 15, 1, tzinfo=UTC)
    JobRun.objects.create(
        merchant=merchant, job="reminders", local_date=day, **({"state": "done", "finished": finished} | fields)
    )


def ask(client: Client, customer: Customer, day: date = DAY) -> str:
    answer = client.get(f"/admin/subscriptions/customer/{customer.pk}/reminder/", {"day": day.isoformat()})
    return visible_text(answer).partition("Explain ")[2]


def change(row: Any, **fields: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**fields)


REASONS_OF_RUNS = [
    ({"state": "missed"}, "The run of November 20, 2026 at 10:00 AM was missed: no worker was available in time."),
    ({"state": "failed", "error": "It broke."}, "The run of that day failed: It broke."),
    ({"state": "running", "finished": None}, "The run of that day is still under way."),
    (
        {"failures": 1, "error": "Customer C-x: something went wrong."},
        "The run of that day skipped this customer because of an error.",
    ),
]


@pytest.mark.parametrize(("run", "reason"), REASONS_OF_RUNS, ids=[reason[:40] for _, reason in REASONS_OF_RUNS])
def test_the_run_of_that_day_is_the_reason(
    client: Client, merchant: Merchant, order: Order, run: dict[str, Any], reason: str
) -> None:
    change(order.customer, merchant_user_id="C-x")
    finish_run(merchant, **run)
    assert f"{NOTHING} {reason}" in ask(client, order.customer)


def test_no_run_is_recorded(client: Client, order: Order) -> None:
    assert f"{NOTHING} No run of November 20, 2026 at 10:00 AM is recorded" in ask(client, order.customer)


def test_the_run_is_yet_to_begin(client: Client, order: Order) -> None:
    told = ask(client, order.customer, DAY + timedelta(days=1))
    assert "The run of that day has not begun yet: it begins on November 21, 2026 at 10:00 AM." in told


def test_the_merchant_came_after_the_run(client: Client, merchant: Merchant, order: Order) -> None:
    change(merchant, created=datetime(2026, 11, 20, 16, tzinfo=UTC))
    assert "Your account was set up after the run of that day" in ask(client, order.customer)


def test_the_customer_came_after_the_run(client: Client, merchant: Merchant, order: Order) -> None:
    finish_run(merchant)
    change(order.customer, created=datetime(2026, 11, 20, 16, 30, tzinfo=UTC))
    told = ask(client, order.customer)
    assert "The customer was added on November 20, 2026 at 11:30 AM, after the run of that day." in told


def test_a_test_customer_has_a_clock_of_their_own(client: Client, merchant: Merchant, order: Order) -> None:
    finish_run(merchant)
    change(order.customer, is_test=True, clock=datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert "This test customer has a clock of their own, and the daily runs leave them out." in ask(
        client, order.customer
    )


REASONS_OF_ORDERS: list[tuple[int, dict[str, Any], str]] = [
    (
        5,
        {"status": 4, "cancelled": datetime(2026, 11, 19, 17, tzinfo=UTC)},
        "It is no longer upcoming but “Cancelled”.",
    ),
    (5, {"locked": True}, "It is locked, because it is being placed."),
    (5, {"oos_free_shipping": True}, "It waits for products that are out of stock"),
    (5, {"reminded_for": date(2026, 11, 25)}, "The customer was already reminded of it."),
    (0, {}, "It was to be placed that very day; reminders come before the day of the order."),
    (-3, {}, "It was to be placed before that day."),
    (6, {}, "Its reminder is due later: on November 21, 2026, 5 days before the order."),
    (3, {}, "Its reminder was due earlier: on November 18, 2026, 5 days before the order."),
    (3, {}, "because “remind of near orders” is off in the merchant's settings."),
    (5, {"created": datetime(2026, 11, 20, 16, tzinfo=UTC)}, "It was made on November 20, 2026 at 11:00 AM, after"),
    (5, {}, "It meets every condition as it is now. What changed since that day is below."),
]


@pytest.mark.parametrize(
    ("days", "fields", "reason"), REASONS_OF_ORDERS, ids=[row[2][:45] for row in REASONS_OF_ORDERS]
)
def test_the_order_is_the_reason(
    client: Client, merchant: Merchant, days: int, fields: dict[str, Any], reason: str
) -> None:
    finish_run(merchant, DAY - timedelta(days=1))
    finish_run(merchant)
    order = create_order(merchant, days)
    change(order, **fields)
    told = ask(client, order.customer)
    assert NOTHING in told and reason in told


@pytest.mark.parametrize(
    ("lead", "near", "reason"),
    [
        (8, False, "Its reminder was due earlier: on November 17, 2026, 8 days before the order."),
        (8, True, "It meets every condition as it is now."),
    ],
)
def test_lead_time_and_near_orders_are_those_of_the_job(
    client: Client, merchant: Merchant, lead: int, near: bool, reason: str
) -> None:
    change(merchant, remind_near_orders=near)
    finish_run(merchant, DAY - timedelta(days=1))
    finish_run(merchant)
    assert reason in ask(client, create_order(merchant, 5, reminder_days=lead).customer)


def test_an_order_placed_or_reminded_of_later_is_judged_as_it_was(client: Client, merchant: Merchant) -> None:
    finish_run(merchant, DAY - timedelta(days=1))
    finish_run(merchant)
    order = create_order(merchant, 6)
    with time_machine.travel("2026-11-21T15:00:00Z"):
        upcoming_order.remind(order, actor=ACTOR)
    with time_machine.travel("2026-11-27T15:00:00Z"):
        change(order, status=5, tried_at=datetime(2026, 11, 26, 12, tzinfo=UTC))
        assert "Its reminder is due later: on November 21, 2026" in ask(client, order.customer)


def test_what_moved_the_order_since_is_told(client: Client, merchant: Merchant, order: Order) -> None:
    finish_run(merchant)
    order_verbs.change_date(order, actor=f.STAFF, day=DAY + timedelta(days=30))
    told = ask(client, order.customer)
    assert "Its reminder is due later" in told
    assert "What changed since that day Nov. 20, 2026, 12:00 PM: Moved the order of November 25" in told


def test_a_customer_without_orders_has_none_to_be_reminded_of(client: Client, merchant: Merchant) -> None:
    finish_run(merchant)
    assert "This customer has no order at all." in ask(client, f.CustomerFactory(merchant=merchant))


def test_every_condition_of_the_job_has_a_reason() -> None:
    assert set(REASONS) == set(CONDITIONS)


def test_the_answer_agrees_with_the_run(client: Client, merchant: Merchant) -> None:
    """Of orders on all days around, the run reminds of just those for which no reason was given before it."""
    change(merchant, created=datetime(2026, 1, 1, tzinfo=UTC))
    orders = [create_order(merchant, days) for days in range(-1, 9)]
    due = {order.pk for order in orders if "Its reminder is due in the run of that day." in ask(client, order.customer)}
    run = runs.begin_run(merchant, JOBS["reminders"])
    runs.continue_run(run.pk)
    reminded = set(Event.objects.filter(kind="ordergroove.order.reminder").values_list("order", flat=True))
    assert due == reminded and len(due) == 1


DELIVERIES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"state": "done", "finished": datetime(2026, 11, 20, 15, 2, tzinfo=UTC)}, "Klaviyo received it at 10:02 AM."),
    (
        {"paused_reason": "The key was refused"},
        {},
        "Klaviyo has not received it yet. Paused because: The key was refused",
    ),
    ({"enabled": False}, {}, "Klaviyo has not received it yet. Switched off"),
    (
        {},
        {"state": "dead", "error": "No such profile."},
        "Klaviyo did not receive it, and it is not tried again: No such profile.",
    ),
    ({}, {"state": "unknown", "error": "No answer."}, "Klaviyo may have received it: No answer."),
    ({}, {"state": "skipped", "error": "Erased."}, "It was not sent to Klaviyo: Erased."),
]


@pytest.mark.parametrize(("connection", "delivery", "reason"), DELIVERIES, ids=[row[2][:45] for row in DELIVERIES])
def test_what_became_of_a_reminder_is_said_of_each_delivery(
    client: Client, merchant: Merchant, order: Order, connection: dict[str, Any], delivery: dict[str, Any], reason: str
) -> None:
    klaviyo = f.ConnectionFactory(merchant=merchant, created=datetime(2026, 1, 1, tzinfo=UTC))
    upcoming_order.remind(order, actor=ACTOR)
    change(klaviyo, **connection)
    Delivery.objects.update(**delivery)
    told = ask(client, order.customer)
    assert (
        "A reminder of the order of November 25, 2026 was sent on November 20, 2026 at 12:00 PM" in told
        and reason in told
    )


ABSENCES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"enabled": False}, {}, "It was not sent to Klaviyo, which is switched off."),
    (
        {"switched_off_kinds": ["ordergroove.order.reminder"]},
        {},
        "It was not sent to Klaviyo, where “Order Reminder” is switched off.",
    ),
    ({}, {"is_test": True}, "It was not sent to Klaviyo: test customers never reach a live connection."),
]


@pytest.mark.parametrize(("connection", "customer", "reason"), ABSENCES, ids=[row[2][:45] for row in ABSENCES])
def test_why_a_reminder_went_to_no_connection(
    client: Client, merchant: Merchant, order: Order, connection: dict[str, Any], customer: dict[str, Any], reason: str
) -> None:
    klaviyo: Connection = f.ConnectionFactory(merchant=merchant, created=datetime(2026, 1, 1, tzinfo=UTC))
    change(klaviyo, **connection)
    change(order.customer, **customer)
    upcoming_order.remind(order, actor=ACTOR)
    assert reason in ask(client, order.customer)


def test_a_reminder_without_any_connection_and_one_before_it(client: Client, merchant: Merchant, order: Order) -> None:
    upcoming_order.remind(order, actor=ACTOR)
    assert "You have no connection yet, so reminders are sent to nobody." in ask(client, order.customer)
    f.ConnectionFactory(merchant=merchant, created=datetime(2026, 11, 20, 18, tzinfo=UTC))
    assert "Klaviyo was connected later." in ask(client, order.customer)


@pytest.mark.parametrize("day", ["", "yesterday", "2001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_asked_for_gets_no_answer(client: Client, order: Order, day: str) -> None:
    answer = client.get(f"/admin/subscriptions/customer/{order.customer_id}/reminder/", {"day": day})
    assert "No reminder was sent" not in visible_text(answer)


def test_another_merchants_customer_is_not_found(client: Client) -> None:
    foreign = f.CustomerFactory()
    assert client.get(f"/admin/subscriptions/customer/{foreign.pk}/reminder/?day=2026-11-20").status_code == 404
