"""Card data in a checkout: clear, or encrypted under the storefront key. Only the last four digits are kept."""

import re
from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions import calendar
from subscriptions.api.lenient_body import OptionalText
from subscriptions.placement import aes

LONGEST_ENCRYPTED = 1000  # characters, enough for 700 encrypted bytes


class CardText(OptionalText):
    """A text of the card. No sentence about it repeats what was sent."""

    def __init__(self, **options: Any) -> None:
        # Not trimmed: at its ends, an encrypted text may hold blanks that were `+`.
        super().__init__(LONGEST_ENCRYPTED, trim_whitespace=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str):
            data = _decrypt(data, self.context["merchant"].valid_storefront_keys())
        text = super().run_validation(data)
        return text and self.read(text)

    def read(self, text: str) -> Any:
        return text[:255].strip()


def _decrypt(text: str, keys: list[str]) -> str:
    """`text`, decrypted under the one of `keys` that fits if it is encrypted."""
    for key in keys or [""]:
        try:
            return aes.read_text(text, key)
        except ValueError:
            continue
    raise ValidationError("It is encrypted, but not under this merchant's storefront key.")


class CardEnding(CardText):
    """The last four digits of a number that may be whole, masked or cut already."""

    def read(self, text: str) -> str:
        ending = re.search("[0-9]{4}$", re.sub(r"[\s.-]", "", text))
        if ending is None:
            raise ValidationError("Give the last four digits of the card.")
        return ending[0]


class CardExpiry(CardText):
    """`MM/YYYY`; becomes the last day the card is good for."""

    def read(self, text: str) -> date | None:
        if not re.search("[0-9]", text):  # the slash alone, between a month and a year that the shop does not know
            return None
        expiry = calendar.card_expiry(re.sub(r"\s", "", text).replace("-", "/"))
        if expiry is None:
            raise ValidationError("Give it as MM/YYYY, or that encrypted under the storefront key.")
        return expiry
