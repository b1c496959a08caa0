"""customers.csv: customers with their shipping address and payment."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from subscriptions.importing import addresses_payments, dates, values
from subscriptions.importing import rows as stored
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.table import KEEP, Column, Row, Step, Table, column
from subscriptions.models import Address, Customer, Merchant, Payment


def _own_columns(merchant: Merchant) -> list[Column]:
    moment = dates.past_moment(merchant.time_zone)
    return [
        column(Customer, "merchant_user_id", values.identifier, required=True),
        column(Customer, "first_name", required=True),
        column(Customer, "last_name", required=True),
        column(Customer, "email", values.email, required=True),
        column(Customer, "phone_number", values.phone(merchant.country_code)),
        column(Customer, "phone_type", values.choice(Customer.PhoneType)),
        Column("locale", values.locale, empty=merchant.locale),
        column(Customer, "price_code"),
        column(Customer, "session_id"),
        column(Customer, "user_token_id"),
        column(Customer, "extra_data", values.mapping),
        column(Customer, "is_test", values.boolean),
        Column("created", moment, empty=KEEP),
        Column("last_login", moment, empty=KEEP),
    ]


def _columns(merchant: Merchant) -> list[Column]:
    return [*_own_columns(merchant), *addresses_payments.columns(merchant)]


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, step: Step) -> None:
    own = {each.name for each in _own_columns(merchant)}
    addresses = [addresses_payments.address(row, report) for row in rows]
    payments = [addresses_payments.payment(row, report) for row in rows]
    if report.problems:
        return
    known = by_user_id(merchant, rows)
    has_addresses = addresses_payments.live_addresses(merchant, known.values())
    has_payments = addresses_payments.live_payments(merchant, known.values())
    changed: list[Customer] = []
    new: list[Address | Payment] = []
    for row, address, payment in zip(rows, addresses, payments, strict=True):
        customer = known.get(row.values["merchant_user_id"]) or Customer(merchant=merchant, locale=merchant.locale)
        outcome = stored.change(customer, {name: value for name, value in row.values.items() if name in own})
        added: list[Address | Payment] = []
        if address and not addresses_payments.has(
            has_addresses.get(customer.pk, []), address, addresses_payments.ADDRESS_FIELDS
        ):
            added.append(Address(merchant=merchant, customer=customer, **address))
        if payment and not addresses_payments.has(
            has_payments.get(customer.pk, []), payment, addresses_payments.PAYMENT_KEY
        ):
            added.append(Payment(merchant=merchant, customer=customer, **payment))
        report.count(outcome if outcome is Outcome.CREATED or not added else Outcome.UPDATED)
        if added or outcome is not Outcome.UNCHANGED:
            customer.last_updated = timezone.now()
            changed.append(customer)
            new += added
    stored.write(changed, step, "customers")
    stored.write([each for each in new if isinstance(each, Address)], step, "addresses")
    stored.write([each for each in new if isinstance(each, Payment)], step, "payments")


def by_user_id(merchant: Merchant, rows: Sequence[Row]) -> dict[Any, Customer]:
    """The stored customers that `rows` name, held until the transaction ends."""
    customers = merchant.customers.select_for_update(no_key=True).order_by("pk")
    names = [row.values["merchant_user_id"] for row in rows]
    return {each.merchant_user_id: each for each in stored.find(customers, "merchant_user_id", names)}


CUSTOMERS = Table("customer", "merchant_user_id", _columns, _save)
