"""The jobs page: next and last run, progress, missed and failed runs, and "Run now"."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django_q.models import OrmQ

from subscriptions.admin import job_cards
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import JobRun, Merchant, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
PAGE = "/admin/jobs/"
pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(created=datetime(2026, 1, 1, tzinfo=UTC))
    return made


@pytest.fixture
def owner(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


def create_run(merchant: Merchant, job: str = "reminders", day: date = date(2026, 11, 20), **fields: Any) -> JobRun:
    made: JobRun = JobRun.objects.create(merchant=merchant, job=job, local_date=day, **fields)
    return made


def page_texts(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_every_job_has_a_description() -> None:
    assert set(job_cards.WORDS) == set(JOBS)


def test_each_job_says_when_it_runs_next_in_the_merchants_time(owner: Client) -> None:
    shown = visible_text(owner.get(PAGE))
    assert "Order reminders" in shown and "Next run Sat, Nov. 21, 10:00 AM" in shown
    assert "Card expiry check Not run yet On the 1st and 15th" in shown and "Next run Tue, Dec. 1, 10:00 AM" in shown
    assert "Times are in America/New_York." in shown


def test_an_hourly_placement_runs_next_at_the_next_full_hour(owner: Client, merchant: Merchant) -> None:
    merchant.placed_hourly = True
    merchant.save()
    create_run(merchant, job="placement", state="done", total=0)
    assert "Next run Fri, Nov. 20, 1:00 PM" in visible_text(owner.get(PAGE))


def test_a_run_started_by_hand_before_its_hour_is_the_run_of_that_day(
    owner: Client, merchant: Merchant, noon: Any
) -> None:
    noon.move_to("2026-11-20T09:00:00Z")
    assert "Next run Fri, Nov. 20, 5:00 AM" in visible_text(owner.get(PAGE))
    create_run(merchant, job="placement", state="done", total=0)
    create_run(merchant, job="stock", state="done", total=0)
    shown = visible_text(owner.get(PAGE))
    assert "Next run Fri, Nov. 20, 5:00 AM" not in shown and "Next run Sat, Nov. 21, 5:00 AM" in shown


def test_a_run_that_should_have_begun_is_called_late(owner: Client, merchant: Merchant) -> None:
    assert "Order reminders Late" in visible_text(owner.get(PAGE))
    create_run(merchant, state="done", total=0)
    assert "Order reminders Done" in visible_text(owner.get(PAGE))


def test_a_job_that_the_settings_switch_off_says_so(owner: Client, merchant: Merchant) -> None:
    Merchant.objects.update(placement_hour=None)
    answer = owner.get(PAGE)
    assert "Placement Off" in visible_text(answer)
    assert "Off, because automatic placement is off in the merchant settings." in visible_text(answer)
    assert b"/admin/jobs/placement/run/" not in answer.content
    before = read_all_rows()
    assert page_texts(owner.post("/admin/jobs/placement/run/")) == ["The settings of the merchant switch this job off."]
    assert read_all_rows() == before


def test_a_running_job_shows_its_progress_and_refreshes(owner: Client, merchant: Merchant) -> None:
    run = create_run(
        merchant, state="running", total=1200, customers=300, done=290, failures=2, error="Customer 7: no e-mail"
    )
    answer = owner.get(PAGE)
    assert 'aria-valuenow="25"' in answer.content.decode() and 'hx-trigger="every 2s' in answer.content.decode()
    assert "300 of 1,200 customers checked, 290 reminders, 2 skipped because of an error." in visible_text(answer)
    assert "Last error: Customer 7: no e-mail" in visible_text(answer)
    JobRun.objects.filter(pk=run.pk).update(state="done", customers=1200, done=1190)
    answer = owner.get(PAGE)
    assert "1,200 customers checked, 1,190 reminders, 2 skipped because of an error." in visible_text(answer)
    assert 'hx-trigger="every 20s' in answer.content.decode() and b"progressbar" not in answer.content


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"state": "waiting"}, "Waiting to start, which takes a moment."),
        ({"state": "done", "total": 0}, "Nothing was due."),
        ({"state": "done", "total": 1, "customers": 1, "done": 1}, "1 customer checked, 1 reminder."),
        ({"state": "failed", "attempts": 10, "total": 9}, "Stopped after 10 attempts. 0 of 9 customers checked"),
        ({"state": "missed"}, "No worker was available in time, so this run was skipped"),
    ],
)
def test_each_state_of_a_run_is_described_in_words(
    state: dict[str, Any], sentence: str, owner: Client, merchant: Merchant
) -> None:
    run = create_run(merchant, **state)
    assert sentence in visible_text(owner.get(PAGE))
    assert sentence in visible_text(owner.get(f"/admin/subscriptions/jobrun/{run.pk}/change/"))


def test_missed_days_are_listed_and_the_history_can_be_narrowed(owner: Client, merchant: Merchant) -> None:
    create_run(merchant, day=date(2026, 11, 18), state="missed")
    create_run(merchant, day=date(2026, 11, 19), state="done", total=3, customers=3)
    create_run(merchant, job="placement", day=date(2026, 11, 19), state="done", total=5, customers=5)
    assert "Missed in the last 30 days: November 18." in visible_text(owner.get(PAGE))
    history = visible_text(owner.get("/admin/subscriptions/jobrun/?job=reminders"))
    assert "3 of 3" in history and "5 of 5" not in history
    assert "3 of 3" not in visible_text(owner.get("/admin/subscriptions/jobrun/?state__exact=missed"))


def test_run_now_asks_first_and_then_begins_the_run_of_today(
    owner: Client, merchant: Merchant, django_capture_on_commit_callbacks: Any
) -> None:
    f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), place_date=date(2026, 11, 25))
    before = read_all_rows()
    asked = visible_text(owner.get("/admin/jobs/reminders/run/"))
    assert "Right now that is 1 customer." in asked
    assert read_all_rows() == before and not OrmQ.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner.post("/admin/jobs/reminders/run/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert page_texts(answer) == ["Order reminders: the run starts now."]
    run = JobRun.objects.get()
    assert (run.merchant, run.job, run.local_date, run.state) == (merchant, "reminders", date(2026, 11, 20), "waiting")
    (task,) = [queued.task for queued in OrmQ.objects.all()]
    assert (task["func"], task["args"]) == ("subscriptions.jobs.runs.continue_run", (run.pk,))


@pytest.mark.parametrize("role", [Role.MARKETING, Role.SUPPORT, Role.READ_ONLY])
def test_only_owners_run_a_job_now(role: str, merchant: Merchant, login: Login) -> None:
    client = login(merchant, role)
    assert b"Run now" not in client.get(PAGE).content
    assert client.get("/admin/jobs/reminders/run/").status_code == 403
    assert client.post("/admin/jobs/reminders/run/").status_code == 403
    assert not JobRun.objects.exists()


def test_an_unknown_job_cannot_be_run(owner: Client) -> None:
    assert owner.post("/admin/jobs/nonsense/run/").status_code == 404
    assert owner.delete("/admin/jobs/reminders/run/").status_code == 405


def test_the_count_of_orders_in_placement_leads_to_their_list(owner: Client, merchant: Merchant) -> None:
    customer = f.CustomerFactory(merchant=merchant)
    for status in (18, 18, 14, 5):
        f.OrderFactory(customer=customer, status=status)
    f.OrderFactory(status=18)
    answer = owner.get(PAGE)
    assert "2 Payment retry 1 Answer not understood Order reminders" in visible_text(answer)
    assert b'href="/admin/subscriptions/order/?status__exact=18"' in answer.content
