"""The one form in which e-mails, phones, addresses and codes are compared, checked and sent."""

from collections.abc import Callable

import pytest

from subscriptions import normal_forms

ADDRESS = {
    "first_name": "José",
    "last_name": "Ruiz",
    "company_name": None,
    "address": "1 Main Street",
    "address2": None,
    "city": "Little Rock",
    "state_province_code": "AR",
    "zip_postal_code": "72201",
    "country_code": "US",
    "phone": "501-555-0100",
    "fax": None,
}


@pytest.mark.parametrize(
    ("phone", "region", "normal"),
    [
        ("501-555-0100", "US", "+15015550100"),
        ("+1 (501) 555-0100", "IN", "+15015550100"),
        ("9123456789", "IN", "+919123456789"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("12", "US", None),
        ("call me", "US", None),
        ("5015550100", "", None),
        ("5015550100", "zz", None),
        (None, "US", None),
    ],
)
def test_a_phone_number_is_read_in_the_country_it_belongs_to(phone: str | None, region: str, normal: str | None):
    assert normal_forms.parse_phone(phone, region) == normal


@pytest.mark.parametrize(
    ("parse", "text", "normal"),
    [
        (normal_forms.parse_email, " Ana@Shop.COM ", "ana@shop.com"),
        (normal_forms.parse_email, "ana at shop", None),
        (normal_forms.parse_country, " us ", "US"),
        (normal_forms.parse_country, "uk", "GB"),
        (normal_forms.parse_country, "EL", "GR"),
        (normal_forms.parse_country, "AQ", "AQ"),
        (normal_forms.parse_country, "XK", "XK"),
        (normal_forms.parse_country, "zz", None),
        (normal_forms.parse_country, "EU", None),
        (normal_forms.parse_country, "USA", None),
        (normal_forms.parse_country, "", None),
        (normal_forms.parse_currency, "eur", "EUR"),
        (normal_forms.parse_currency, "€", None),
        (normal_forms.parse_currency, "DEM", None),
        (normal_forms.parse_currency, "XXX", None),
        (normal_forms.parse_locale, "en-us", "en-us"),
        (normal_forms.parse_locale, "es_ES", "es-es"),
        (normal_forms.parse_locale, "EN_uk", "en-gb"),
        (normal_forms.parse_locale, "es-419", "es-419"),
        (normal_forms.parse_locale, "zh-Hant-TW", "zh-hant-tw"),
        (normal_forms.parse_locale, "fr", "fr"),
        (normal_forms.parse_locale, "English please", None),
        (normal_forms.parse_locale, "xx-us", None),
        (normal_forms.parse_locale, "en-zz", None),
        (normal_forms.parse_locale, "en-abcd", None),
        (normal_forms.parse_locale, "und", None),
        (normal_forms.parse_time_zone, "America/New_York", "America/New_York"),
        (normal_forms.parse_time_zone, "america/new york", "America/New_York"),
        (normal_forms.parse_time_zone, "UTC", "UTC"),
        (normal_forms.parse_time_zone, "localtime", None),
        (normal_forms.parse_time_zone, "posixrules", None),
        (normal_forms.parse_time_zone, "Factory", None),
        (normal_forms.parse_time_zone, "posix/Europe/Berlin", None),
        (normal_forms.parse_time_zone, "../etc/passwd", None),
    ],
)
def test_a_text_has_its_normal_form_or_none(parse: Callable[[str], str | None], text: str, normal: str | None):
    assert parse(text) == normal


@pytest.mark.parametrize(
    "other",
    [
        {"phone": "+15015550100"},
        {"phone": "(501) 555 0100"},
        {"country_code": "us"},
        {"first_name": "  JOSÉ "},
        {"first_name": "Jose\u0301"},
        {"address": "1  main\u00a0street"},
        {"company_name": "", "address2": " ", "fax": ""},
    ],
)
def test_an_address_spelled_in_another_way_is_the_same(other: dict[str, str]):
    same = normal_forms.comparable_address(ADDRESS | other)
    assert same == normal_forms.comparable_address(ADDRESS)


@pytest.mark.parametrize(
    "other",
    [
        {"phone": "501-555-0101"},
        {"phone": ""},
        {"country_code": "CA"},
        {"first_name": "Jose"},
        {"address": "11 Main Street"},
        {"address2": "Flat 2"},
        {"fax": "501-555-0199"},
    ],
)
def test_an_address_that_says_something_else_is_another(other: dict[str, str]):
    different = normal_forms.comparable_address(ADDRESS | other)
    assert different != normal_forms.comparable_address(ADDRESS)


def test_british_postal_codes_are_the_same_without_their_blank_and_blanks_elsewhere_count():
    london = ADDRESS | {"country_code": "UK", "zip_postal_code": "SW1A 1AA", "phone": "020 7946 0018"}
    same = london | {"country_code": "gb", "zip_postal_code": "sw1a1aa", "phone": "+442079460018"}
    assert normal_forms.comparable_address(london) == normal_forms.comparable_address(same)
    streets = [normal_forms.comparable_address(london | {"address": street}) for street in ("1 23rd St", "12 3rd St")]
    assert streets[0] != streets[1]


def test_an_invalid_number_is_compared_by_its_digits():
    assert normal_forms.comparable_phone("12-34", "US") == normal_forms.comparable_phone("1234", "US")
    assert normal_forms.comparable_phone("Ask Ana", "US") == normal_forms.comparable_phone("ask  ana", "US")
    assert normal_forms.comparable_phone("1234", "US") != normal_forms.comparable_phone("1235", "US")


def test_the_lists_for_pickers_hold_normal_forms_only():
    for names, parse in (
        (normal_forms.country_names(), normal_forms.parse_country),
        (normal_forms.currency_names(), normal_forms.parse_currency),
        (normal_forms.locale_names(), normal_forms.parse_locale),
        (normal_forms.time_zone_names(), normal_forms.parse_time_zone),
    ):
        assert [code for code in names if parse(code) != code] == []
    assert normal_forms.country_names()["DE"] == "Germany"
    assert normal_forms.currency_names()["EUR"] == "Euro"
    assert normal_forms.locale_names()["zh-cn"] == "Chinese (China)"
    assert len(normal_forms.country_names()) == 250
