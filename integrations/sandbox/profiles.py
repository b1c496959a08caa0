"""Finds, creates and changes profiles: any number of them in a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.db import insert_many, update_many
from common.web.public_ids import parse_public_id
from integrations.models import SandboxProfile
from integrations.sandbox.errors import ApiError
from subscriptions.models import Merchant

IDENTIFIERS = ("email", "phone_number", "external_id")
TEXTS = (*IDENTIFIERS, "first_name", "last_name")
# Not kept: how lists are to be changed, and ids that only the scripts on Klaviyo's forms give out.
PASSING = ("meta", "_kx", "anonymous_id")
# The first key of the advisory lock; the second is the merchant's.
PROFILES_LOCK = 51


@dataclass(frozen=True, slots=True)
class Wanted:
    """A profile as a request describes it: absent attributes stay as they are, and empty ones are cleared.

    A `strict` one is refused if another profile has one of its identifiers; others go without that identifier.
    """

    by_id: bool
    public_id: UUID | None
    texts: dict[str, str]
    details: dict[str, Any]
    properties: dict[str, Any]
    strict: bool

    @classmethod
    def from_data(cls, data: dict[str, Any], *, strict: bool = False) -> "Wanted":
        """`data` is a profile in Klaviyo's form."""
        attributes, public_id = data["attributes"], data.get("id") or ""
        texts = {name: attributes[name] or "" for name in TEXTS if name in attributes}
        if "email" in texts:
            texts["email"] = texts["email"].lower()
        return cls(
            by_id=bool(public_id),
            public_id=parse_public_id(public_id, any_spelling=True),
            texts=texts,
            details={name: attributes[name] for name in attributes.keys() - {*TEXTS, *PASSING, "properties"}},
            properties=attributes.get("properties") or {},
            strict=strict,
        )

    @property
    def identifiers(self) -> list[tuple[str, str]]:
        return [(name, self.texts[name]) for name in IDENTIFIERS if self.texts.get(name)]


@dataclass(slots=True)
class Batch:
    """Some profiles of a merchant at an integration, and what the requests for them change."""

    merchant: Merchant
    integration: str
    found: list[SandboxProfile | ApiError] = field(default_factory=list)
    """The profile of each request in its order, or why it has none."""
    new: list[SandboxProfile] = field(default_factory=list)
    changed: dict[int, SandboxProfile] = field(default_factory=dict)
    known: dict[tuple[str, Any], SandboxProfile] = field(default_factory=dict)

    def resolve(self, requests: Sequence[Wanted]) -> None:
        for row in self._stored_profiles(requests):
            self._remember(row)
        for wanted in requests:
            try:
                self.found.append(self._resolve_one(wanted))
            except ApiError as error:
                self.found.append(error)

    def save(self) -> None:
        insert_many(self.new)
        update_many(list(self.changed.values()), *TEXTS, "details", "properties", "updated")

    def _stored_profiles(self, requests: Sequence[Wanted]) -> QuerySet[SandboxProfile]:
        matches = Q(public_id__in={wanted.public_id for wanted in requests if wanted.public_id})
        for name in IDENTIFIERS:
            matches |= Q(**{f"{name}__in": {wanted.texts[name] for wanted in requests if wanted.texts.get(name)}})
        rows = SandboxProfile.objects.filter(matches, merchant=self.merchant, integration=self.integration)
        return rows.order_by("pk")

    def _remember(self, row: SandboxProfile) -> None:
        self.known["id", row.public_id] = row
        for name in IDENTIFIERS:
            self.known.setdefault((name, getattr(row, name)), row)

    def _resolve_one(self, wanted: Wanted) -> SandboxProfile:
        row = self._find_profile(wanted)
        if row is None:
            row = SandboxProfile(merchant=self.merchant, integration=str(self.integration))
            texts = self._own_texts(row, wanted)
            self.new.append(row)
        else:
            texts = self._own_texts(row, wanted)
        self._change(row, wanted, texts)
        return row

    def _find_profile(self, wanted: Wanted) -> SandboxProfile | None:
        if wanted.by_id:
            if row := self.known.get(("id", wanted.public_id)):
                return row
            raise ApiError(404, "not_found", "A profile with that id does not exist.", {"pointer": "/data/id"})
        given = wanted.identifiers
        if not given:
            raise ApiError(400, "invalid", "None of the identifiers is one that a profile has here.")
        best = self.known.get(given[0])
        return best or next((row for key in given[1:] if (row := self.known.get(key)) and fits(row, given)), None)

    def _own_texts(self, row: SandboxProfile, wanted: Wanted) -> dict[str, str]:
        """The texts without other profiles' identifiers. Raises ApiError 409."""
        texts = dict(wanted.texts)
        for key in wanted.identifiers:
            other = self.known.get(key, row)
            if other is row:
                continue
            if wanted.strict:
                detail = "A profile already exists with one of these identifiers."
                raise ApiError(409, "duplicate_profile", detail, meta={"duplicate_profile_id": other.public_id.hex})
            del texts[key[0]]
        return texts

    def _change(self, row: SandboxProfile, wanted: Wanted, texts: dict[str, str]) -> None:
        after = {
            **texts,
            "details": row.details | wanted.details,
            "properties": row.properties | wanted.properties,
        }
        before = {name: getattr(row, name) for name in after}
        if before == after:
            return
        for name, value in after.items():
            if name in IDENTIFIERS and self.known.get((name, before[name])) is row:
                del self.known[name, before[name]]
            setattr(row, name, value)
        if row.pk:
            row.updated = timezone.now()
            self.changed[row.pk] = row
        self._remember(row)


def fits(row: SandboxProfile, given: list[tuple[str, str]]) -> bool:
    """Whether no identifier of the profile contradicts those given."""
    return all(getattr(row, name) in ("", value) for name, value in given)


def upsert_profiles(merchant: Merchant, integration: str, requests: Sequence[Wanted]) -> Batch:
    """Create and change the profiles, in the order of the requests; call it in a transaction."""
    batch = Batch(merchant, integration)
    batch.resolve(requests)
    if batch.new or batch.changed:
        # Most events change nothing of their profile, and need not wait for each other.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [PROFILES_LOCK, merchant.pk])
        batch = Batch(merchant, integration)
        batch.resolve(requests)
        batch.save()
    return batch
