"""Exports are files that can be imported again, and then change nothing."""

import pytest

from subscriptions.importing.exports import export_header, export_rows
from subscriptions.importing.tables import TABLES
from subscriptions.models import Customer, Merchant, Product, ProductGroup, Subscription
from subscriptions.staff.csv_files import csv_lines
from tests.factories import CustomerFactory, ProductFactory, subscription_with_order
from tests.importing.conftest import Load
from tests.rows import read_all_rows


def export_lines(kind: str, merchant: Merchant) -> list[str]:
    return "".join(csv_lines(export_header(kind, merchant), export_rows(kind, merchant))).split("\r\n")


@pytest.fixture
def shop(merchant: Merchant) -> Merchant:
    """A merchant with rows of all kinds, made here, with what files find hard."""
    customer = CustomerFactory(merchant=merchant, phone_number="+1 501 555 0100", extra_data={"note": 'a,"b"\n=c'})
    live = subscription_with_order(customer=customer)
    Product.objects.filter(pk=live.product_id).update(name="=Half & half", every=2, every_period=2)
    group = ProductGroup.objects.create(merchant=merchant, group_type="sku_swap", name="beans")
    live.product.groups.add(group)
    other = subscription_with_order(customer=CustomerFactory(merchant=merchant, phone_number=None))
    Subscription.objects.filter(pk=other.pk).update(external_id="S-1", quantity=2)
    ProductFactory(merchant=merchant, extra_data=None)
    CustomerFactory(merchant=merchant, last_name="＝Ito")
    return merchant


@pytest.mark.parametrize("kind", TABLES)
def test_what_is_exported_changes_nothing_when_it_is_imported(kind: str, shop: Merchant, load: Load) -> None:
    before = read_all_rows()
    lines = export_lines(kind, shop)
    report = load(TABLES[kind], *lines)
    assert report.problems == []
    rows = {"products": Product, "customers": Customer, "subscriptions": Subscription}[kind].objects.count()
    assert str(report) == f"0 created, 0 updated, {rows} unchanged"
    assert read_all_rows() == before
