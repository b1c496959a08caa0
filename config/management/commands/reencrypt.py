"""Encrypts all stored secrets with the newest of `ENCRYPTION_KEYS`, so that an older key can be removed."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from subscriptions.models.fields import EncryptedField


class Command(BaseCommand):
    help = "Encrypt all stored secrets with the newest of ENCRYPTION_KEYS. The older keys can be removed afterwards."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Encrypted the secrets of {reencrypt_secrets()} rows with the newest key.")


def reencrypt_secrets() -> int:
    """The number of rows. One row is locked at a time, as somebody may be saving it."""
    number = 0
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
        for key in model._base_manager.values_list("pk", flat=True).order_by("pk") if names else ():
            number += _reencrypt_row(model._base_manager.filter(pk=key), names)
    return number


def _reencrypt_row(rows: models.QuerySet[Any], names: list[str]) -> int:
    with transaction.atomic():
        values = rows.select_for_update(no_key=True).values(*names).first() or {}
        return rows.update(**values) if any(values.values()) else 0
