"""Field types that the models of all apps share."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, ClassVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from common.web.public_ids import new_public_id
from subscriptions import normal_forms


class PublicIdField(models.UUIDField):
    """The id of a row in URLs, the REST API and payloads, shown as 32 lower-case hex digits (`.hex`)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": new_public_id, "editable": False, "unique": True, **options})


class ClockTimeField(models.DateTimeField):
    """A time as the shop's clock shows it. It has no zone."""

    def db_type(self, connection: Any) -> str:
        return "timestamp"

    def get_prep_value(self, value: Any) -> datetime | None:
        # Django's own would add a zone.
        moment: datetime | None = self.to_python(value)
        return moment


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


class CodeField(models.CharField):
    """A code of a published list, which forms offer to choose from. Validation puts it into its normal form first."""

    unknown: ClassVar[str]

    def __init__(self, verbose_name: str | None = None, **options: Any) -> None:
        messages = {"invalid_choice": self.unknown}
        super().__init__(verbose_name, **{"error_messages": messages, **options, "choices": self.list_choices})

    @staticmethod
    def parse(text: str | None) -> str | None:
        raise NotImplementedError

    @staticmethod
    def names() -> Mapping[str, str]:
        raise NotImplementedError

    @classmethod
    def list_choices(cls) -> list[tuple[str, str]]:
        return sorted(((code, f"{name} ({code})") for code, name in cls.names().items()), key=lambda choice: choice[1])

    def deconstruct(self) -> Any:
        """Migrations know nothing of the list, which grows."""
        name, path, args, options = super().deconstruct()
        for key in ("choices", "error_messages"):
            del options[key]
        return name, path, args, options

    def get_choices(self, include_blank: bool = True, *args: Any, **options: Any) -> Any:
        # Without a blank choice, a browser would put the first code in the place of one that is not in the list.
        return super().get_choices(True, *args, **options)

    def to_python(self, value: Any) -> Any:
        return self.parse(value) or value if isinstance(value, str) else super().to_python(value)


class CurrencyField(CodeField):
    parse = staticmethod(normal_forms.parse_currency)
    names = staticmethod(normal_forms.currency_names)
    unknown = "“%(value)s” is no currency; choose a code of three letters, such as USD."


class CountryField(CodeField):
    parse = staticmethod(normal_forms.parse_country)
    names = staticmethod(normal_forms.country_names)
    unknown = "“%(value)s” is no country; choose a code of two letters, such as US."


class LocaleField(CodeField):
    parse = staticmethod(normal_forms.parse_locale)
    names = staticmethod(normal_forms.locale_names)
    unknown = "“%(value)s” is no language; choose one such as en-us."


class TimeZoneField(CodeField):
    """A stored name that is no zone reads as the default: every page and every job would fail on it."""

    parse = staticmethod(normal_forms.parse_time_zone)
    unknown = "“%(value)s” is no time zone; choose one such as America/New_York."

    @classmethod
    def list_choices(cls) -> list[tuple[str, str]]:
        return [(name, name.replace("_", " ")) for name in normal_forms.time_zone_names()]

    def from_db_value(self, value: str | None, *_: object) -> Any:
        return normal_forms.parse_time_zone(value) or self.get_default()


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
