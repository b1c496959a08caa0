"""Stores the events that the sandbox receives, and erases profiles."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DataError, transaction
from django.utils import timezone

from common.db import insert_many, new_row
from integrations.models import Connection, SandboxEvent, SandboxProfile
from integrations.sandbox.errors import ApiError
from integrations.sandbox.profiles import Wanted, upsert_profiles
from subscriptions.models import Merchant

KLAVIYO = Connection.Integration.KLAVIYO


@dataclass(frozen=True, slots=True)
class Received:
    """The events of one profile; `attributes` are in Klaviyo's form, each with the pointer to it in the body."""

    profile: Wanted
    attributes: Sequence[tuple[str, dict[str, Any]]]


def store_events(merchant: Merchant, received: Sequence[Received], *, refuse_repeats: bool = False) -> None:
    """Store valid events. A repeated `unique_id` of a profile and metric is dropped without notice.

    So are the events of a profile that does not exist. With `refuse_repeats`, raises ApiError 409 instead and stores
    nothing.
    """
    now = timezone.now()
    with refuse_unstorable_text(), transaction.atomic():
        batch = upsert_profiles(merchant, KLAVIYO, [each.profile for each in received])
        events = {
            pointer: build_event(profile, attributes, now)
            for each, profile in zip(received, batch.found, strict=True)
            if isinstance(profile, SandboxProfile)
            for pointer, attributes in each.attributes
        }
        if refuse_repeats:
            refuse_repeated(events)
        insert_many(list(events.values()), fetch_ids=False, skip_existing=True)


def build_event(profile: SandboxProfile, attributes: dict[str, Any], now: datetime) -> SandboxEvent:
    at = datetime.fromisoformat(attributes["time"]) if attributes.get("time") else now
    # The event's value, as the properties in which Klaviyo returns it.
    value = {"$value": attributes.get("value"), "$currency_code": attributes.get("value_currency")}
    return new_row(
        SandboxEvent,
        merchant_id=profile.merchant_id,
        integration=profile.integration,
        profile=profile,
        metric=attributes["metric"]["data"]["attributes"]["name"],
        # Without an id, Klaviyo stores one event per profile, metric and second.
        unique_id=attributes.get("unique_id") or str(int(at.timestamp())),
        time=at,
        properties=attributes["properties"] | {name: part for name, part in value.items() if part is not None},
        received=now,
    )


def refuse_repeated(events: dict[str, SandboxEvent]) -> None:
    """Raises ApiError 409 for the first event that is stored already, or comes twice."""
    profiles = {event.profile_id for event in events.values()}
    rows = SandboxEvent.objects.filter(profile__in=profiles).values_list("profile", "metric", "unique_id")
    seen = set(rows.filter(unique_id__in={event.unique_id for event in events.values()}))
    for pointer, event in events.items():
        key = (event.profile_id, event.metric, event.unique_id)
        if key in seen:
            detail = "An event with this unique_id exists already."
            raise ApiError(409, "duplicate", detail, {"pointer": f"{pointer}/unique_id"})
        seen.add(key)


def erase_profile(merchant: Merchant, data: dict[str, Any]) -> None:
    """Remove a profile and its events. Raises ApiError unless exactly one identifier names it."""
    wanted = Wanted.from_data(data)
    if len(wanted.identifiers) + wanted.by_id != 1:
        detail = "Exactly one of id, email and phone_number must be given."
        raise ApiError(400, "invalid", detail, {"pointer": "/data/attributes/profile/data"})
    match = {"public_id": wanted.public_id} if wanted.by_id else dict(wanted.identifiers)
    SandboxProfile.objects.filter(merchant=merchant, integration=KLAVIYO, **match).delete()


@contextmanager
def refuse_unstorable_text() -> Iterator[None]:
    """Raise an ApiError for text that the database cannot store, such as NUL or half a surrogate pair."""
    try:
        yield
    except (DataError, UnicodeEncodeError) as error:
        raise ApiError(400, "invalid", "The body contains characters that cannot be stored.") from error
