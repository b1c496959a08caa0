"""A worker that is killed at any step of a run: another one goes on, and nothing is skipped or noted twice."""

from typing import Any

import pytest

from integrations import pace
from integrations.klaviyo.runs import control, history, import_jobs, status, work
from integrations.models import Delivery, ImportJob, ProfileRun, SentProfile
from subscriptions.events import catalogue
from tests.factories import STAFF
from tests.integrations.klaviyo.runs.account import Account
from tests.integrations.klaviyo.runs.past import make_past_events
from tests.integrations.klaviyo.runs.running import make_customers, work_on

ADDRESSES = [f"c{n}@shop.test" for n in range(7)]
STEPS: dict[str, tuple[Any, str]] = {
    "before a request": (pace, "reserve_requests"),
    "with a request on its way": (Account, "take_job"),
    "after the answer": (status.StatusBackfill, "note"),
    "before the cursor moves": (ProfileRun, "advance"),
    "before a job's counts are noted": (import_jobs, "_note_status"),
    "before a job's errors are noted": (import_jobs, "_note_page"),
    "before the end is noted": (work, "_finish"),
}


class Killed(BaseException):
    pass


def kill_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int) -> None:
    """The worker dies at this call, the first one being 1."""
    real, calls = getattr(owner, name), []

    def dying(*args: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) == call:
            raise Killed
        return real(*args, **options)

    monkeypatch.setattr(owner, name, dying)


def die(run: ProfileRun, clock: Any) -> None:
    with pytest.raises(Killed):
        work_on(run, clock)
    run.refresh_from_db()
    assert run.lease_token
    clock.shift(61)


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_a_backfill_goes_on_where_it_was(account, connection, merchant, clock, monkeypatch, step, call):
    monkeypatch.setattr(status.StatusBackfill, "most", 3)
    account.faulty = {"c1@shop.test", "c6@shop.test"}
    make_customers(merchant, *ADDRESSES)
    run = control.begin_status_backfill(connection, active_only=False, actor=STAFF)
    if (step, call) != ("before the end is noted", 2):  # there is only one end
        kill_at(monkeypatch, *STEPS[step], call)
        die(run, clock)
    run = work_on(run, clock)
    assert (run.state, run.sent, run.refused, run.attempts) == ("done", 7, 0, 0)
    jobs = list(run.jobs.order_by("pk").values_list("profiles", "completed", "failed", "state"))
    assert jobs == [(3, 2, 1, "complete"), (3, 3, 0, "complete"), (1, 0, 1, "complete")]
    assert sorted(run.errors.values_list("identifier", flat=True)) == sorted(account.faulty)
    assert len(account.statuses) == 5 and SentProfile.objects.exclude(status="").count() == 5


@pytest.mark.parametrize(
    ("owner", "name"), [(pace, "reserve_requests"), (history.PastEvents, "note"), (ProfileRun, "advance")]
)
def test_past_events_go_on_where_they_were(account, connection, clock, monkeypatch, owner, name):
    monkeypatch.setattr(history.PastEvents, "most", 3)
    events = make_past_events(connection.merchant, catalogue.SUBSCRIPTION_CREATE, 7)
    run = control.begin_history(connection, [catalogue.SUBSCRIPTION_CREATE], events[0].at, actor=STAFF)
    kill_at(monkeypatch, owner, name, 2)
    die(run, clock)
    run = work_on(run, clock)
    assert (run.state, run.sent) == ("done", 7)
    ids = [event["attributes"]["events"]["data"][0]["attributes"]["unique_id"] for event in account.events]
    assert set(ids) == {event.public_id.hex for event in events}
    assert Delivery.objects.filter(state="done").count() == 7


def test_a_run_whose_workers_die_each_time_is_paused(account, connection, merchant, clock, monkeypatch):
    make_customers(merchant, "ana@shop.test")
    run = control.begin_status_backfill(connection, active_only=False, actor=STAFF)
    ProfileRun.objects.update(attempts=work.MOST_DEATHS)
    run = work_on(run, clock)
    assert (run.state, run.error) == ("paused", "The worker died over it each time.")
    assert not ImportJob.objects.exists()
