"""Field types that the models of all apps share."""

from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from common.web.public_ids import new_public_id


class PublicIdField(models.UUIDField):
    """The id of a row in URLs, the REST API and payloads, shown as 32 lower-case hex digits (`.hex`)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": new_public_id, "editable": False, "unique": True, **options})


class MoneyField(models.DecimalField):
    """An amount of at least 0.00 in the currency of the row or its merchant."""

    def __init__(self, **options: Any) -> None:
        zero = MinValueValidator(Decimal(0))
        super().__init__(**{"max_digits": 12, "decimal_places": 2, "validators": [zero], **options})


class TotalField(MoneyField):
    """An amount that is multiplied or added up, with room for every quantity of the highest price.

    Requests are refused above `totals.LARGEST`. Jobs must not fail there: a price may have risen since a request.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 28, **options})  # the precision that Python calculates with


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class Secret(str):
    """A decrypted secret. Pages, messages, logs and error reports show a mask in its place.

    Whatever makes a text of it, such as a template, `str()`, `repr()` or an f-string, gets the mask. Comparing,
    encoding and joining with `+` use the secret itself, and so do `json` and `csv`.
    """

    __slots__ = ()
    MASK = "••••••••"

    def __str__(self) -> str:
        return self.MASK

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(self.MASK, spec)


# Each action reads the merchant, and with it the same few secrets.
@lru_cache(maxsize=1000)
def _decrypted(cipher: MultiFernet, value: str) -> Secret:
    return Secret(cipher.decrypt(value.encode()).decode())


class EncryptedField(models.TextField):
    """Text encrypted at rest under the newest of `ENCRYPTION_KEYS`; older keys still decrypt. It is read as `Secret`.

    `manage.py dumpdata` writes it encrypted, and `loaddata` reads that.
    """

    @staticmethod
    def cipher() -> MultiFernet:
        return _cipher(tuple(settings.ENCRYPTION_KEYS))

    def get_prep_value(self, value: str | None) -> str | None:
        return value and self.cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        try:
            return value and _decrypted(self.cipher(), value)
        except InvalidToken as error:
            raise ValueError(
                f"{self.model.__name__}.{self.name} was encrypted under a key that is not in ENCRYPTION_KEYS; "
                "add the old key to the end of the list"
            ) from error

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""

    def to_python(self, value: str | None) -> str | None:
        try:
            return value and _decrypted(self.cipher(), value)
        except InvalidToken:
            return value  # typed into a form, not encrypted yet
