"""Who may use the wizard, and that its queries do not grow with the data."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import product as verbs
from subscriptions.jobs import replacements
from subscriptions.models import Activity, Merchant, Product, Replacement, Role
from tests import factories as f
from tests.admin.discontinue_wizard.steps import BUTTON, PREPAID, Login, create_subscriptions, wizard_page
from tests.rows import read_all_rows


@pytest.mark.parametrize("role", Role.values)
def test_the_wizard_is_for_owners(role: str, merchant: Merchant, product: Product, login: Login) -> None:
    create_subscriptions(product)
    client = login(merchant, role)
    may = role == Role.OWNER
    before = read_all_rows()
    assert (BUTTON in client.get(wizard_page(product, "change")).content.decode()) is may
    assert client.get(wizard_page(product)).status_code == (200 if may else 403)
    assert client.get(wizard_page(product), {"choice": "end"}).status_code == (200 if may else 403)
    assert read_all_rows() == before
    assert client.post(wizard_page(product), {"choice": "end"}).status_code == (302 if may else 403)
    assert Replacement.objects.count() == may
    run = verbs.discontinue_product(f.ProductFactory(merchant=merchant), actor=f.STAFF)
    assert client.get(f"/admin/subscriptions/replacement/{run.pk}/change/").status_code == 200


def test_another_merchants_product_is_not_there(staff: Client) -> None:
    foreign = f.ProductFactory()
    create_subscriptions(foreign)
    before = read_all_rows()
    assert staff.get(wizard_page(foreign)).status_code == 404
    assert staff.post(wizard_page(foreign), {"choice": "end"}).status_code == 404
    assert read_all_rows() == before
    assert not Activity.objects.exists()


def test_the_number_of_queries_does_not_grow(staff: Client, product: Product, dark: Product) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(address).status_code == 200
        return len(captured)

    create_subscriptions(product)
    pages = [wizard_page(product), f"{wizard_page(product)}?choice={dark.pk}", wizard_page(product, "change")]
    few = [queries(page) for page in pages]
    create_subscriptions(product, 10, **PREPAID)
    f.ProductFactory.create_batch(8, merchant=product.merchant)
    assert [queries(page) for page in pages] == few
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=dark)
    replacements.continue_replacement(run.pk)
    assert queries(f"/admin/subscriptions/replacement/{run.pk}/change/") <= 8
    assert max(few) <= 14
