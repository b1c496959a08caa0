"""The second step previews the change, and its confirmation begins the run."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from subscriptions.actions import product as verbs
from subscriptions.jobs import replacements
from subscriptions.models import Merchant, Order, Product, Replacement
from tests import factories as f
from tests.admin.discontinue_wizard.steps import PREPAID, create_relationship, create_subscriptions, wizard_page
from tests.admin.pages import visible_text
from tests.rows import read_all_rows


def test_the_preview_of_a_swap_says_what_changes_and_what_stays(staff: Client, product: Product, dark: Product) -> None:
    create_subscriptions(product, 2)
    create_subscriptions(product, 1, price=Decimal("9.00"))
    create_subscriptions(product, 1, **PREPAID)
    (placing,) = create_subscriptions(product, 1)
    Order.objects.filter(items__subscription=placing).update(locked=True)
    shown = visible_text(staff.get(wizard_page(product), {"choice": dark.pk}))
    assert "3 of 5 subscriptions are swapped for Dark roast" in shown
    assert (
        "The unit price changes from USD 12.50 to USD 14.00 , from the next order on. 1 of them keeps a locked price."
        in shown
    )
    assert "1 still has prepaid orders to deliver, and the new product has a different price." in shown
    assert "1 has an order that is being placed right now." in shown
    assert "sends the event ordergroove.subscription.sku_swap" in shown


def test_the_preview_agrees_with_the_result(staff: Client, product: Product, dark: Product) -> None:
    create_subscriptions(product, 2)
    create_subscriptions(product, 1, **PREPAID)
    create_subscriptions(product, 1, price=Decimal("9.00"), **PREPAID)
    (placing,) = create_subscriptions(product, 1)
    Order.objects.filter(items__subscription=placing).update(locked=True)
    impact = staff.get(wizard_page(product), {"choice": dark.pk}).context["impact"]
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=dark)
    replacements.continue_replacement(run.pk)
    run.refresh_from_db()
    assert (impact.total, impact.changed) == (run.total, run.done) == (5, 3)


def test_prepaid_subscriptions_are_swapped_at_the_same_price(staff: Client, product: Product, dark: Product) -> None:
    Product.objects.filter(pk=dark.pk).update(price=product.price)
    create_subscriptions(product, 1, **PREPAID)
    shown = visible_text(staff.get(wizard_page(product), {"choice": dark.pk}))
    assert "1 of 1 subscription is swapped for Dark roast The unit price stays at USD 12.50." in shown
    assert "stay as they are" not in shown


def test_the_preview_of_an_end_counts_prepaid_orders(staff: Client, product: Product) -> None:
    create_subscriptions(product, 2)
    create_subscriptions(product, 1, **PREPAID)
    shown = visible_text(staff.get(wizard_page(product), {"choice": "end"}))
    assert "2 of 3 subscriptions are cancelled" in shown
    assert "1 still has prepaid orders to deliver." in shown
    assert "sends the event ordergroove.subscription.cancel" in shown


@pytest.mark.parametrize(
    ("kind", "told"), [("discontinued_replacement", True), ("discontinued_silent_replacement", False)]
)
def test_the_relationship_decides_whether_an_event_is_proposed(
    staff: Client, product: Product, dark: Product, kind: str, told: bool
) -> None:
    create_subscriptions(product)
    create_relationship(product, dark, kind)
    answer = staff.get(wizard_page(product), {"choice": dark.pk}).content.decode()
    assert bool(re.search(r'name="tell"[^>]*checked', answer)) is told


@pytest.mark.parametrize("choice", ["", "x", "0", "-1", "9" * 30, "itself", "foreign", "not for sale"])
def test_an_invalid_choice_leads_back_with_the_reason(
    staff: Client, merchant: Merchant, product: Product, choice: str
) -> None:
    create_subscriptions(product)
    named = {
        "itself": product,
        "foreign": f.ProductFactory(),
        "not for sale": f.ProductFactory(merchant=merchant, autoship_enabled=False),
    }
    value = named[choice].pk if choice in named else choice
    before = read_all_rows()
    assert b"choose another" in staff.get(wizard_page(product), {"choice": value}, follow=True).content
    assert b"choose another" in staff.post(wizard_page(product), {"choice": value}, follow=True).content
    assert read_all_rows() == before


@pytest.mark.parametrize("tell", [True, False])
def test_the_confirmation_begins_and_leads_to_the_progress(
    staff: Client, product: Product, dark: Product, tell: bool
) -> None:
    create_subscriptions(product)
    answer = staff.post(wizard_page(product), {"choice": dark.pk, **({"tell": "on"} if tell else {})})
    run = Replacement.objects.get()
    assert answer["Location"] == f"/admin/subscriptions/replacement/{run.pk}/change/"
    assert (run.product, run.substitute, run.silent, run.total) == (product, dark, not tell, 1)
    assert (run.actor["kind"], run.actor["name"]) == ("staff", "Sam Staff")
    assert Product.objects.get(pk=product.pk).discontinued
