"""Codes of a new merchant: by the command in any case, by the page as it offers them, and never one that is none."""

import pytest
from django.core.management import CommandError
from django.test import Client

from subscriptions.models import Merchant
from tests.onboarding.test_create_merchant import create
from tests.onboarding.test_setup_page import ANSWERS, link

WRONG = [
    ("--time-zone", "time_zone", "localtime"),
    ("--time-zone", "time_zone", "posixrules"),
    ("--currency", "currency_code", "€"),
    ("--currency", "currency_code", "XXX"),
    ("--country", "country_code", "zz"),
    ("--language", "locale", "English please"),
]


def test_codes_may_be_typed_in_any_case(db: None) -> None:
    create(currency_code="eur", country_code="uk", locale="DE_de", time_zone="europe/berlin")
    merchant = Merchant.objects.get()
    codes = (merchant.currency_code, merchant.country_code, merchant.locale, merchant.time_zone)
    assert codes == ("EUR", "GB", "de-de", "Europe/Berlin")


@pytest.mark.parametrize(("option", "field", "code"), WRONG)
def test_a_code_that_is_none_is_refused(option: str, field: str, code: str, db: None) -> None:
    with pytest.raises(CommandError) as raised:
        create(**{field: code})
    assert str(raised.value).startswith(f"{option}: “{code}” is no ")
    answer = Client().post(link(), ANSWERS | {field: code})
    assert answer.status_code == 200
    assert f"“{code}” is no " in answer.text
    assert not Merchant.objects.exists()
