"""Staff discontinue a product in a browser, from its page to the finished progress."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from subscriptions.jobs import replacements
from subscriptions.models import Merchant, Product, Replacement, Subscription
from tests import factories as f


@pytest.fixture
def product(page: Page, portal: str, merchant: Merchant) -> Product:
    """A product with three subscriptions, one of them prepaid, whose page is open."""
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    product: Product = f.ProductFactory(merchant=merchant, image_url=None)
    prepaid = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "autorenew"}
    for more in ({}, {}, prepaid):
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), product=product, **more)
    for name in ("Dark roast", "Light roast"):
        f.ProductFactory(merchant=merchant, name=name, price=14, image_url=None)
    page.goto(f"{portal}/admin/subscriptions/product/{product.pk}/change/")
    return product


def test_the_wizard_leads_to_a_progress_page_that_refreshes(page: Page, product: Product) -> None:
    page.get_by_role("link", name="Discontinue").click()
    expect(page.get_by_text("This product has 3 active subscriptions of 3 customers.")).to_be_visible()
    page.get_by_label("Search for a product").press_sequentially("dark")
    expect(page.get_by_text("Light roast")).to_be_hidden()
    page.get_by_text("Dark roast").click()
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_text("2 of 3 subscriptions are swapped for Dark roast")).to_be_visible()
    expect(page.get_by_text("1 still has prepaid orders to deliver")).to_be_visible()
    assert not Replacement.objects.exists()
    page.get_by_role("button", name="Swap 2 subscriptions").click()

    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    expect(page.get_by_text("0 of 3 subscriptions processed.")).to_be_visible()
    replacements.continue_replacement(Replacement.objects.get().pk)
    expect(bar).to_have_attribute("aria-valuenow", "100")
    expect(page.get_by_text("2 of 3 subscriptions were swapped; 1 was not changed.")).to_be_visible()
    expect(page.get_by_text("While prepaid orders remain, the new product must cost the same.")).to_be_visible()
    assert Subscription.objects.filter(product__name="Dark roast").count() == 2

    page.get_by_role("link", name="Ana Ruiz").click()
    expect(page.get_by_role("term").filter(has_text="Prepaid")).to_be_visible()


def test_the_steps_can_be_retraced_by_keyboard(page: Page, product: Product) -> None:
    page.get_by_role("link", name="Discontinue").click()
    page.get_by_role("radio", name="Cancel the subscriptions").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 3 subscriptions are cancelled")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("What happens to the subscriptions")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Discontinue")).to_be_visible()
    assert not Product.objects.get(pk=product.pk).discontinued
