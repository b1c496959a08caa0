"""What becomes of bulk profile imports at Klaviyo: their counts, and the profiles they failed on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from common.web.printable import printable_line
from integrations import pace
from integrations.base import Answer, Outcome, Road
from integrations.esp.calls import answer_of
from integrations.esp.replies import parse_body
from integrations.http import Limits, Reply
from integrations.klaviyo import answers, client
from integrations.klaviyo.runs.status import PATH
from integrations.klaviyo.sent_profiles import UNSURE, forget_status
from integrations.models import Connection, ImportJob, ProfileError, ProfileRun, SentProfile

STATUS_ROAD = Road("profile-bulk-import-job", per_second=8, per_minute=120)
ERRORS_ROAD = Road("profile-bulk-import-errors", per_second=8, per_minute=120)
LIMITS = Limits(body_bytes=2 * 1024 * 1024)  # an error repeats the profile it is about
PER_PAGE = 100
EACH = timedelta(seconds=10)
AFTER_A_FAULT = timedelta(minutes=5)
CANCELED = "Klaviyo canceled an import of {count:,} profiles. The nightly comparison sends them again, one by one."
LOST = "Klaviyo no longer knows the import of {count:,} profiles, so its errors cannot be read."


def check_jobs(run: ProfileRun) -> datetime | None:
    """Ask about the open jobs whose turn it is. When to ask again; None if none is open. Raises `LeaseLost`."""
    now = timezone.now()
    due = run.jobs.filter(state=ImportJob.State.OPEN, checked_at__lte=now - EACH)
    for job in due.order_by("checked_at", "pk"):
        run.keep()
        if until := _check_job(run, job):
            return until
    first = run.jobs.filter(state=ImportJob.State.OPEN).aggregate(first=Min("checked_at"))["first"]
    return first and max(now, first + EACH)


def _check_job(run: ProfileRun, job: ImportJob) -> datetime | None:
    """Ask about one job; until when to rest, if the others must wait too."""
    if not job.page:
        answer, attributes = _ask(run.connection, STATUS_ROAD, f"{PATH}/{quote(job.remote_id)}")
        if answer.outcome is not Outcome.DONE:
            return _put_off(run, job, answer)
        _note_status(run, job, attributes.get("data", {}).get("attributes", {}))
    while job.page:
        cursor = "" if job.page == "first" else f"&page[cursor]={quote(job.page)}"
        path = f"{PATH}/{quote(job.remote_id)}/import-errors?page[size]={PER_PAGE}{cursor}"
        answer, body = _ask(run.connection, ERRORS_ROAD, path)
        if answer.outcome is not Outcome.DONE:
            return _put_off(run, job, answer)
        _note_page(run, job, body)
    return None


def _ask(connection: Connection, road: Road, path: str) -> tuple[Answer, dict[str, Any]]:
    """The answer to a GET, and its body. A road that is closed for now answers like Klaviyo, throttled."""
    account = pace.account_key(connection)
    grant = pace.reserve_requests(account, road, 1)
    if not grant.count:
        wait = (grant.until - timezone.now()).total_seconds() if grant.until else 1
        return Answer(Outcome.THROTTLED, retry_after=max(wait, 0.1)), {}
    bodies: list[dict[str, Any]] = [{}]
    call: Callable[[], Reply] = lambda: client.call_api(connection, "GET", path, limits=LIMITS)  # noqa: E731

    def read(reply: Reply) -> Answer:
        if reply.status != 200:
            return answers.read_reply(reply)
        bodies[0] = parse_body(reply)
        return Answer(Outcome.DONE if bodies[0] else Outcome.RETRY, 200)

    answer = answer_of(call, read)
    if answer.outcome is Outcome.THROTTLED:
        until = timezone.now() + timedelta(seconds=answer.retry_after or 1)
        pace.close_roads(account, [road], until)
    return answer, bodies[0]


def _put_off(run: ProfileRun, job: ImportJob, answer: Answer) -> datetime | None:
    if answer.outcome is Outcome.THROTTLED:
        return timezone.now() + timedelta(seconds=answer.retry_after or 1)
    if answer.outcome is Outcome.DEAD:
        _close(run, job, ImportJob.State.LOST, LOST)
        return None
    run.renew(error=answer.detail[:500])
    ImportJob.objects.filter(pk=job.pk).update(checked_at=timezone.now() + AFTER_A_FAULT)
    return None


def _note_status(run: ProfileRun, job: ImportJob, said: dict[str, Any]) -> None:
    job.checked_at = timezone.now()
    job.counted = said.get("total_count")
    job.completed, job.failed = said.get("completed_count") or 0, said.get("failed_count") or 0
    status = said.get("status")
    if status == "complete":
        job.page = "first"
    with transaction.atomic():
        run.renew()
        job.save(update_fields=["checked_at", "counted", "completed", "failed", "page"])
        if status == "cancelled":
            _close(run, job, ImportJob.State.CANCELED, CANCELED)


def _close(run: ProfileRun, job: ImportJob, state: ImportJob.State, sentence: str) -> None:
    with transaction.atomic():
        run.renew()
        ProfileError.objects.create(run=run, detail=sentence.format(count=job.profiles), code=state)
        _profiles(run, job).update(status=UNSURE)
        ImportJob.objects.filter(pk=job.pk).update(state=state, page="")
    job.page = ""


def _note_page(run: ProfileRun, job: ImportJob, body: dict[str, Any]) -> None:
    """Keep the errors of one page; after the last page the job is complete."""
    errors = [_error(run, one.get("attributes") or {}) for one in body.get("data", []) if isinstance(one, dict)]
    named = _profiles(run, job).filter(email__in=[error.identifier for error in errors if error.identifier])
    customers = dict(named.values_list("email", "customer"))
    for error in errors:
        error.key = error.customer_id = customers.get(error.identifier)
    page = _next_page(body)
    with transaction.atomic():
        Connection.objects.select_for_update(no_key=True).get(pk=run.connection_id)
        run.renew()
        ProfileError.objects.bulk_create(errors, ignore_conflicts=True)
        forget_status(run.connection, [error.customer_id for error in errors if error.customer_id])
        changes = {"page": page} if page else {"page": "", "state": ImportJob.State.COMPLETE}
        ImportJob.objects.filter(pk=job.pk).update(**changes)
        if not page:
            # Klaviyo may have set the job's status after that of an event which left later.
            _profiles(run, job).filter(sent_at__gt=job.sent_at).update(status=UNSURE)
    job.page = page


def _profiles(run: ProfileRun, job: ImportJob) -> Any:
    """The profiles of the job's customers."""
    return SentProfile.objects.filter(
        connection=run.connection, customer__gt=job.after, customer__lte=job.upto, erased_at=None
    ).exclude(status="")


def _error(run: ProfileRun, said: dict[str, Any]) -> ProfileError:
    source = said.get("source")
    return ProfileError(
        run=run,
        identifier=_find_identifier(said.get("original_payload"))[:254],
        code=printable_line(str(said.get("code") or ""), 64),
        detail=printable_line(str(said.get("detail") or said.get("title") or ""), 500),
        pointer=printable_line(str(source.get("pointer") or "") if isinstance(source, dict) else "", 200),
    )


def _find_identifier(payload: Any) -> str:
    """The e-mail address or phone number in the profile that an error repeats, wherever it is wrapped."""
    while isinstance(payload, dict):
        if found := payload.get("email") or payload.get("phone_number"):
            return str(found)
        payload = payload.get("attributes") or payload.get("data")
    return ""


def _next_page(body: dict[str, Any]) -> str:
    """The cursor in the link to the next page; the link itself could lead anywhere."""
    links = body.get("links")
    link = links.get("next") if isinstance(links, dict) else None
    found = parse_qs(urlsplit(str(link or "")).query).get("page[cursor]", [""])
    return found[0]
