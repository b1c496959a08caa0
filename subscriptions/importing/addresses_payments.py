"""The shipping address and the payment in a row of customers.csv, and the stored ones."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any, TypeVar

from django.db.models import QuerySet

from subscriptions.importing import cells, date_cells
from subscriptions.importing.report import Report
from subscriptions.importing.stored_rows import find_rows
from subscriptions.importing.table import Column, Row, model_column
from subscriptions.models import Address, Customer, Merchant, Payment
from subscriptions.normal_forms import comparable_address

Record = TypeVar("Record", Address, Payment)

REQUIRED_ADDRESS_FIELDS = ("address", "city", "state_province_code", "zip_postal_code", "country_code")
ADDRESS_FIELDS = ("first_name", "last_name", "company_name", *REQUIRED_ADDRESS_FIELDS, "address2", "phone")
PAYMENT_FIELDS = {
    "payment_token_id": "token_id",
    "payment_method": "payment_method",
    "payment_label": "label",
    "cc_number_ending": "cc_number_ending",
    "cc_type": "cc_type",
    "cc_exp_date": "expires_on",
    "cc_holder": "cc_holder",
}
# Payments that agree in these fields are the same; the other fields only describe the payment.
PAYMENT_KEY = ("token_id", "cc_number_ending", "expires_on")


def address_payment_columns() -> list[Column]:
    readers = {"phone": cells.read_phone, "country_code": cells.read_country}
    text = cells.cardless_text_reader(255)
    types = cells.choice_reader(Payment.CardType, {"amex": Payment.CardType.AMERICAN_EXPRESS.value})
    return [
        *(model_column(Address, name, readers.get(name), name=f"shipping_{name}") for name in ADDRESS_FIELDS),
        model_column(Payment, "token_id", text, name="payment_token_id"),
        # No default here: it would be a payment in every row that has none.
        Column("payment_method", cells.choice_reader(Payment.Method)),
        model_column(Payment, "label", text, name="payment_label"),
        model_column(Payment, "cc_number_ending", cells.read_last_four),
        model_column(Payment, "cc_type", types),
        model_column(Payment, "expires_on", date_cells.read_card_expiry, name="cc_exp_date"),
        model_column(Payment, "cc_holder", text),
    ]


def read_address(row: Row, report: Report) -> dict[str, Any] | None:
    """The fields of the address; None when all shipping cells are empty."""
    fields = {name: row.values.get(f"shipping_{name}") for name in ADDRESS_FIELDS}
    if not any(fields.values()):
        return None
    for name in REQUIRED_ADDRESS_FIELDS:
        if not fields[name]:
            report.add_problem(row.line, f"shipping_{name}", "is empty; an address needs it.")
    fields["first_name"] = fields["first_name"] or row.values.get("first_name")
    fields["last_name"] = fields["last_name"] or row.values.get("last_name")
    return fields | {"phone": fields["phone"] or "", "company_name": fields["company_name"] or None}


def read_payment(row: Row, report: Report) -> dict[str, Any] | None:
    """The fields of the payment; None when all payment cells are empty."""
    fields = {field: row.values.get(name) for name, field in PAYMENT_FIELDS.items()}
    if not any(fields.values()):
        return None
    fields["payment_method"] = fields["payment_method"] or Payment.Method.CREDIT_CARD
    if not fields["token_id"]:
        report.add_problem(row.line, "payment_token_id", "is empty; a payment needs the platform's token for it.")
    if fields["payment_method"] == Payment.Method.CREDIT_CARD and not fields["cc_number_ending"]:
        report.add_problem(row.line, "cc_number_ending", "is empty; a card needs its last four digits.")
    return fields


def live_addresses(merchant: Merchant, customers: Iterable[Customer]) -> dict[int, list[Address]]:
    """The shipping addresses in use, newest first, by the key of their customer."""
    return _by_customer(Address.objects.filter(merchant=merchant, address_type=Address.Type.SHIPPING), customers)


def live_payments(merchant: Merchant, customers: Iterable[Customer]) -> dict[int, list[Payment]]:
    """The payments in use, newest first, by the key of their customer."""
    return _by_customer(Payment.objects.filter(merchant=merchant), customers)


def _by_customer(records: QuerySet[Record], customers: Iterable[Customer]) -> dict[int, list[Record]]:
    keys = [customer.pk for customer in customers]
    found: dict[int, list[Record]] = defaultdict(list)
    for record in find_rows(records.filter(live=True).order_by("-created", "-pk"), "customer", keys):
        found[record.customer_id].append(record)
    return found


def is_known_address(records: Sequence[Address], values: dict[str, Any]) -> bool:
    """Whether one of `records` is the address with these `values`, in any spelling."""
    wanted = comparable_address(values)
    return any(comparable_address(vars(record)) == wanted for record in records)


def is_known_payment(records: Sequence[Payment], values: dict[str, Any]) -> bool:
    """Whether one of `records` has the token, ending and expiry in `values`."""
    return any(all(getattr(record, field) == values[field] for field in PAYMENT_KEY) for record in records)


def hide_card_numbers(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """The cells of a record, in columns of these names, without card numbers where no import would keep them.

    Other columns may hold ids that have as many digits.
    """
    hides = (not name or name in PAYMENT_FIELDS for name in names)
    pairs = zip(texts, chain(hides, repeat(True)), strict=False)
    return [cells.CARD_NUMBER.sub("…", text) if hide else text for text, hide in pairs]
