"""customers.csv: customers with their shipping address and payment."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from subscriptions.importing import addresses_payments, cells, date_cells, stored_rows
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.table import KEEP, Column, Progress, Row, Table, model_column
from subscriptions.models import Address, Customer, Merchant, Payment


def _own_columns(merchant: Merchant) -> list[Column]:
    moment = date_cells.past_moment_reader(merchant.time_zone)
    return [
        model_column(Customer, "merchant_user_id", cells.read_identifier, required=True),
        model_column(Customer, "first_name", required=True),
        model_column(Customer, "last_name", required=True),
        model_column(Customer, "email", cells.read_email, required=True),
        model_column(Customer, "phone_number", cells.phone_reader(merchant.country_code)),
        model_column(Customer, "phone_type", cells.choice_reader(Customer.PhoneType)),
        Column("locale", cells.read_locale, empty=merchant.locale),
        model_column(Customer, "price_code"),
        model_column(Customer, "session_id"),
        model_column(Customer, "user_token_id"),
        model_column(Customer, "extra_data", cells.read_json_object),
        model_column(Customer, "is_test", cells.read_boolean),
        Column("created", moment, empty=KEEP),
        Column("last_login", moment, empty=KEEP),
    ]


def _columns(merchant: Merchant) -> list[Column]:
    return [*_own_columns(merchant), *addresses_payments.address_payment_columns(merchant)]


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, progress: Progress) -> None:
    own = {each.name for each in _own_columns(merchant)}
    addresses = [addresses_payments.read_address(row, report) for row in rows]
    payments = [addresses_payments.read_payment(row, report) for row in rows]
    if report.problems:
        return
    known = load_customers(merchant, rows)
    has_addresses = addresses_payments.live_addresses(merchant, known.values())
    has_payments = addresses_payments.live_payments(merchant, known.values())
    changed: list[Customer] = []
    new: list[Address | Payment] = []
    for row, address, payment in zip(rows, addresses, payments, strict=True):
        customer = known.get(row.values["merchant_user_id"]) or Customer(merchant=merchant, locale=merchant.locale)
        outcome = stored_rows.change_row(customer, {name: value for name, value in row.values.items() if name in own})
        added: list[Address | Payment] = []
        if address and not addresses_payments.is_known(
            has_addresses.get(customer.pk, []), address, addresses_payments.ADDRESS_FIELDS
        ):
            added.append(Address(merchant=merchant, customer=customer, **address))
        if payment and not addresses_payments.is_known(
            has_payments.get(customer.pk, []), payment, addresses_payments.PAYMENT_KEY
        ):
            added.append(Payment(merchant=merchant, customer=customer, **payment))
        report.count(outcome if outcome is Outcome.CREATED or not added else Outcome.UPDATED)
        if added or outcome is not Outcome.UNCHANGED:
            customer.last_updated = timezone.now()
            changed.append(customer)
            new += added
    stored_rows.write_rows(changed, progress, "customers")
    stored_rows.write_rows([each for each in new if isinstance(each, Address)], progress, "addresses")
    stored_rows.write_rows([each for each in new if isinstance(each, Payment)], progress, "payments")


def load_customers(merchant: Merchant, rows: Sequence[Row]) -> dict[Any, Customer]:
    """The stored customers that `rows` name, held until the transaction ends."""
    customers = merchant.customers.select_for_update(no_key=True).order_by("pk")
    names = [row.values["merchant_user_id"] for row in rows]
    return {each.merchant_user_id: each for each in stored_rows.find_rows(customers, "merchant_user_id", names)}


CUSTOMERS = Table("customer", "merchant_user_id", _columns, _save)
