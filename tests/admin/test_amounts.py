"""Every amount on the staff pages has its currency."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from subscriptions.actions import item as item_actions
from subscriptions.actions import subscription as verbs
from subscriptions.models import Activity, Item, Merchant, Order, Product, Role, Subscription
from subscriptions.money import money
from tests import factories as f
from tests.admin.conftest import World
from tests.admin.pages import visible_text
from tests.admin.test_tenants import ADMINS

Login = Callable[..., Client]
AMOUNT = re.compile(r"(\S*)[ \xa0]?(?<![\d.,])\d[\d,]*\.\d\d(?![\d.])")


@pytest.fixture
def priced(own: World) -> World:
    """Amounts of every kind, in another currency than the default."""
    Merchant.objects.filter(pk=own.merchant.pk).update(currency_code="EUR", shipping_rate="4.90")
    Subscription.objects.filter(merchant=own.merchant).update(currency_code="EUR")
    Order.objects.filter(merchant=own.merchant).update(currency_code="EUR")
    live = Subscription.objects.get(pk=own.rows[Subscription].pk)
    verbs.change_price(live, actor=f.STAFF, price=Decimal("9.50"))
    item_actions.change_price(Item.objects.get(subscription=live), actor=f.STAFF, price=Decimal("8.25"))
    Order.objects.filter(merchant=own.merchant).update(
        sub_total="21.00", shipping_total="4.90", discount_total="4.00", total="25.90"
    )
    return own


def pages_of(world: World) -> list[str]:
    bases = [(f"/admin/{one.opts.app_label}/{one.opts.model_name}/", world.rows[one.model].pk) for one in ADMINS]
    discontinue = f"/admin/subscriptions/product/{world.rows[Product].pk}/discontinue/"
    own_pages = ["/admin/", "/admin/numbers/", "/admin/jobs/", discontinue]
    return [*own_pages, *(base for base, _ in bases), *(f"{base}{pk}/change/" for base, pk in bases)]


@pytest.mark.parametrize("role", [Role.OWNER, Role.READ_ONLY])
def test_every_amount_has_its_currency(role: str, priced: World, login: Login) -> None:
    client = login(priced.merchant, role)
    bare, amounts = {}, 0
    for page in pages_of(priced):
        answer = client.get(page, follow=True)
        if answer.status_code == 403:
            continue
        # Payloads and posts are shown as they were sent, with the currency in a key of its own.
        answer.content = re.sub(rb"(?s)<(pre|textarea|script)\b.*?</\1>", b"", answer.content)
        text = visible_text(answer)
        bare[page] = [found[0] for found in AMOUNT.finditer(text) if found[1].lstrip("−") != "EUR"]
        amounts += text.count("EUR ")
    assert {page: found for page, found in bare.items() if found} == {}
    assert amounts >= 20


def test_the_amounts_of_each_row_are_in_its_own_currency(priced: World, login: Login) -> None:
    Merchant.objects.filter(pk=priced.merchant.pk).update(currency_code="GBP")
    client = login(priced.merchant)

    def shown(model: type) -> str:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{priced.rows[model].pk}/change/"
        return visible_text(client.get(page))

    assert "Unit price EUR 9.50, locked" in shown(Subscription)
    assert "Discounts, already deducted −EUR 4.00" in shown(Order) and "Total EUR 25.90" in shown(Order)
    assert "GBP 12.50" in shown(Product)
    assert "Shipping per order (GBP)" in shown(Merchant)


def test_readers_see_the_shipping_rate_with_its_currency(priced: World, login: Login) -> None:
    page = f"/admin/subscriptions/merchant/{priced.merchant.pk}/change/"
    assert "Shipping per order EUR 4.90" in visible_text(login(priced.merchant, Role.READ_ONLY).get(page))


def test_the_activity_names_the_currency_of_a_changed_price(priced: World) -> None:
    sentences = list(
        Activity.objects.filter(merchant=priced.merchant).order_by("-pk").values_list("sentence", flat=True)[:2]
    )
    assert sentences == [
        "Changed the price of Home blend from EUR 9.50 to EUR 8.25, in this order.",
        "Locked the price of Home blend at EUR 9.50.",
    ]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "USD 0.00"), ("999.99", "USD 999.99"), ("1000", "USD 1,000.00"), ("1234567.5", "USD 1,234,567.50")],
)
def test_thousands_are_grouped(amount: str, text: str) -> None:
    assert money(Decimal(amount), "USD") == text
