"""The shipping address and the payment in a row of customers.csv."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from subscriptions.importing import dates, values
from subscriptions.importing import rows as stored
from subscriptions.importing.report import Report
from subscriptions.importing.table import Column, Row, column
from subscriptions.models import Address, Customer, Merchant, Payment

Belonging = TypeVar("Belonging", Address, Payment)

ADDRESS_MUST = ("address", "city", "state_province_code", "zip_postal_code", "country_code")
ADDRESS_FIELDS = ("first_name", "last_name", "company_name", *ADDRESS_MUST, "address2", "phone")
PAYMENT_FIELDS = {
    "payment_token_id": "token_id",
    "payment_method": "payment_method",
    "payment_label": "label",
    "cc_number_ending": "cc_number_ending",
    "cc_type": "cc_type",
    "cc_exp_date": "expires_on",
    "cc_holder": "cc_holder",
}
# What makes two payments the same one; the other fields only describe it.
PAYMENT_KEY = ("token_id", "cc_number_ending", "expires_on")


def columns(merchant: Merchant) -> list[Column]:
    readers = {"phone": values.phone(merchant.country_code), "country_code": values.country}
    about = values.no_card_number(255)
    types = values.choice(Payment.CardType, {"amex": Payment.CardType.AMERICAN_EXPRESS.value})
    return [
        *(column(Address, name, readers.get(name), name=f"shipping_{name}") for name in ADDRESS_FIELDS),
        column(Payment, "token_id", about, name="payment_token_id"),
        column(Payment, "payment_method", values.choice(Payment.Method)),
        column(Payment, "label", about, name="payment_label"),
        column(Payment, "cc_number_ending", values.last_four),
        column(Payment, "cc_type", types),
        column(Payment, "expires_on", dates.expiry, name="cc_exp_date"),
        column(Payment, "cc_holder", about),
    ]


def address(row: Row, report: Report) -> dict[str, Any] | None:
    """The address's fields; none when every shipping cell is empty."""
    given = {name: row.values.get(f"shipping_{name}") for name in ADDRESS_FIELDS}
    if not any(given.values()):
        return None
    for name in ADDRESS_MUST:
        if not given[name]:
            report.problem(row.line, f"shipping_{name}", "is empty; an address needs it.")
    given["first_name"] = given["first_name"] or row.values.get("first_name")
    given["last_name"] = given["last_name"] or row.values.get("last_name")
    return given | {"phone": given["phone"] or "", "company_name": given["company_name"] or None}


def payment(row: Row, report: Report) -> dict[str, Any] | None:
    """The payment's fields; none when every payment cell is empty."""
    given = {field: row.values.get(name) for name, field in PAYMENT_FIELDS.items()}
    if not any(given.values()):
        return None
    given["payment_method"] = given["payment_method"] or Payment.Method.CREDIT_CARD
    if not given["token_id"]:
        report.problem(row.line, "payment_token_id", "is empty; a payment needs the platform's token for it.")
    if given["payment_method"] == Payment.Method.CREDIT_CARD and not given["cc_number_ending"]:
        report.problem(row.line, "cc_number_ending", "is empty; a card needs its last four digits.")
    return given


def live_addresses(merchant: Merchant, customers: Iterable[Customer]) -> dict[int, list[Address]]:
    """Shipping addresses in use by customer, newest first."""
    rows = Address.objects.filter(merchant=merchant, live=True, address_type=Address.Type.SHIPPING)
    return _by_customer(stored.find(rows.order_by("-created", "-pk"), "customer", _keys(customers)))


def live_payments(merchant: Merchant, customers: Iterable[Customer]) -> dict[int, list[Payment]]:
    """Payments in use by customer, newest first."""
    rows = Payment.objects.filter(merchant=merchant, live=True)
    return _by_customer(stored.find(rows.order_by("-created", "-pk"), "customer", _keys(customers)))


def has(mine: Sequence[Address | Payment], given: dict[str, Any], fields: Iterable[str]) -> bool:
    """Whether one of `mine` says the same as `given` in `fields`."""
    return any(all(getattr(each, name) == given[name] for name in fields) for each in mine)


def _keys(customers: Iterable[Customer]) -> list[int]:
    return [customer.pk for customer in customers]


def _by_customer(found: Iterable[Belonging]) -> dict[int, list[Belonging]]:
    mine: dict[int, list[Belonging]] = defaultdict(list)
    for each in found:
        mine[each.customer_id].append(each)
    return mine
