"""Checks a row of subscriptions.csv against its own cells and against the stored rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from common.web.public_ids import parse_public_id
from subscriptions import calendar
from subscriptions.importing.addresses_payments import live_addresses, live_payments
from subscriptions.importing.customers import load_customers
from subscriptions.importing.product_rows import load_products
from subscriptions.importing.report import Report
from subscriptions.importing.stored_rows import find_rows
from subscriptions.importing.table import Row
from subscriptions.models import Address, Customer, Merchant, Payment, Product, Subscription

PREPAID = ("prepaid_orders_per_billing", "prepaid_orders_remaining", "renewal_behavior")


class Status(models.TextChoices):
    ACTIVE = "active", "live"
    CANCELLED = "cancelled", "canceled"


@dataclass(init=False)
class References:
    """What the rows of a file refer to, by the merchant's own ids; addresses and payments by customer, newest first."""

    customers: dict[Any, Customer]
    products: dict[str, Product]
    subscriptions: dict[str, Subscription]
    addresses: dict[int, list[Address]]
    payments: dict[int, list[Payment]]

    def __init__(self, merchant: Merchant, rows: Sequence[Row]) -> None:
        # Customers first: this locks them, and every action on their subscriptions waits for that lock.
        self.customers = load_customers(merchant, rows)
        self.products = load_products(merchant.products.all(), (row.values["external_product_id"] for row in rows))
        self.subscriptions = _known_subscriptions(merchant, [row.values["external_id"] for row in rows])
        self.addresses = live_addresses(merchant, self.customers.values())
        self.payments = live_payments(merchant, self.customers.values())


def subscription_id(subscription: Subscription) -> str:
    """What files name a subscription by: its id at the shop, or here if it was not imported."""
    return subscription.external_id or subscription.public_id.hex


def _known_subscriptions(merchant: Merchant, ids: Sequence[str]) -> dict[str, Subscription]:
    known = merchant.subscriptions.select_related("product", "customer")
    made_here = known.filter(external_id=None)
    public_ids = [public_id for each in ids if (public_id := parse_public_id(each))]
    found = [*find_rows(known, "external_id", ids), *find_rows(made_here, "public_id", public_ids)]
    return {subscription_id(subscription): subscription for subscription in found}


def is_cancelled(row: Row) -> bool:
    """Whether the status says so; without a status, whether there is a cancel date."""
    status = row.values.get("status")
    return status == Status.CANCELLED if status else bool(row.values.get("cancelled"))


def check_row(row: Row, references: References, merchant: Merchant, report: Report) -> None:
    """Report everything that is wrong with `row`."""
    _check_status(row, report)
    _check_prepaid(row, report)
    if row.values["external_product_id"] not in references.products:
        _report_missing(row, "external_product_id", "product", report)
    if row.values["merchant_user_id"] not in references.customers:
        _report_missing(row, "merchant_user_id", "customer", report)
    elif known := references.subscriptions.get(row.values["external_id"]):
        _check_known(row, known, report)
    else:
        _check_new(row, references, merchant, report)


def _report_missing(row: Row, column: str, noun: str, report: Report) -> None:
    report.add_problem(row.line, column, f"there is no {noun} “{row.values[column]}”; import the {noun}s first.")


def _check_status(row: Row, report: Report) -> None:
    if is_cancelled(row):
        if not row.values.get("cancelled"):
            report.add_problem(
                row.line, "cancelled", "is empty; a cancelled subscription needs the day it was cancelled."
            )
        return
    for name in ("cancelled", "cancel_reason"):
        if row.values.get(name):
            report.add_problem(
                row.line, name, "is filled on a live subscription; empty it, or set status to cancelled."
            )


def _check_prepaid(row: Row, report: Report) -> None:
    filled = [name for name in PREPAID if row.values.get(name) is not None]
    if filled and len(filled) < len(PREPAID):
        report.add_problem(row.line, filled[0], f"a prepaid subscription needs all of {', '.join(PREPAID)}.")


def _check_known(row: Row, known: Subscription, report: Report) -> None:
    if known.customer.merchant_user_id != row.values["merchant_user_id"]:
        owner = known.customer.merchant_user_id
        report.add_problem(
            row.line, "merchant_user_id", f"the subscription belongs to customer “{owner}” and cannot move to another."
        )
    fixed = {
        "quantity": known.quantity,
        "price": known.price,
        "external_product_id": known.product.external_product_id,
    }
    for name, value in fixed.items():
        if known.has_prepaid and row.values.get(name, value) != value:
            report.add_problem(row.line, name, f"a prepaid subscription does not allow this change; it is {value}.")


def _check_new(row: Row, references: References, merchant: Merchant, report: Report) -> None:
    customer = references.customers[row.values["merchant_user_id"]]
    for records, noun in ((references.addresses, "shipping address"), (references.payments, "payment")):
        if not records.get(customer.pk):
            user_id = row.values["merchant_user_id"]
            report.add_problem(
                row.line,
                "merchant_user_id",
                f"customer “{user_id}” has no {noun}; import it with customers.csv first.",
            )
    if is_cancelled(row):
        return
    product = references.products.get(row.values["external_product_id"])
    if product and product.discontinued:
        report.add_problem(
            row.line,
            "external_product_id",
            "this product is discontinued; give another one, or cancel the subscription.",
        )
    day, today = row.values.get("next_order_date"), calendar.today(merchant.time_zone)
    if day and day <= today:
        report.add_problem(
            row.line, "next_order_date", "is not after today; give a day from tomorrow on, or leave it empty."
        )
