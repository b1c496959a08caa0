"""The one form of what people, shops and files spell in many ways: to compare, to check and to send.

Each `parse_…` returns the normal form of a text, or None for a text that has none. What was typed is kept beside it:
an e-mail address or a phone number is stored as it came.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale, localedata
from babel.numbers import get_territory_currencies
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

ENGLISH = Locale("en")
# Two-letter codes of CLDR that are no country: groups, parts of countries, and codes for tests. XK is no ISO code
# either, but what shops send for Kosovo.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
NOT_LANGUAGES = {"mul", "und", "zxx"}  # several, undetermined and none
# What the European Union calls Greece and the United Kingdom, and shops do too.
COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
ADDRESS_TEXTS = ("first_name", "last_name", "company_name", "address", "address2", "city", "state_province_code")
LOCALE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?", re.ASCII)


def comparable(text: str | None) -> str:
    """`text` without regard to case, to blanks, and to how its accents are encoded; only to compare."""
    return " ".join(unicodedata.normalize("NFKC", text or "").casefold().split())


def parse_email(text: str | None) -> str | None:
    """`ana@shop.com`."""
    email = (text or "").strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        return None
    return email


def parse_phone(text: str | None, region: str) -> str | None:
    """`+15013299800`, or None for an invalid number.

    `region` is the country of numbers without a country code. It must be the country of the person: read in another
    one, the number is a stranger's.
    """
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def comparable_phone(text: str | None, region: str) -> str:
    """`text` in E.164; an invalid number by its digits alone."""
    return parse_phone(text, region) or re.sub(r"\D", "", text or "") or comparable(text)


def comparable_address(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What two spellings of one address have in common; `fields` are the columns of an `Address`."""
    country = parse_country(fields["country_code"]) or comparable(fields["country_code"])
    postal_code = comparable(fields["zip_postal_code"]).replace(" ", "")
    phones = (comparable_phone(fields.get(name), country) for name in ("phone", "fax"))
    return (*(comparable(fields.get(name)) for name in ADDRESS_TEXTS), postal_code, country, *phones)


def parse_country(text: str | None) -> str | None:
    """`US`: two letters of ISO 3166, in any case; `UK` is `GB`."""
    code = (text or "").strip().upper()
    code = COUNTRY_ALIASES.get(code, code)
    return code if code in country_names() else None


def parse_currency(text: str | None) -> str | None:
    """`USD`: three letters of ISO 4217, in any case."""
    code = (text or "").strip().upper()
    return code if code in currency_names() else None


def parse_locale(text: str | None) -> str | None:
    """`en-us`: a language, perhaps its script, and perhaps a country; in any case, with `-` or `_`."""
    match = LOCALE.fullmatch((text or "").strip().lower().replace("_", "-"))
    if match is None:
        return None
    language, script, region = match.groups()
    country = region and (parse_country(region) or (region if region in ENGLISH.territories else None))
    is_language = language in ENGLISH.languages and language not in NOT_LANGUAGES
    if not is_language or (script and script.title() not in ENGLISH.scripts) or (region and not country):
        return None
    return "-".join(part for part in (language, script, country) if part).lower()


def parse_time_zone(text: str | None) -> str | None:
    """`America/New_York`: a name of the IANA database, in any case; `localtime` depends on the server."""
    return _zones_by_spelling().get((text or "").strip().replace(" ", "_").lower())


@cache
def country_names() -> dict[str, str]:
    """The English name of each country, by its code."""
    names = ENGLISH.territories.items()
    return {code: name for code, name in names if len(code) == 2 and code not in NOT_COUNTRIES}


@cache
def currency_names() -> dict[str, str]:
    """The English name of each currency that is legal tender somewhere, by its code."""
    codes = {code for country in country_names() for code in get_territory_currencies(country)}
    return {code: ENGLISH.currencies[code] for code in codes}


@cache
def locale_names() -> dict[str, str]:
    """The English name of each language, alone and with the countries in which it is spoken, by its locale."""
    found = {}
    for identifier in localedata.locale_identifiers():
        language, *more = identifier.split("_")
        region = more[-1] if more and more[-1] in ENGLISH.territories else ""
        name = ENGLISH.languages.get(language)
        # Shops write `zh-cn` where CLDR has `zh_Hans_CN`.
        for text in {identifier, f"{language}-{region}" if region else language}:
            if locale := parse_locale(text):
                found[locale] = f"{name} ({ENGLISH.territories[region]})" if region else f"{name}"
    return found


@cache
def time_zone_names() -> list[str]:
    return sorted(_zones_by_spelling().values())


@cache
def _zones_by_spelling() -> dict[str, str]:
    # The names without a slash are aliases of old, and what the database does not know.
    return {name.lower(): name for name in available_timezones() if "/" in name or name == "UTC"}
