"""Currency, country, language and time zone of a merchant are codes that exist."""

import re
from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test import Client

from subscriptions import calendar
from subscriptions.api_keys import create_api_key
from subscriptions.models import Merchant, Order
from tests import factories as f
from tests.admin.pages import fill, visible_text

Login = Callable[..., Client]
migration = import_module("subscriptions.migrations.0016_normalise_codes")
FIELDS = ("currency_code", "country_code", "locale", "time_zone")


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory()


def settings_of(merchant: Merchant) -> str:
    return f"/admin/subscriptions/merchant/{merchant.pk}/change/"


def test_the_settings_offer_codes_with_their_names(merchant: Merchant, login: Login) -> None:
    form = login(merchant).get(settings_of(merchant)).context["adminform"].form
    labels = {name: dict(form.fields[name].choices) for name in FIELDS}
    assert labels["currency_code"]["EUR"] == "Euro (EUR)"
    assert labels["country_code"]["DE"] == "Germany (DE)"
    assert labels["locale"]["fr-ca"] == "French (Canada) (fr-ca)"
    assert labels["time_zone"]["America/New_York"] == "America/New York"
    assert [name for name, codes in labels.items() if form[name].value() not in codes] == []


def test_the_long_lists_show_the_stored_code_and_can_be_searched(merchant: Merchant, login: Login) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(time_zone="Asia/Kolkata")
    form = login(merchant).get(settings_of(merchant)).context["adminform"].form
    for name in FIELDS:
        shown = str(form[name])
        assert re.findall(r'value="([^"]*)" selected', shown) == [form[name].value()]
        assert "unfold-admin-autocomplete" in shown
        assert shown.count("<option") == len(list(form.fields[name].choices))


def test_other_codes_are_stored(merchant: Merchant, login: Login) -> None:
    codes = {"currency_code": "EUR", "country_code": "DE", "locale": "de-de", "time_zone": "Europe/Berlin"}
    assert fill(login(merchant), settings_of(merchant), **codes) == ""
    assert Merchant.objects.filter(pk=merchant.pk, **codes).exists()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("currency_code", "€"),
        ("currency_code", "DEM"),
        ("country_code", "zz"),
        ("country_code", ""),
        ("locale", "English please"),
        ("locale", "en-zz"),
        ("time_zone", "localtime"),
        ("time_zone", "posixrules"),
        ("time_zone", "Europe/Atlantis"),
    ],
)
def test_a_text_that_is_no_code_is_refused_by_the_form_and_the_model(
    merchant: Merchant, login: Login, field: str, text: str
) -> None:
    assert fill(login(merchant), settings_of(merchant), **{field: text})
    assert getattr(Merchant.objects.get(pk=merchant.pk), field) == getattr(merchant, field)
    setattr(merchant, field, text)
    with pytest.raises(ValidationError) as refusal:
        merchant.full_clean()
    (sentence,) = refusal.value.message_dict[field]
    assert sentence.startswith(f"“{text}” is no ") or not text


def test_the_model_puts_codes_into_their_normal_form(merchant: Merchant) -> None:
    merchant.currency_code, merchant.country_code = "eur", "uk"
    merchant.locale, merchant.time_zone = "fr_CA", "europe/berlin"
    merchant.full_clean()
    assert [getattr(merchant, name) for name in FIELDS] == ["EUR", "GB", "fr-ca", "Europe/Berlin"]


def test_a_code_is_normal_however_it_is_written(merchant: Merchant) -> None:
    Merchant.objects.update(currency_code="eur", country_code="uk", locale="fr_CA", time_zone="europe/berlin")
    merchant.refresh_from_db()
    assert [getattr(merchant, name) for name in FIELDS] == ["EUR", "GB", "fr-ca", "Europe/Berlin"]


@pytest.mark.parametrize("codes", [{"currency_code": "€"}, {"currency_code": "EU"}, {"country_code": "u1"}])
def test_the_database_refuses_what_looks_like_no_code(merchant: Merchant, codes: dict[str, str]) -> None:
    with pytest.raises(IntegrityError, match="merchant_codes"):
        Merchant.objects.update(**codes)


def test_an_unlisted_code_is_never_replaced_by_the_first_of_the_list(merchant: Merchant, login: Login) -> None:
    Merchant.objects.update(locale="fr-us")
    form = login(merchant).get(settings_of(merchant)).context["adminform"].form
    assert form.fields["locale"].choices[0] == ("", "Select value")


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Nowhere/Land", "../etc/passwd", ""])
def test_a_merchant_with_a_bad_zone_is_served_in_the_default_zone(merchant: Merchant, login: Login, zone: str) -> None:
    f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    Merchant.objects.update(time_zone=zone)
    staff = login(merchant)
    _, key = create_api_key(merchant, "Test", ("read", "bulk"))
    (order,) = Client(headers={"x-api-key": key}).get("/api/orders/?ordering=place").json()["results"]
    assert order["place"] == f"{Order.objects.get().place_date} 00:00:00"
    assert visible_text(staff.get("/admin/"))
    assert fill(staff, settings_of(merchant)) == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT time_zone FROM subscriptions_merchant WHERE id = %s", [merchant.pk])
        assert cursor.fetchone() == ("America/New_York",)


def test_the_database_knows_every_zone_that_is_offered(merchant: Merchant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    offered = {name for name, _ in Merchant._meta.get_field("time_zone").flatchoices}
    assert offered - known == set()
    assert [calendar.today(name) for name in offered if not calendar.today(name)] == []


@pytest.mark.parametrize(
    ("find", "text", "code"),
    [
        (migration.find_currency, "€", "EUR"),
        (migration.find_currency, "eur", "EUR"),
        (migration.find_currency, "??", None),
        (migration.find_locale, "fr_CA", "fr-ca"),
        (migration.find_locale, "fr-us", "fr"),
        (migration.find_locale, "English please", None),
        (migration.find_time_zone, "EST5EDT", "America/New_York"),
        (migration.find_time_zone, "GB", "Europe/London"),
        (migration.find_time_zone, "localtime", None),
    ],
)
def test_the_migration_finds_the_code_that_was_meant(find: Callable[[str], str | None], text: str, code: str | None):
    assert find(text) == code


def test_the_migration_mends_merchants_with_their_subscriptions_and_orders(merchant: Merchant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE subscriptions_merchant DROP CONSTRAINT merchant_codes")
    found = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), currency_code="€")
    Merchant.objects.update(currency_code="?", country_code="uk", locale="English please")
    migration.normalise_merchants(apps, None)
    merchant.refresh_from_db()
    assert [getattr(merchant, name) for name in FIELDS] == ["GBP", "GB", "en-us", "America/New_York"]
    found.refresh_from_db()
    assert (found.currency_code, Order.objects.get().currency_code) == ("EUR", "EUR")
