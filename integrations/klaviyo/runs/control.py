"""What staff do with runs: count, start, pause, resume and cancel them, and erase a customer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from common.work import notify_after_commit, notify_worker
from integrations.klaviyo.runs import history, status
from integrations.models import Connection, ProfileRun, SentProfile
from subscriptions.actors import Actor
from subscriptions.errors import Refused
from subscriptions.models import Customer

CONTINUE = "integrations.klaviyo.runs.work.continue_run"
State = ProfileRun.State
UNFINISHED = [State.RUNNING, State.PAUSED]
# The requests that were on their way when the customer was blocked have arrived by then.
UNTIL_SETTLED = timedelta(minutes=1)


def begin_status_backfill(connection: Connection, *, active_only: bool, actor: Actor) -> ProfileRun:
    """Send the status of all customers to the connection. Raises `Refused`."""
    counts = status.count_profiles(connection)
    total = counts.active if active_only else counts.profiles
    fields = {"active_only": active_only, "total": total, "at_once": status.StatusBackfill.most}
    return _begin(connection, ProfileRun.Kind.STATUS, actor, **fields)


def begin_history(connection: Connection, kinds: Sequence[str], since: datetime, *, actor: Actor) -> ProfileRun:
    """Send past events of these kinds to the connection. Raises `Refused`."""
    total, before_first = history.count_events(connection, kinds, since)
    fields = {"event_kinds": list(kinds), "since": since, "total": total, "cursor": before_first}
    return _begin(connection, ProfileRun.Kind.HISTORY, actor, at_once=history.PastEvents.most, **fields)


def pause_run(run: ProfileRun) -> bool:
    """Send no more; what Klaviyo has accepted is still followed. False if the run is not running."""
    return bool(_rows(run).filter(state=State.RUNNING).update(state=State.PAUSED, error=""))


def resume_run(run: ProfileRun) -> bool:
    with transaction.atomic():
        changes = {"state": State.RUNNING, "error": "", "failures": 0, "attempts": 0}
        resumed = bool(_rows(run).filter(state=State.PAUSED).update(**changes))
        if resumed:
            notify_after_commit(CONTINUE, run.pk)
    return resumed


def cancel_run(run: ProfileRun) -> bool:
    """End the run; what was sent stays sent. False if the run has ended already."""
    running = _rows(run).filter(state__in=UNFINISHED)
    return bool(running.update(state=State.CANCELED, finished=timezone.now()))


def customers_of_person(customer: Customer) -> QuerySet[Customer]:
    """The merchant's customers with the customer's e-mail address, who share a profile."""
    same = Q(pk=customer.pk)
    if "@" in customer.email:
        same |= Q(lowered=customer.email.lower())
    return Customer.objects.alias(lowered=Lower("email")).filter(same, merchant=customer.merchant_id)


def erase_customer(customer: Customer, *, actor: Actor) -> list[ProfileRun]:
    """Send nothing more about the customer to Klaviyo, and have the profile deleted there. It cannot be undone."""
    connections = Connection.objects.filter(
        merchant=customer.merchant_id, integration=Connection.Integration.KLAVIYO, removed_at=None
    )
    with transaction.atomic():
        return [_erase(connection, customer, actor) for connection in connections.select_for_update(no_key=True)]


def _erase(connection: Connection, customer: Customer, actor: Actor) -> ProfileRun:
    now = timezone.now()
    blocked = [
        SentProfile(connection=connection, customer=one, erased_at=now)
        for one in customers_of_person(customer).order_by("pk")
    ]
    SentProfile.objects.bulk_create(
        blocked,
        update_conflicts=True,
        unique_fields=["connection", "customer"],
        update_fields=["erased_at"],
    )
    # The customer's own row may soon name nobody.
    unknown = SentProfile.objects.filter(connection=connection, customer=customer, email="", phone_number="")
    identifier = status.find_identifier(customer, None)
    unknown.update(**{"email" if "@" in identifier else "phone_number": identifier})
    at = now + UNTIL_SETTLED
    run = ProfileRun.objects.create(
        **_facts(connection, ProfileRun.Kind.ERASURE, actor), customer=customer, total=1, at_once=1, lease_until=at
    )
    notify_worker(CONTINUE, run.pk, at=at)
    return run


def _begin(connection: Connection, kind: ProfileRun.Kind, actor: Actor, **fields: Any) -> ProfileRun:
    try:
        with transaction.atomic():
            run: ProfileRun = ProfileRun.objects.create(**_facts(connection, kind, actor), **fields)
            notify_after_commit(CONTINUE, run.pk)
    except IntegrityError as error:
        raise Refused("run_exists", "One is running already: wait until it has finished, or cancel it.") from error
    return run


def _facts(connection: Connection, kind: ProfileRun.Kind, actor: Actor) -> dict[str, Any]:
    return {"merchant": connection.merchant, "connection": connection, "kind": kind, "actor": actor.as_json()}


def _rows(run: ProfileRun) -> QuerySet[ProfileRun]:
    return ProfileRun.objects.filter(pk=run.pk, merchant=run.merchant_id)
