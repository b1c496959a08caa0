"""Stores what the sandbox receives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DataError, transaction
from django.utils import timezone

from common.web.public_ids import parse_public_id
from integrations.models import SandboxEvent, SandboxProfile
from integrations.sandbox.faults import Fault
from subscriptions.models import Merchant

TEXTS = ("email", "phone_number", "first_name", "last_name")


def store_event(merchant: Merchant, data: dict[str, Any]) -> None:
    """Store a checked event. A repeated `unique_id` of the same profile and metric is dropped without notice."""
    attributes = data["attributes"]
    now = timezone.now()
    at = datetime.fromisoformat(attributes["time"]) if attributes.get("time") else now
    with refuse_unstorable_text(), transaction.atomic():
        profile, _ = _upsert_profile(merchant, attributes["profile"]["data"])
        event = SandboxEvent(
            merchant=merchant,
            profile=profile,
            metric=attributes["metric"]["data"]["attributes"]["name"],
            # Without an id, Klaviyo stores one event per profile, metric and second.
            unique_id=attributes.get("unique_id") or str(int(at.timestamp())),
            time=at,
            properties=attributes["properties"] | _value_properties(attributes),
            received=now,
        )
        SandboxEvent.objects.bulk_create([event], ignore_conflicts=True)


def upsert_profile(merchant: Merchant, data: dict[str, Any]) -> tuple[SandboxProfile, bool]:
    """The profile after the update, and whether it is new. Raises Fault 404, 409."""
    with refuse_unstorable_text(), transaction.atomic():
        return _upsert_profile(merchant, data)


@contextmanager
def refuse_unstorable_text() -> Iterator[None]:
    """Raise a Fault for text that the database cannot store, such as NUL or half a surrogate pair."""
    try:
        yield
    except (DataError, UnicodeEncodeError) as error:
        raise Fault(400, "invalid", "The body contains characters that cannot be stored.") from error


def _value_properties(attributes: dict[str, Any]) -> dict[str, Any]:
    """The event's value as the properties in which Klaviyo returns it."""
    named = {"$value": attributes.get("value"), "$currency_code": attributes.get("value_currency")}
    return {name: value for name, value in named.items() if value is not None}


def _upsert_profile(merchant: Merchant, data: dict[str, Any]) -> tuple[SandboxProfile, bool]:
    attributes = data["attributes"]
    texts = {name: attributes[name] or "" for name in TEXTS if name in attributes}
    if "email" in texts:
        texts["email"] = texts["email"].lower()
    properties = attributes.get("properties") or {}
    profile, created = _find_or_create_profile(merchant, data.get("id"), texts, properties)
    if not created:
        _update_profile(profile, texts, properties)
    return profile, created


def _find_or_create_profile(
    merchant: Merchant, public_id: str | None, texts: dict[str, str], properties: dict[str, Any]
) -> tuple[SandboxProfile, bool]:
    profiles = SandboxProfile.objects.select_for_update().filter(merchant=merchant)
    if public_id:
        return _find_profile(profiles, public_id), False
    new = {"merchant": merchant, **texts, "properties": properties}
    if texts.get("email"):
        return profiles.get_or_create(merchant=merchant, email=texts["email"], defaults=new)
    found = profiles.filter(phone_number=texts["phone_number"]).order_by("id").first()
    return (found, False) if found else (SandboxProfile.objects.create(**new), True)


def _find_profile(profiles: Any, public_id: str) -> SandboxProfile:
    wanted = parse_public_id(public_id, any_spelling=True)
    profile: SandboxProfile | None = profiles.filter(public_id=wanted).first() if wanted else None
    if profile is None:
        raise Fault(404, "not_found", "A profile with that id does not exist.", {"pointer": "/data/id"})
    return profile


def _update_profile(profile: SandboxProfile, texts: dict[str, str], properties: dict[str, Any]) -> None:
    email = texts.get("email")
    if email and email != profile.email:
        other = SandboxProfile.objects.filter(merchant=profile.merchant_id, email=email).first()
        if other:
            detail = "A profile already exists with one of these identifiers."
            meta = {"duplicate_profile_id": other.public_id.hex}
            raise Fault(409, "duplicate_profile", detail, meta=meta)
    wanted = texts | {"properties": profile.properties | properties}
    changed = {name: value for name, value in wanted.items() if getattr(profile, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(profile, name, value)
        profile.updated = timezone.now()
        profile.save(update_fields=[*changed, "updated"])
