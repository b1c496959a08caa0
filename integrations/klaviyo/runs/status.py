"""The status of all known customers, by bulk profile import: no event is sent, so no flow of a metric can start."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from integrations.base import Answer, Outcome, Road
from integrations.esp.calls import answer_of
from integrations.esp.replies import parse_body
from integrations.esp.statuses import subscriber_statuses
from integrations.http import Reply
from integrations.klaviyo import answers, bodies, client
from integrations.klaviyo.runs.run_kind import Item, RunKind, errors_of_run, reachable_customers
from integrations.klaviyo.sent_profiles import Told, note_told
from integrations.models import Connection, ImportJob, ProfileRun, SentProfile
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions.models import Customer
from subscriptions.normal_forms import parse_phone

PATH = "/api/profile-bulk-import-jobs"
PREFIX = b'{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":['
SUFFIX = b"]}}}}"
SAME_PROFILE = "Another customer has the same address or number, and so the same profile."
NO_ADDRESS = "The customer has no valid e-mail address or phone number."


@dataclass(frozen=True, slots=True)
class Counts:
    """How many profiles a backfill sends, and how many of them the connection was never told of."""

    profiles: int
    new: int
    active: int
    new_active: int


class StatusBackfill(RunKind):
    road = Road("profile-bulk-import-jobs", per_second=8, per_minute=120)
    most = 5000  # less than 1 MB: each is an address and a status
    scopes = "full access to lists and profiles"

    def read_items(self, run: ProfileRun, limit: int) -> list[Item]:
        customers = profile_customers(run.connection).filter(~errors_of_run(run), pk__gt=run.cursor)
        if run.active_only:
            customers = customers.filter(has_live_subscription(run.connection))
        rows = list(customers.annotate(known_email=known_email(run.connection)).order_by("pk")[:limit])
        for row in rows:
            row.merchant = run.connection.merchant
        statuses = subscriber_statuses(
            run.connection.merchant,
            {row.pk: (bodies.parse_profile_email(row.email), row.pk) for row in rows},
            with_tests=leads_to_sandbox(run.connection),
        )
        return _without_repeats([_item(row, statuses[row.pk]) for row in rows])

    def send(self, run: ProfileRun, items: Sequence[Item]) -> Answer:
        content = PREFIX + b",".join(item.content for item in items) + SUFFIX
        return answer_of(lambda: client.call_api(run.connection, "POST", PATH, content), _read_job)

    def note(self, run: ProfileRun, items: Sequence[Item], answer: Answer) -> None:
        now = timezone.now()
        told = {item.customer: Told.by(item.identifier, status=item.status) for item in items}
        note_told(run.connection, told, now)
        ImportJob.objects.create(
            run=run,
            remote_id=answer.remote_id,
            after=run.cursor,
            upto=items[-1].key,
            profiles=len(items),
            sent_at=now,
            checked_at=now,
        )


def profile_customers(connection: Connection) -> QuerySet[Customer]:
    """One customer for each profile, which all customers with an e-mail address share."""
    customers = reachable_customers(connection).alias(lowered=Lower("email"))
    earlier = reachable_customers(connection).alias(same=Lower("email"))
    earlier = earlier.filter(same=OuterRef("lowered"), pk__lt=OuterRef("pk"))
    return customers.filter(~Q(email__contains="@") | ~Exists(earlier))


def count_profiles(connection: Connection) -> Counts:
    """What a backfill would send now. One query."""
    told = SentProfile.objects.filter(connection=connection, customer=OuterRef("pk"))
    same = SentProfile.objects.filter(connection=connection, email=OuterRef("lowered")).exclude(email="")
    profiles = profile_customers(connection).annotate(
        is_new=~Exists(told) & ~Exists(same), is_active=has_live_subscription(connection)
    )
    counted = profiles.aggregate(
        profiles=Count("pk"),
        new=Count("pk", filter=Q(is_new=True)),
        active=Count("pk", filter=Q(is_active=True)),
        new_active=Count("pk", filter=Q(is_new=True, is_active=True)),
    )
    return Counts(**counted)


def has_live_subscription(connection: Connection) -> Exists:
    """Whether a customer, or another one with the address, has one. Of rows with the alias `lowered`."""
    live = connection.merchant.subscriptions.live().alias(same=Lower("customer__email"))
    if not leads_to_sandbox(connection):
        live = live.filter(customer__is_test=False)
    return Exists(live.filter(customer__merchant=connection.merchant, same=OuterRef("lowered")))


def known_email(connection: Connection) -> Subquery:
    """The address that the customer's profile has; a new one is only given to it before the next event."""
    told = SentProfile.objects.filter(connection=connection, customer=OuterRef("pk"))
    return Subquery(told.values("email")[:1])


def find_identifier(customer: Customer, known: str | None) -> str:
    """The e-mail address of the customer's profile, else the phone number in E.164, else ""."""
    email = known or bodies.parse_profile_email(customer.email)
    return email or parse_phone(customer.phone_number, customer.phone_region) or ""


def profile_attributes(identifier: str, status: str) -> dict[str, object]:
    name = "email" if "@" in identifier else "phone_number"
    return {name: identifier, "properties": {bodies.STATUS_PROPERTY: status}}


def _without_repeats(items: list[Item]) -> list[Item]:
    """Customers without an address may have one number, and so one profile, which is active if any of them is."""
    best: dict[str, Item] = {}
    for item in items:
        first = best.setdefault(item.identifier, item)
        if item.status == "active" and first.status != "active":
            best[item.identifier] = item
    return [
        item if item.fault or best[item.identifier] is item else replace(item, fault=SAME_PROFILE) for item in items
    ]


def _item(customer: Customer, status: str) -> Item:
    identifier = find_identifier(customer, getattr(customer, "known_email", None))
    if not identifier:
        return Item(customer.pk, customer.pk, customer.email, fault=NO_ADDRESS)
    profile = {"type": "profile", "attributes": profile_attributes(identifier, status)}
    return Item(customer.pk, customer.pk, identifier, bodies.encode_json(profile), status)


def _read_job(reply: Reply) -> Answer:
    if reply.status != 202:
        return answers.read_reply(reply)
    try:
        job = str(parse_body(reply)["data"]["id"])
    except (KeyError, TypeError):
        return Answer(Outcome.PAUSE, reply.status, answers.NOT_KLAVIYO)
    return Answer(Outcome.DONE, reply.status, remote_id=job)
