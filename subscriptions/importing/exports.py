"""Writes a merchant's rows as the files that can be imported again, which then change nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model

from subscriptions.importing.addresses_payments import ADDRESS_FIELDS, PAYMENT_FIELDS, live_addresses, live_payments
from subscriptions.importing.stored_rows import CHUNK
from subscriptions.importing.subscription_checks import Status, subscription_id
from subscriptions.importing.tables import TABLES
from subscriptions.models import Customer, ImportRun, Item, Merchant, OrderStatus, Product, Subscription

Cells = dict[str, Any]


def export_header(kind: str, merchant: Merchant) -> list[str]:
    return [column.name for column in TABLES[kind].columns(merchant)]


def export_rows(kind: str, merchant: Merchant) -> Iterator[list[Any]]:
    """The cells of all rows of `kind`, the oldest first, read in chunks while they are sent."""
    rows, chunk_cells = EXPORTS[kind]
    header, zone = export_header(kind, merchant), ZoneInfo(merchant.time_zone)
    keys = rows(merchant).order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK)
    while chunk := list(islice(keys, CHUNK)):
        found = rows(merchant).in_bulk(chunk)
        present = [found[key] for key in chunk if key in found]
        for row, cells in zip(present, chunk_cells(merchant, present), strict=True):
            yield [write_cell(cells[name] if name in cells else _field_value(row, name), zone) for name in header]


def _field_value(row: Model, name: str) -> Any:
    """The value of the field; of one with choices, the words for it."""
    field = row._meta.get_field(name)
    return getattr(row, f"get_{name}_display")() if getattr(field, "choices", None) else getattr(row, name)


def write_cell(value: Any, zone: ZoneInfo) -> Any:
    """`value` as `cells` and `date_cells` read it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case datetime():
            return value.astimezone(zone).isoformat(sep=" ")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _product_cells(merchant: Merchant, products: Sequence[Product]) -> Iterator[Cells]:
    for product in products:
        groups = sorted((group.group_type, group.name) for group in product.groups.all())
        yield {"groups": "|".join(f"{kind}:{name}" for kind, name in groups)}


def _customer_cells(merchant: Merchant, customers: Sequence[Customer]) -> Iterator[Cells]:
    """With the newest address and the newest payment, which new subscriptions take."""
    addresses, payments = live_addresses(merchant, customers), live_payments(merchant, customers)
    for customer in customers:
        address = next(iter(addresses.get(customer.pk, ())), None)
        payment = next(iter(payments.get(customer.pk, ())), None)
        cells = {f"shipping_{name}": address and getattr(address, name) for name in ADDRESS_FIELDS}
        cells |= {name: payment and _field_value(payment, field) for name, field in PAYMENT_FIELDS.items()}
        expiry = payment and payment.expires_on
        yield cells | {"cc_exp_date": f"{expiry:%m/%Y}" if expiry else None}


def _subscription_cells(merchant: Merchant, subscriptions: Sequence[Subscription]) -> Iterator[Cells]:
    upcoming = Item.objects.filter(
        subscription__in=subscriptions, upcoming=True, order__merchant=merchant, order__status=OrderStatus.UNSENT
    )
    days = dict(upcoming.values_list("subscription", "order__place_date"))
    for subscription in subscriptions:
        yield {
            "external_id": subscription_id(subscription),
            "merchant_user_id": subscription.customer.merchant_user_id,
            "external_product_id": subscription.product.external_product_id,
            "status": Status.ACTIVE.value if subscription.live else Status.CANCELLED.value,
            "next_order_date": days.get(subscription.pk) if subscription.live else None,
        }


Kind = ImportRun.Kind
EXPORTS: dict[str, tuple[Callable[[Merchant], Any], Callable[[Merchant, Any], Iterator[Cells]]]] = {
    Kind.PRODUCTS: (lambda merchant: merchant.products.prefetch_related("groups"), _product_cells),
    Kind.CUSTOMERS: (lambda merchant: merchant.customers.all(), _customer_cells),
    Kind.SUBSCRIPTIONS: (
        lambda merchant: merchant.subscriptions.select_related("customer", "product"),
        _subscription_cells,
    ),
}
