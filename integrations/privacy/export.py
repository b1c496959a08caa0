"""All that is kept about a customer, as one JSON file: each table with the customer's rows."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Model, QuerySet
from django.utils import timezone

from integrations.models import SentProfile
from integrations.privacy.traces import TRACES, Person, find_sent_profiles
from subscriptions.actions.customer_erasure import ways_to_customer
from subscriptions.models import Customer

# Credentials, the names of staff, and how work is done.
LEFT_OUT = {"nonce", "token_id", "user_token_id", "session_id", "key", "credential", "body_hash", "used_attempt"}
LEFT_OUT |= {"actor", "actor_id", "actor_name", "customer_rep", "who", "user"}
LEFT_OUT |= {"merchant", "identifiers", "undo_facts", "lease_token", "lease_until", "attempts", "cursor"}


def tables_of(customer: Customer) -> Iterator[tuple[str, QuerySet[Any]]]:
    """The name of each table and the customer's rows."""
    person = Person.of_customer(customer)
    yield table_name(Customer), Customer.objects.filter(pk=customer.pk)
    for model, way in reversed(ways_to_customer().items()):
        yield table_name(model), model._base_manager.filter(**{"__".join(way): customer.pk})
    yield table_name(SentProfile), find_sent_profiles(person)
    for trace in TRACES:
        if trace.is_exported:
            yield table_name(trace.model), trace.find(person)


def table_name(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural).lower().replace(" ", "_").replace("-", "_")


def export_customer(customer: Customer) -> Iterator[str]:
    """The file in parts. Times are in UTC; numbers such as `order` are the `id` of a row of the other table."""
    head = {"merchant": customer.merchant.name, "made": timezone.now()}
    yield _encode(head)[:-1]
    for name, rows in tables_of(customer):
        yield f',\n"{name}": ['
        for place, row in enumerate(told_rows(rows).iterator(500)):
            yield f"{',' if place else ''}\n{_encode(row)}"
        yield "]"
    yield "}\n"


def told_rows(rows: QuerySet[Any]) -> Any:
    """What is told of rows, and the names of what is not the customer's own, such as a product."""
    own = {Customer, *ways_to_customer()}
    fields = [field for field in rows.model._meta.concrete_fields if field.name not in LEFT_OUT]
    named = [field.name for field in fields if _has_name(field.related_model) and field.related_model not in own]
    names = {f"{name}_name": F(f"{name}__name") for name in named}
    return rows.order_by("pk").values(*(field.attname for field in fields), **names)


def _has_name(model: Any) -> bool:
    return model is not None and any(field.name == "name" for field in model._meta.fields)


def _encode(row: dict[str, Any]) -> str:
    return json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
