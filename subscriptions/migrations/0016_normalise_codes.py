"""Puts codes that were typed freely into their normal forms; what has none becomes the nearest code, or the default."""

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.db import migrations

from subscriptions import normal_forms

CURRENCY_BY_SYMBOL = {symbol: code for code, symbol in Locale("en").currency_symbols.items()}

# Of the short names that the list lacks, those that Babel has no other name for.
UNITED_STATES = {
    "EST5EDT": "America/New_York",
    "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
}


def normalise_merchants(apps, schema_editor):
    for merchant in apps.get_model("subscriptions", "Merchant").objects.all():
        merchant.country_code = normal_forms.parse_country(merchant.country_code) or "US"
        own_currency = get_territory_currencies(merchant.country_code)[:1] or ["USD"]
        merchant.currency_code = find_currency(merchant.currency_code) or own_currency[0]
        merchant.locale = find_locale(merchant.locale) or "en-us"
        merchant.time_zone = find_time_zone(merchant.time_zone) or "America/New_York"
        merchant.save(update_fields=["country_code", "currency_code", "locale", "time_zone"])
        for model in ("Subscription", "Order"):
            rows = apps.get_model("subscriptions", model).objects.filter(merchant=merchant)
            for code in rows.order_by().values_list("currency_code", flat=True).distinct():
                currency = find_currency(code) or merchant.currency_code
                if currency != code:
                    rows.filter(currency_code=code).update(currency_code=currency)


def find_currency(text):
    return normal_forms.parse_currency(text) or normal_forms.parse_currency(CURRENCY_BY_SYMBOL.get(text.strip()))


def find_locale(text):
    locale = normal_forms.parse_locale(text)
    candidates = (locale, locale and locale.partition("-")[0])
    return next((each for each in candidates if each in normal_forms.locale_names()), None)


def find_time_zone(text):
    other_names = {**get_global("zone_aliases"), **UNITED_STATES}
    return normal_forms.parse_time_zone(text) or normal_forms.parse_time_zone(other_names.get(text))


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0015_customer_country")]

    operations = [
        migrations.RunPython(normalise_merchants, migrations.RunPython.noop),
    ]
