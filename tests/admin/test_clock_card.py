"""The card of the test clock on the customer's page, and what its buttons do."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django_q.models import OrmQ

from subscriptions.jobs import clock
from subscriptions.models import ClockMove, Customer, Event, JobRun, Merchant, Order, Role, SimulatedOutcome
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(created=NOW - timedelta(days=90))
    return made


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    return login(merchant, Role.MARKETING, first_name="Mo", last_name="Market")


@pytest.fixture
def customer(merchant: Merchant) -> Customer:
    """A test customer whose order is due in eight days."""
    made: Customer = f.CustomerFactory(merchant=merchant, is_test=True)
    f.subscription_with_order(customer=made, place_date=date(2026, 11, 28))
    return made


def page_of(customer: Customer, page: str = "change") -> str:
    return f"/admin/subscriptions/customer/{customer.pk}/{page}/"


def press_button(staff: Client, customer: Customer, verb: str) -> str:
    answer = staff.post(page_of(customer, verb))
    assert answer.status_code == 302
    customer.refresh_from_db()
    message = list(get_messages(answer.wsgi_request))[-1]
    return f"{message.level_tag}: {message}"


def move_clock(staff: Client, customer: Customer, **answers: str) -> HttpResponse:
    return staff.post(page_of(customer, "move-clock"), answers)


def work_queue() -> None:
    """Perform the queued tasks, as the workers would."""
    while queued := OrmQ.objects.order_by("pk").first():
        task = queued.task
        queued.delete()
        assert task["func"] == "subscriptions.jobs.clock.move_step"
        clock.move_step(*task["args"])


@pytest.mark.parametrize(
    ("answers", "shows"),
    [
        ({"by": "day"}, datetime(2026, 11, 21, 17, tzinfo=UTC)),
        ({"by": "week"}, datetime(2026, 11, 27, 17, tzinfo=UTC)),
        ({"by": "month"}, datetime(2026, 12, 20, 17, tzinfo=UTC)),
        ({"by": "to", "to": "2026-11-25T08:15"}, datetime(2026, 11, 25, 13, 15, tzinfo=UTC)),
    ],
)
def test_a_move_is_queued_with_its_target(
    answers: dict[str, str], shows: datetime, staff: Client, customer: Customer, noon: Any
) -> None:
    answer = move_clock(staff, customer, **answers)
    followed = parse_qs(urlsplit(answer["Location"]).query)
    assert (datetime.fromisoformat(followed["from"][0]), datetime.fromisoformat(followed["to"][0])) == (NOW, shows)
    (queued,) = OrmQ.objects.all()
    assert queued.task["args"][:2] == (customer.pk, None)
    assert datetime.fromisoformat(queued.task["args"][2]) == shows
    customer.refresh_from_db()
    assert customer.clock is None


def test_across_a_daylight_saving_change_the_time_of_day_stays(staff: Client, customer: Customer, noon: Any) -> None:
    noon.move_to("2026-10-31T16:00:00Z")  # noon in New York, the day before its winter time
    move_clock(staff, customer, by="day")
    assert datetime.fromisoformat(OrmQ.objects.get().task["args"][2]) == datetime(2026, 11, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"by": "to"}, "Choose the date and time to move to."),
        ({"by": "to", "to": "2026-11-19T08:15"}, "Choose a time after the one the clock shows"),
        ({"by": "to", "to": "2028-01-01T08:15"}, "Choose a time after the one the clock shows"),
        ({"by": "to", "to": "tomorrow"}, "Enter a valid date/time."),
        ({"by": "year"}, "Select a valid choice."),
    ],
)
def test_a_wrong_target_is_refused(
    answers: dict[str, str], error: str, staff: Client, customer: Customer, noon: Any
) -> None:
    assert error in visible_text(move_clock(staff, customer, **answers))
    assert not OrmQ.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_move_is_followed_and_then_reports_what_happened(staff: Client, customer: Customer, noon: Any) -> None:
    followed = move_clock(staff, customer, by="month")["Location"]
    page = staff.get(followed)
    assert "Moving to December 20, 2026, 12:00 PM." in visible_text(page)
    assert b'aria-valuenow="0"' in page.content and b'hx-trigger="every 1s' in page.content
    first = OrmQ.objects.get()
    clock.move_step(*first.task["args"])
    first.delete()
    page = staff.get(followed)
    assert b'aria-valuenow="23"' in page.content
    work_queue()
    page = staff.get(followed)
    customer.refresh_from_db()
    assert customer.clock == datetime(2026, 12, 20, 17, tzinfo=UTC)
    assert b"progressbar" not in page.content and b'hx-trigger="every 1s' not in page.content
    assert (
        "What happened in the meantime Order Reminder × 2 Order Success × 2 Nov. 23, 2026, 10:00 AM "
        "Reminded the customer of the order of November 28, 2026. "
        "Nov. 28, 2026, 5:00 AM Queued the order of November 28, 2026 for placement, try 1. "
        "Nov. 28, 2026, 5:00 AM Placed the order of November 28, 2026 as SIM-"
    ) in visible_text(page)
    assert not JobRun.objects.exists()


def test_two_moves_at_once_are_one(staff: Client, customer: Customer, noon: Any) -> None:
    move_clock(staff, customer, by="day")
    move_clock(staff, customer, by="day")
    work_queue()
    customer.refresh_from_db()
    assert customer.clock == NOW + timedelta(days=1)
    assert customer.activities.filter(verb="customer.move_clock").count() == 1


def test_a_step_waits_for_the_worker_that_moves_the_clock(customer: Customer, noon: time_machine.Traveller) -> None:
    """If that worker has died, its lease ends."""
    clock.begin_move(customer, NOW + timedelta(days=1), actor=f.STAFF)
    ClockMove.objects.create(customer=customer, **ClockMove.new_lease())
    assert clock.is_moving(customer)
    queued = OrmQ.objects.get()
    queued.delete()
    clock.move_step(*queued.task["args"])
    customer.refresh_from_db()
    assert customer.clock is None
    again = OrmQ.objects.get()
    assert (again.task["args"], again.lock) == (queued.task["args"], NOW + timedelta(minutes=1))
    noon.shift(61)
    work_queue()
    customer.refresh_from_db()
    assert (customer.clock, clock.is_moving(customer)) == (NOW + timedelta(days=1), False)


def test_nonsense_in_the_pages_address_is_ignored(staff: Client, customer: Customer) -> None:
    for query in ("from=x&to=y&after=z", "from=2026-11-20&to=2026-11-20T10:00&after=-1", "from=2026-99-99T00:00Z"):
        assert "Real time (America/New_York)." in visible_text(staff.get(f"{page_of(customer)}?{query}"))


def test_the_reminder_is_run_at_once(staff: Client, customer: Customer, noon: Any) -> None:
    Order.objects.update(place_date=date(2026, 12, 24))
    sent = "success: Reminder of the order of December 24, 2026 sent."
    assert [press_button(staff, customer, "remind") for _ in range(2)] == [sent, sent]
    assert [event.kind for event in Event.objects.all()] == ["ordergroove.order.reminder"] * 2
    Order.objects.update(locked=True)
    assert (
        press_button(staff, customer, "remind") == "success: No reminder was sent: this customer has no upcoming order."
    )


def test_a_customer_goes_back_to_real_time(staff: Client, customer: Customer, noon: Any) -> None:
    assert b"/stop-clock/" not in staff.get(page_of(customer)).content
    Customer.objects.update(clock=NOW + timedelta(days=3))
    assert "Monday, November 23, 2026, 12:00 PM This customer's own time" in visible_text(staff.get(page_of(customer)))
    assert press_button(staff, customer, "stop-clock") == "success: The customer follows real time again."
    assert customer.clock is None


def test_only_a_customer_without_history_becomes_a_test_customer(staff: Client, merchant: Merchant) -> None:
    new = f.CustomerFactory(merchant=merchant)
    assert press_button(staff, new, "mark-as-test") == "success: This customer is a test customer from now on."
    assert new.is_test
    known = f.CustomerFactory(merchant=merchant)
    f.OrderFactory(customer=known, tries=1)
    assert b"/mark-as-test/" not in staff.get(page_of(known)).content
    assert press_button(staff, known, "mark-as-test").startswith("error: Orders of this customer were placed")
    assert not known.is_test


def test_a_real_customer_has_no_clock(staff: Client, merchant: Merchant) -> None:
    real = f.CustomerFactory(merchant=merchant)
    assert "Test clock" not in visible_text(staff.get(page_of(real)))
    assert (
        press_button(staff, real, "remind")
        == "error: Only test customers have a clock; mark the customer as a test customer first."
    )
    move_clock(staff, real, by="day")
    assert not OrmQ.objects.exists()


def test_the_simulators_outcome_is_shown(staff: Client, customer: Customer) -> None:
    payment = customer.payments.get()
    assert f"/simulatedoutcome/add/?payment={payment.pk}".encode() in staff.get(page_of(customer)).content
    SimulatedOutcome.objects.create(merchant=customer.merchant, payment=payment, outcome="140", times=2)
    assert "Simulator's answer for Visa 4242: Payment declined (140), 2 times" in visible_text(
        staff.get(page_of(customer))
    )
