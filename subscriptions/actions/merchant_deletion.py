"""Deletes a test merchant with all its rows, whichever app they are of."""

from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import ForeignKey, Model, QuerySet

from subscriptions.actions.customer_lock import busy_when_locked
from subscriptions.errors import Refused
from subscriptions.models import Customer, Merchant


def delete_test_merchant(merchant: Merchant) -> None:
    """Refused for a live one. Logins stay: people may work for other merchants. Raises `Busy`."""
    with transaction.atomic(), busy_when_locked():
        # In the order of actions, which hold a customer while they write rows that refer to the merchant.
        customers = Customer.objects.filter(merchant=merchant).order_by("pk").select_for_update()
        list(customers.values_list("pk", flat=True))
        if not Merchant.objects.select_for_update().get(pk=merchant.pk).is_test:
            raise Refused("not_a_test_merchant", "Only a test merchant can be deleted.")
        # What is furthest from the merchant first, because its way leads through the rows of others.
        for model, path in sorted(owned_models().items(), key=lambda item: -len(item[1])):
            delete_rows(model._default_manager.filter(**{"__".join(path): merchant}))
        delete_rows(Merchant.objects.filter(pk=merchant.pk))


def delete_rows(rows: QuerySet[Any]) -> None:
    """Without `delete`, which loads rows and refuses what others refer to: foreign keys are checked at the commit."""
    rows._raw_delete(connection.alias)


def owned_models(owner: type[Model] = Merchant, *, only_checked: bool = False) -> dict[type[Model], list[str]]:
    """Each model whose rows belong to an `owner`, with the shortest way of foreign keys that leads there.

    With `only_checked`, the way has only keys that the database checks; the others are copies, and few have an index.
    """
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    found: dict[type[Model], list[str]] = {owner: []}
    while True:
        more = {
            model: [field.name, *found[field.remote_field.model]]
            for model in models
            if model not in found
            for field in reversed(model._meta.fields)
            if isinstance(field, ForeignKey)
            and field.remote_field.model in found
            and (field.db_constraint or not only_checked)  # type: ignore[attr-defined]
        }
        if not more:
            return {model: path for model, path in found.items() if path}
        found |= more
