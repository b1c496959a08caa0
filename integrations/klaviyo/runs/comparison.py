"""Each night: the customers whose status is no longer the one that Klaviyo was told last get the right one."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.functions import Lower
from django.utils import timezone

from integrations.base import Answer
from integrations.klaviyo import bodies
from integrations.klaviyo.profile_upsert import ROAD, move_profile, roads_of_move, upsert_profile
from integrations.klaviyo.runs.run_kind import Item, RunKind
from integrations.klaviyo.runs.status import has_live_subscription, profile_attributes
from integrations.klaviyo.sent_profiles import UNSURE, Told, note_told
from integrations.models import Connection, ProfileError, ProfileRun, SentProfile
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions import calendar
from subscriptions.actors import Actor, ActorKind

HOUR = 2  # of the merchant's local time: the day's changes are sent, and nobody waits for the quota
ACTOR = Actor(ActorKind.JOB, "comparison", "Nightly comparison")


class NightlyComparison(RunKind):
    road = ROAD
    most = 1
    scopes = "full access to profiles"

    def requests(self, items: Sequence[Item]) -> int:
        return max(len(roads_of_move(item.row.remote_id)) if _is_moved(item) else 1 for item in items)

    def read_items(self, run: ProfileRun, limit: int) -> list[Item]:
        errors = ProfileError.objects.filter(run=run, key=OuterRef("pk"))
        outdated = outdated_profiles(run.connection).filter(~Exists(errors), pk__gt=run.cursor)
        return [_item(profile) for profile in outdated.order_by("pk")[:limit]]

    def send(self, run: ProfileRun, items: Sequence[Item]) -> Answer:
        (item,) = items
        attributes = profile_attributes(item.identifier, item.status)
        if not _is_moved(item):
            return upsert_profile(run.connection, attributes)
        properties = attributes["properties"]
        return move_profile(run.connection, item.row.email, item.row.remote_id, item.identifier, properties=properties)

    def note(self, run: ProfileRun, items: Sequence[Item], answer: Answer) -> None:
        (item,) = items
        now = timezone.now()
        facts = {"status": item.status, "remote_id": answer.remote_id, "event": item.row.last_event}
        told = Told.by(item.identifier, **facts)
        note_told(run.connection, {item.customer: told}, now)
        if told.email:
            # The profile is that of all customers with the address.
            same = SentProfile.objects.filter(connection=run.connection, email=told.email).exclude(status="")
            same.update(status=item.status, sent_at=now)


def outdated_profiles(connection: Connection) -> QuerySet[SentProfile]:
    """The profiles that were told another status than they have now, with `is_active`.

    One that was never told a status is left as it is: a backfill is staff's decision.
    """
    live = connection.merchant.subscriptions.live().filter(customer=OuterRef("customer"))
    profiles = SentProfile.objects.filter(connection=connection, erased_at=None).exclude(status="")
    if not leads_to_sandbox(connection):
        profiles = profiles.filter(customer__is_test=False)
    profiles = profiles.annotate(lowered=Lower("customer__email"))
    is_active = Case(When(email="", then=Exists(live)), default=has_live_subscription(connection))
    is_outdated = Q(status=UNSURE) | Q(status="active", is_active=False) | Q(status="inactive", is_active=True)
    return profiles.annotate(is_active=is_active).filter(is_outdated).select_related("customer")


def begin_comparisons() -> None:
    """Each minute: make the run of each connection whose merchant's night has come, once for each local day."""
    now = timezone.now()
    told = Exists(SentProfile.objects.filter(connection=OuterRef("pk")))
    connections = Connection.objects.filter(
        told, integration=Connection.Integration.KLAVIYO, enabled=True, removed_at=None
    )
    due = [
        (connection, local.date())
        for connection in connections.select_related("merchant")
        if (local := calendar.local_time(now, connection.merchant.time_zone)).hour >= HOUR
    ]
    since = now.date() - timedelta(days=2)
    known = set(
        ProfileRun.objects.filter(kind=ProfileRun.Kind.COMPARISON, local_date__gte=since).values_list(
            "connection", "local_date"
        )
    )
    for connection, day in due:
        if (connection.pk, day) not in known:
            _begin_comparison(connection, day)


def _begin_comparison(connection: Connection, day: date) -> None:
    """The row of the day; the minute's sweep wakes a worker for it. An earlier night's that never ended is dropped."""
    nightly = ProfileRun.objects.filter(connection=connection, kind=ProfileRun.Kind.COMPARISON)
    unfinished = nightly.filter(state__in=[ProfileRun.State.RUNNING, ProfileRun.State.PAUSED], local_date__lt=day)
    unfinished.update(state=ProfileRun.State.CANCELED, finished=timezone.now())
    run = ProfileRun(
        merchant=connection.merchant,
        connection=connection,
        kind=ProfileRun.Kind.COMPARISON,
        actor=ACTOR.as_json(),
        local_date=day,
        at_once=1,
        total=outdated_profiles(connection).count(),
    )
    ProfileRun.objects.bulk_create([run], ignore_conflicts=True)


def _item(profile: SentProfile) -> Item:
    current = bodies.parse_profile_email(profile.customer.email)
    identifier = (profile.email and current) or profile.email or profile.phone_number
    status = "active" if profile.is_active else "inactive"  # type: ignore[attr-defined]  # an annotation
    return Item(profile.pk, profile.customer_id, identifier, status=status, row=profile)


def _is_moved(item: Item) -> bool:
    """Whether the customer's address has changed, and the profile has the old one."""
    return bool(item.row.email) and item.identifier != item.row.email
