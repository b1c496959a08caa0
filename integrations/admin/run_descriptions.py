"""Runs in words and figures, for staff."""

from typing import Any

from django.db.models import F, Sum

from integrations.models import ImportJob, ProfileRun
from subscriptions.staff.display import percent_done

State = ProfileRun.State
LABELS = {"Running": "info", "Paused": "warning", "Canceled": "default", "Done": "success"}
NOUNS = {
    ProfileRun.Kind.STATUS: "profile",
    ProfileRun.Kind.HISTORY: "event",
    ProfileRun.Kind.COMPARISON: "profile",
    ProfileRun.Kind.ERASURE: "profile",
}
NOTHING = {
    ProfileRun.Kind.STATUS: "There were no customers to send.",
    ProfileRun.Kind.HISTORY: "There were no events of these kinds that Klaviyo does not have.",
    ProfileRun.Kind.COMPARISON: "Klaviyo had the right status of everyone.",
    ProfileRun.Kind.ERASURE: "Nothing was sent.",
}


def describe_run(run: ProfileRun) -> dict[str, Any]:
    """A run as `admin/profile_run.html` shows it."""
    imports = run.kind == ProfileRun.Kind.STATUS
    jobs = run.jobs.aggregate(completed=Sum("completed", default=0), failed=Sum("failed", default=0))
    has_open_jobs = run.jobs.filter(state=ImportJob.State.OPEN).exists()
    settled = run.refused + (jobs["completed"] + jobs["failed"] if imports else run.sent)
    return {
        "row": run,
        "imports": imports,
        "label": LABELS[run.get_state_display()],
        "goes_on": run.state == State.RUNNING or has_open_jobs,
        "percent": percent_done(settled, run.total, is_finished=run.state == State.DONE),
        "sentence": _sentence(run, has_open_jobs, failed=run.refused + jobs["failed"]),
        "tiles": _tiles(run, jobs, imports=imports),
        "miscounted": run.jobs.exclude(counted=None).exclude(counted=F("profiles")),
    }


def count_nouns(run: ProfileRun, number: int) -> str:
    return f"{number:,} {NOUNS[ProfileRun.Kind(run.kind)]}{'s' * (number != 1)}"


def _sentence(run: ProfileRun, has_open_jobs: bool, *, failed: int) -> str:
    sent, left = count_nouns(run, run.sent), max(run.total - run.sent - run.refused, 0)
    match run.state:
        case State.RUNNING if left or not has_open_jobs:
            handed = run.sent + run.refused
            return f"{handed:,} of {count_nouns(run, run.total)} so far. This page updates by itself; you can leave it."
        case State.RUNNING:
            return f"Klaviyo has {sent} and is working through them. This page updates by itself; you can leave it."
        case State.PAUSED:
            return f"Paused after {sent}; {left:,} to go. Resume continues exactly there."
        case State.CANCELED:
            return f"Canceled after {sent}; what Klaviyo had by then stays."
    if not run.total:
        return NOTHING[ProfileRun.Kind(run.kind)]
    return f"{sent} sent." if not failed else f"{sent} sent; {failed:,} refused."


def _tiles(run: ProfileRun, jobs: dict[str, int], *, imports: bool) -> list[tuple[str, str, str, str]]:
    """For `admin/parts/tiles.html`."""
    counted = "in all" if run.state == State.DONE else "counted at the start"
    sent = ("send", "Sent", f"{run.sent:,}", f"of {run.total:,} {counted}")
    failed = run.refused + jobs["failed"]
    refused = ("report", "Refused", f"{failed:,}", "listed below" if failed else "")
    if imports:
        return [sent, ("task_alt", "Stored", f"{jobs['completed']:,}", "as Klaviyo counts"), refused]
    return [sent, refused]
