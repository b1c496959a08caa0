"""Rows that name a customer without a foreign key to them: logs, files, stored answers, the sandbox.

The models that the foreign keys of a customer lead to are found by themselves; a test fails for a model that is
neither found, nor here, nor in `IMPERSONAL`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from django.db.models import CharField, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Replace

from integrations.models import (
    GladlyRequest,
    SandboxEvent,
    SandboxImport,
    SandboxProfile,
    SentProfile,
)
from subscriptions.actions.customer_erasure import ways_to_customer
from subscriptions.models import (
    ApiRequest,
    AuditEntry,
    CheckoutRequest,
    Customer,
    IdempotencyKey,
    ImportRun,
    RefusedRow,
    SavedView,
    SimulatedPlacement,
)

ERASED = "Erased with the customer."
SHOP_ID_KEYS = ("customer", "merchant_user_id", "user_id")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer by what names them outside of their own rows. `orders`: the shop's IDs of their checkouts."""

    merchant: int
    customer: int
    shop_id: str
    email: str
    phone: str
    orders: tuple[str, ...]

    @classmethod
    def of_customer(cls, customer: Customer) -> Self:
        orders = customer.subscriptions.exclude(merchant_order_id=None).values_list("merchant_order_id", flat=True)
        return cls(
            customer.merchant_id,
            customer.pk,
            customer.merchant_user_id,
            customer.email,
            customer.phone_number or "",
            tuple(sorted(set(filter(None, orders)))),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored | {"orders": tuple(stored["orders"])})

    @property
    def names(self) -> list[str]:
        """Texts that are long and rare enough to be looked for within others."""
        return [name for name in (self.email, self.phone) if len(name) > 5]

    def named_in(self, *columns: str) -> Q:
        """Rows with one of `names` within one of these columns; for JSON, within its text."""
        return any_of(Q(**{f"{column}__icontains": name}) for column in columns for name in self.names)

    def identified_in(self, *columns: str) -> Q:
        """JSON of which these columns are the text, with the shop's ID under one of the names that it has."""
        pairs = [f'"{key}": {json.dumps(self.shop_id, ensure_ascii=False)}' for key in SHOP_ID_KEYS]
        return any_of(Q(**{f"{column}__contains": pair}) for column in columns for pair in pairs)


class Trace(NamedTuple):
    """`find` gives the rows of a person. `erase` deletes or empties them. What is not exported holds others' data."""

    model: type[Model]
    find: Callable[[Person], QuerySet[Any]]
    erase: Callable[[QuerySet[Any], Person], Any]
    is_exported: bool = True


def any_of(conditions: Any) -> Q:
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def delete(rows: QuerySet[Any], person: Person) -> None:
    rows.delete()


def find_audit(person: Person) -> QuerySet[AuditEntry]:
    """Lines about the customer or a row of theirs, and those that name them."""
    rows = Q(model=Customer._meta.label_lower, row=str(person.customer))
    for model, way in ways_to_customer().items():
        keys = model._base_manager.filter(**{"__".join(way): person.customer})
        keys = keys.annotate(text=Cast("pk", CharField())).values("text")
        rows |= Q(model=model._meta.label_lower, row__in=keys)
    lines = AuditEntry.objects.filter(rows | person.named_in("sentence", "about"), merchant=person.merchant)
    return lines.exclude(sentence=ERASED)


def find_requests(person: Person) -> QuerySet[ApiRequest]:
    return ApiRequest.objects.filter(path__contains=f"/{person.shop_id}/", merchant=person.merchant)


def find_answers(person: Person) -> QuerySet[IdempotencyKey]:
    keys = IdempotencyKey.objects.alias(text=Cast("answer", TextField())).filter(merchant=person.merchant)
    return keys.filter(Q(path__contains=f"/{person.shop_id}/") | person.identified_in("text") | person.named_in("text"))


def find_checkouts(person: Person) -> QuerySet[CheckoutRequest]:
    checkouts = CheckoutRequest.objects.alias(text=Cast("body", TextField()), said=Cast("answer", TextField()))
    named = person.identified_in("text", "said") | person.named_in("text", "said", "reason")
    return checkouts.filter(Q(merchant_order_id__in=person.orders) | named, merchant=person.merchant)


def find_refused_rows(person: Person) -> QuerySet[RefusedRow]:
    runs = ImportRun.objects.filter(merchant=person.merchant, columns__contains=["merchant_user_id"])
    identified = any_of(
        Q(run=pk, **{f"cells__{columns.index('merchant_user_id')}": person.shop_id})
        for pk, columns in runs.values_list("pk", "columns")
    )
    rows = RefusedRow.objects.alias(text=Cast("cells", TextField())).filter(run__merchant=person.merchant)
    return rows.filter(identified | person.named_in("text", "reason"))


def find_remarks(person: Person) -> QuerySet[ImportRun]:
    runs = ImportRun.objects.alias(text=Cast("remarks", TextField()), cells=Cast("examples", TextField()))
    return runs.filter(person.named_in("text", "cells", "file_name"), merchant=person.merchant)


def find_sandbox_profiles(person: Person) -> QuerySet[SandboxProfile]:
    same = any_of(
        Q(**{f"{column}__iexact": value})
        for column, value in (("email", person.email), ("phone_number", person.phone), ("external_id", person.shop_id))
        if value
    )
    return SandboxProfile.objects.filter(same, merchant=person.merchant)


def find_sandbox_imports(person: Person) -> QuerySet[SandboxImport]:
    imports = SandboxImport.objects.alias(text=Cast("errors", TextField())).filter(merchant=person.merchant)
    return imports.filter(person.named_in("text"))


def find_gladly_requests(person: Person) -> QuerySet[GladlyRequest]:
    subjects = Customer.objects.filter(pk=person.customer).values("subscriptions__public_id")
    return GladlyRequest.objects.filter(Q(subject__in=subjects) | person.named_in("found"), merchant=person.merchant)


def find_simulated(person: Person) -> QuerySet[SimulatedPlacement]:
    orders = Customer.objects.filter(pk=person.customer).values("orders__public_id")
    return SimulatedPlacement.objects.filter(order_public_id__in=orders, merchant=person.merchant)


def find_views(person: Person) -> QuerySet[SavedView]:
    return SavedView.objects.filter(person.named_in("query", "name"), merchant=person.merchant)


def find_sent_profiles(person: Person) -> QuerySet[SentProfile]:
    return SentProfile.objects.filter(customer=person.customer, connection__merchant=person.merchant)


def hide_path(rows: QuerySet[Any], person: Person) -> None:
    rows.update(path=Replace("path", Value(f"/{person.shop_id}/"), Value(f"/erased-{person.customer}/")))


def empty_answer(rows: QuerySet[IdempotencyKey], person: Person) -> None:
    """A repeated request is still known, and changes nothing."""
    keys = list(rows.values_list("pk", flat=True))
    found = IdempotencyKey.objects.filter(pk__in=keys)
    found.filter(answer__isnull=False).update(answer={})
    hide_path(found, person)


def empty_line(rows: QuerySet[AuditEntry], person: Person) -> None:
    rows.update(sentence=ERASED, about="")


def empty_run(rows: QuerySet[ImportRun], person: Person) -> None:
    rows.update(remarks=[], examples=[], file_name="erased")


TRACES = (
    Trace(AuditEntry, find_audit, empty_line),
    Trace(ApiRequest, find_requests, hide_path),
    Trace(IdempotencyKey, find_answers, empty_answer),
    Trace(CheckoutRequest, find_checkouts, delete),
    Trace(RefusedRow, find_refused_rows, delete),
    Trace(ImportRun, find_remarks, empty_run, is_exported=False),
    Trace(SandboxEvent, lambda person: SandboxEvent.objects.filter(profile__in=find_sandbox_profiles(person)), delete),
    Trace(SandboxProfile, find_sandbox_profiles, delete),
    Trace(SandboxImport, find_sandbox_imports, delete, is_exported=False),
    Trace(GladlyRequest, find_gladly_requests, delete),
    Trace(SimulatedPlacement, find_simulated, delete),
    Trace(SavedView, find_views, delete, is_exported=False),
)
