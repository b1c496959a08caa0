"""customers.csv: customers with their shipping address and payment."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from subscriptions.importing import cells, date_cells
from subscriptions.importing.addresses_payments import (
    address_payment_columns,
    is_known_address,
    is_known_payment,
    live_addresses,
    live_payments,
    read_address,
    read_payment,
)
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.stored_rows import change_row, find_rows, write_rows
from subscriptions.importing.table import KEEP, Column, Progress, Row, Table, model_column
from subscriptions.models import Address, Customer, Merchant, Payment
from subscriptions.normal_forms import comparable, comparable_phone, parse_phone


def _own_columns(merchant: Merchant) -> list[Column]:
    moment = date_cells.past_moment_reader(merchant.time_zone)
    return [
        model_column(Customer, "merchant_user_id", cells.read_identifier, required=True),
        model_column(Customer, "first_name", required=True),
        model_column(Customer, "last_name", required=True),
        model_column(Customer, "email", cells.read_email, required=True),
        model_column(Customer, "phone_number", cells.read_phone),
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
    return [*_own_columns(merchant), *address_payment_columns()]


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, progress: Progress) -> None:
    own_names = {column.name for column in _own_columns(merchant)}
    addresses = [read_address(row, report) for row in rows]
    payments = [read_payment(row, report) for row in rows]
    if report.problems:
        return
    known = load_customers(merchant, rows)
    known_addresses = live_addresses(merchant, known.values())
    known_payments = live_payments(merchant, known.values())
    changed: list[Customer] = []
    new_addresses: list[Address] = []
    new_payments: list[Payment] = []
    customers = [
        known.get(row.values["merchant_user_id"]) or Customer(merchant=merchant, locale=merchant.locale) for row in rows
    ]
    for row, customer, address, payment in zip(rows, customers, addresses, payments, strict=True):
        has_new_address = address and not is_known_address(known_addresses.get(customer.pk, []), address)
        has_new_payment = payment and not is_known_payment(known_payments.get(customer.pk, []), payment)
        if address and has_new_address:
            customer.country_code = address["country_code"]
        values = {name: value for name, value in row.values.items() if name in own_names}
        outcome = change_row(customer, _without_respelling(customer, values))
        if address and has_new_address:
            new_addresses.append(Address(merchant=merchant, customer=customer, **address))
        if payment and has_new_payment:
            new_payments.append(Payment(merchant=merchant, customer=customer, **payment))
        if outcome is Outcome.UNCHANGED and (has_new_address or has_new_payment):
            outcome = Outcome.UPDATED
        report.count(outcome)
        if outcome is not Outcome.UNCHANGED:
            customer.last_updated = timezone.now()
            changed.append(customer)
    _report_invalid_phones(rows, customers, report)
    write_rows(changed, progress, "customers")
    write_rows(new_addresses, progress, "addresses")
    write_rows(new_payments, progress, "payments")


def _without_respelling(customer: Customer, values: dict[str, Any]) -> dict[str, Any]:
    """`values` without an e-mail address or phone number that the stored row spells in another way."""
    region = customer.phone_region
    same = {
        "email": comparable(values["email"]) == comparable(customer.email),
        "phone_number": comparable_phone(values.get("phone_number"), region)
        == comparable_phone(customer.phone_number, region),
    }
    return {name: value for name, value in values.items() if not same.get(name)}


def _report_invalid_phones(rows: Sequence[Row], customers: Sequence[Customer], report: Report) -> None:
    lines = [
        row.line
        for row, customer in zip(rows, customers, strict=True)
        if row.values.get("phone_number") and not parse_phone(row.values["phone_number"], customer.phone_region)
    ]
    if lines:
        report.add_remark(
            "Phone numbers that are not valid in the customer's country",
            lines,
            "They are kept as they are and sent to nobody; write them like +12125550123.",
        )


def load_customers(merchant: Merchant, rows: Sequence[Row]) -> dict[Any, Customer]:
    """The stored customers of `rows` by the merchant's own id, locked until the transaction ends."""
    customers = merchant.customers.select_for_update(no_key=True).order_by("pk")
    user_ids = [row.values["merchant_user_id"] for row in rows]
    return {customer.merchant_user_id: customer for customer in find_rows(customers, "merchant_user_id", user_ids)}


CUSTOMERS = Table("customer", "merchant_user_id", _columns, _save)
