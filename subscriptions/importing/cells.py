"""Readers of cells: each turns text into a value, or raises ValueError with a sentence on what to write instead."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models

from common.web.json_body import decode_json, remove_unstorable_characters
from subscriptions import normal_forms
from subscriptions.calendar import SINGULAR, Period

ReadCell = Callable[[str], Any]

LONGEST_SHOWN = 40
HIGHEST_PRICE = Decimal("99999.99")
CARD_NUMBER = re.compile(r"\d(?:[ -]?\d){12,18}")
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def quote_cell(value: str) -> str:
    """`value` in quotes, for messages: shortened, and without digits that may be a card number."""
    masked = CARD_NUMBER.sub("…", value)
    return f"“{masked[:LONGEST_SHOWN]}{'…' * (len(masked) > LONGEST_SHOWN)}”"


def text_reader(longest: int | None) -> ReadCell:
    def read(value: str) -> str:
        if longest is not None and len(value) > longest:
            raise ValueError(f"has {len(value)} characters; shorten it to at most {longest}.")
        return value

    return read


def read_identifier(value: str) -> str:
    """The merchant's own id of a record. The id becomes part of paths of the REST API."""
    if re.fullmatch(r"\d([.,]\d+)?E\+\d+", value, re.IGNORECASE):
        raise ValueError(f"{quote_cell(value)} is what a spreadsheet made of a long number; format its column as text.")
    if "/" in value:
        raise ValueError(f"{quote_cell(value)} contains a slash; ids cannot have one.")
    return str(text_reader(255)(value))


def read_email(value: str) -> str:
    if normal_forms.parse_email(value) is None:
        raise ValueError(f"{quote_cell(value)} is not an e-mail address; write it like ana@shop.com.")
    return str(text_reader(254)(value))


def read_url(value: str) -> str:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        raise ValueError(f"{quote_cell(value)} is not a web address; write all of it, with https://.") from None
    return str(text_reader(1000)(value))


def read_locale(value: str) -> str:
    locale = normal_forms.parse_locale(value)
    if locale is None:
        raise ValueError(f"{quote_cell(value)} is not a locale; write it like en-us.")
    return locale


def read_country(value: str) -> str:
    code = normal_forms.parse_country(value)
    if code is None:
        raise ValueError(f"{quote_cell(value)} is not a country code; write two letters, such as US.")
    return code


def read_boolean(value: str) -> bool:
    if value.lower() not in BOOLEANS:
        raise ValueError(f"{quote_cell(value)} is neither true nor false; write one of the two.")
    return BOOLEANS[value.lower()]


def number_reader(lowest: int, highest: int) -> ReadCell:
    def read(value: str) -> int:
        number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None
        if number is None or not lowest <= number <= highest:
            raise ValueError(f"{quote_cell(value)} is not a whole number from {lowest} to {highest}.")
        return number

    return read


def read_price(value: str) -> Decimal:
    """An amount with a decimal point, such as 12.50."""
    try:
        amount = Decimal(value) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) else None
    except InvalidOperation:
        amount = None
    if amount is None:
        raise ValueError(f"{quote_cell(value)} is not an amount; write only digits and a decimal point, such as 12.50.")
    if amount > HIGHEST_PRICE or amount != amount.quantize(Decimal("0.01")):
        raise ValueError(f"{quote_cell(value)} is not a price; write at most {HIGHEST_PRICE}, with two decimals.")
    return amount.quantize(Decimal("0.01"))


def read_last_four(value: str) -> str:
    if CARD_NUMBER.search(value):
        raise ValueError("holds a full card number, which is never kept; give its last four digits only.")
    if not re.fullmatch(r"[0-9]{4}", value):
        raise ValueError(f"{quote_cell(value)} is not four digits; give the last four of the card.")
    return value


def cardless_text_reader(longest: int) -> ReadCell:
    """Reads text that must not hold a card number. A cell that consists of 13 to 19 digits counts as a card number."""

    def read(value: str) -> str:
        if CARD_NUMBER.fullmatch(value.strip()):
            raise ValueError("holds a full card number, which is never kept; give the platform's token for it.")
        return str(text_reader(longest)(value))

    return read


def read_phone(value: str) -> str:
    """A phone number as it is written. It may have as many digits as a card number, which never begins with a zero."""
    reader = text_reader if value.startswith("0") else cardless_text_reader
    return str(reader(40)(value))


def read_json_object(value: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        found = decode_json(value.encode())
    except ValueError:
        found = None
    if not isinstance(found, dict) or remove_unstorable_characters(found) != found:
        raise ValueError(f'{quote_cell(value)} is not a JSON object; write it like {{"roast": "light"}}.')
    return found


def choice_reader(kinds: type[models.Choices], also: Mapping[str, Any] | None = None) -> ReadCell:
    """Reads a value of `kinds` or its label, without regard to case; `also` adds spellings, in lower case."""
    spellings = {str(each).lower(): value for value, label in kinds.choices for each in (value, label)}

    def read(value: str) -> Any:
        spelled = {**spellings, **(also or {})}.get(value.lower())
        if spelled is None:
            raise ValueError(f"{quote_cell(value)} is unknown; write one of: {', '.join(spellings)}.")
        return spelled

    return read


read_period = choice_reader(Period, {word: unit.value for unit, word in SINGULAR.items()})
