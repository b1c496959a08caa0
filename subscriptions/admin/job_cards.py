"""The daily jobs in words for staff: what each does, when it runs next, and how its last run went."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.template.defaultfilters import pluralize
from django.utils import timezone

from subscriptions import calendar
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Job
from subscriptions.jobs.runs import UNFINISHED
from subscriptions.models import JobRun, Merchant
from subscriptions.staff.display import percent_done

LABELS = {"Done": "success", "Running": "info", "Waiting": "info", "Missed": "warning", "Late": "warning"}
LABELS |= {"Failed": "danger", "Off": "default", "Not run yet": "default"}
LATE_AFTER = timedelta(minutes=10)
FARTHEST_DAYS = 32  # by then a monthly job is due again
MISSED_DAYS = 30


@dataclass(frozen=True, slots=True)
class JobWords:
    """`unit` is what a run counts as done; `off` says which setting switches the job off."""

    about: str
    unit: str
    question: str
    off: str = ""


WORDS = {
    "reminders": JobWords(
        about="Reminds customers of their next order, with each subscription's own lead time.",
        unit="reminder",
        question="Every customer whose reminder is due today, or was due on a missed day, is reminded now.",
    ),
    "cards": JobWords(
        about="On the 1st and 15th, warns customers whose card expires before their next order is placed.",
        unit="warning",
        question="Every customer whose card expires before their next order gets a warning now, at most once a day.",
        off="Off, because your platform updates cards by itself, as set in the merchant settings.",
    ),
    "stock": JobWords(
        about="Tries orders that wait for stock: places what is back, tells customers of the rest, for up to 30 days.",
        unit="order placed or ended",
        question="Orders not tried today are placed if their products are back; other customers are told of the delay.",
        off="Off, because automatic placement is off in the merchant settings.",
    ),
    "placement": JobWords(
        about="Sends due orders, and failed orders that are due for another try, to your platform.",
        unit="order sent",
        question="All due orders are placed now, and their customers are charged.",
        off="Off, because automatic placement is off in the merchant settings.",
    ),
}


def next_moment(job: Job, merchant: Merchant, now: datetime, ran_on: date | None = None) -> datetime | None:
    """When `job` is due next after `now`, in the merchant's zone; None if it is switched off.

    `ran_on` is the day of its last run. A run started manually before the job's hour counts as that day's run; an
    hourly job still repeats.
    """
    today = calendar.local_time(now, merchant.time_zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(FARTHEST_DAYS)):
        first = None if day == ran_on else job.moment(merchant, day)
        coming = [moment for moment in (first, *job.repeats(merchant, day)) if moment and moment > now]
        if coming:
            return min(coming)
    return None


def next_run(job: Job, merchant: Merchant) -> datetime | None:
    """When `job` is due next, as things stand."""
    last = find_last_run(merchant, job)
    return next_moment(job, merchant, timezone.now(), last.local_date if last else None)


def all_cards(merchant: Merchant) -> list[dict[str, Any]]:
    """The cards of all jobs; they take one query per job and one for missed runs."""
    since = timezone.now() - timedelta(days=MISSED_DAYS)
    runs = JobRun.objects.filter(merchant=merchant, state=JobRun.State.MISSED, created__gte=since)
    missed = defaultdict(list)
    for job, day in runs.order_by("-local_date").values_list("job", "local_date"):
        missed[job].append(day)
    return [{**job_card(job, merchant), "missed": missed[job.name]} for job in JOBS.values()]


def describe_run(run: JobRun) -> dict[str, Any]:
    """A run as the pages show it."""
    return {
        "row": run,
        "state": run.get_state_display(),
        "label": LABELS[run.get_state_display()],
        "is_unfinished": run.state in UNFINISHED,
        "percent": percent_done(run.customers, run.total, is_finished=run.state == JobRun.State.DONE),
        "sentence": run_sentence(run),
    }


def run_sentence(run: JobRun) -> str:
    """The run in plain words."""
    match run.state:
        case JobRun.State.MISSED:
            return "No worker was available in time, so this run was skipped. The next run covers everything still due."
        case JobRun.State.FAILED:
            return f"Stopped after {run.attempts} attempts. {run_summary(run)}"
        case JobRun.State.DONE:
            return run_summary(run) if run.customers else "Nothing was due."
        case _:
            return run_summary(run) if run.total else "Waiting to start, which takes a moment."


def run_summary(run: JobRun) -> str:
    of = "" if run.total is None or run.state == JobRun.State.DONE else f" of {run.total:,}"
    checked = f"{run.customers:,}{of} customer{pluralize(run.total or run.customers)} checked"
    unit = WORDS[run.job].unit if run.job in WORDS else "action"
    head, _, tail = unit.partition(" ")
    done = f"{run.done:,} {head}{pluralize(run.done)} {tail}".strip()
    failed = f", {run.failures:,} skipped because of an error" if run.failures else ""
    return f"{checked}, {done}{failed}."


def find_last_run(merchant: Merchant, job: Job) -> JobRun | None:
    return JobRun.objects.filter(merchant=merchant, job=job.name).order_by("-local_date").first()


def job_card(job: Job, merchant: Merchant) -> dict[str, Any]:
    last, now = find_last_run(merchant, job), timezone.now()
    coming = next_moment(job, merchant, now, last.local_date if last else None)
    shown = describe_run(last) if last else None
    state = "Off" if coming is None else shown["state"] if shown else "Not run yet"
    if coming and is_late(job, merchant, last, now):
        state = "Late"
    return {
        "job": job,
        "words": WORDS[job.name],
        "state": state,
        "label": LABELS[state],
        "next": coming,
        "last": shown,
    }


def is_late(job: Job, merchant: Merchant, last: JobRun | None, now: datetime) -> bool:
    """Whether today's run should have begun some time ago."""
    today = calendar.local_time(now, merchant.time_zone).date()
    moment = job.moment(merchant, today)
    begun = last is not None and last.local_date >= today
    return not begun and moment is not None and merchant.created <= moment <= now - LATE_AFTER
