"""The shipping address and the payment in a row of customers.csv."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from subscriptions.importing import cells, date_cells, stored_rows
from subscriptions.importing.report import Report
from subscriptions.importing.table import Column, Row, model_column
from subscriptions.models import Address, Customer, Merchant, Payment

Record = TypeVar("Record", Address, Payment)

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


def address_payment_columns(merchant: Merchant) -> list[Column]:
    readers = {"phone": cells.phone_reader(merchant.country_code), "country_code": cells.read_country}
    about = cells.cardless_text_reader(255)
    types = cells.choice_reader(Payment.CardType, {"amex": Payment.CardType.AMERICAN_EXPRESS.value})
    return [
        *(model_column(Address, name, readers.get(name), name=f"shipping_{name}") for name in ADDRESS_FIELDS),
        model_column(Payment, "token_id", about, name="payment_token_id"),
        model_column(Payment, "payment_method", cells.choice_reader(Payment.Method)),
        model_column(Payment, "label", about, name="payment_label"),
        model_column(Payment, "cc_number_ending", cells.read_last_four),
        model_column(Payment, "cc_type", types),
        model_column(Payment, "expires_on", date_cells.read_card_expiry, name="cc_exp_date"),
        model_column(Payment, "cc_holder", about),
    ]


def read_address(row: Row, report: Report) -> dict[str, Any] | None:
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


def read_payment(row: Row, report: Report) -> dict[str, Any] | None:
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
    return _by_customer(stored_rows.find_rows(rows.order_by("-created", "-pk"), "customer", _keys(customers)))


def live_payments(merchant: Merchant, customers: Iterable[Customer]) -> dict[int, list[Payment]]:
    """Payments in use by customer, newest first."""
    rows = Payment.objects.filter(merchant=merchant, live=True)
    return _by_customer(stored_rows.find_rows(rows.order_by("-created", "-pk"), "customer", _keys(customers)))


def is_known(mine: Sequence[Address | Payment], given: dict[str, Any], fields: Iterable[str]) -> bool:
    """Whether one of `mine` says the same as `given` in `fields`."""
    return any(all(getattr(each, name) == given[name] for name in fields) for each in mine)


def _keys(customers: Iterable[Customer]) -> list[int]:
    return [customer.pk for customer in customers]


def _by_customer(found: Iterable[Record]) -> dict[int, list[Record]]:
    mine: dict[int, list[Record]] = defaultdict(list)
    for each in found:
        mine[each.customer_id].append(each)
    return mine
