"""The first step lists the subscriptions and proposes replacements for the product."""

import re

from django.http import HttpResponse
from django.test import Client
from django.utils.formats import date_format

from subscriptions.models import Item, Merchant, Product, ProductGroup
from tests import factories as f
from tests.admin.discontinue_wizard.steps import create_relationship, create_subscriptions, wizard_page
from tests.admin.pages import visible_text


def offered_choices(answer: HttpResponse) -> list[str]:
    return re.findall(r'name="choice" form="choice" value="(\w+)"', answer.content.decode())


def test_the_first_step_lists_the_live_subscriptions(staff: Client, product: Product, dark: Product) -> None:
    (subscription,) = create_subscriptions(product)
    create_subscriptions(dark)
    answer = staff.get(wizard_page(product))
    assert (
        "Discontinue House blend 1. Choose 2. Check 3. Progress This product has 1 active subscription of 1 customer."
        in visible_text(answer)
    )
    item = Item.objects.select_related("order").get(subscription=subscription)
    day = date_format(item.order.place_date, "N j, Y")
    assert f"Ana Ruiz 2 Every 2 weeks {day} USD 12.50" in visible_text(answer)
    assert f"/customer/{subscription.customer_id}/change/".encode() in answer.content


def test_the_list_has_pages(staff: Client, product: Product) -> None:
    create_subscriptions(product, 11)
    assert "Page 1 of 2" in visible_text(staff.get(wizard_page(product)))
    last = staff.get(wizard_page(product), {"page": 2})
    assert visible_text(last).count("Every 2 weeks") == 1


def test_the_related_product_is_proposed_first_and_its_group_next(
    staff: Client, merchant: Merchant, product: Product, dark: Product
) -> None:
    create_subscriptions(product)
    create_relationship(product, dark)
    early, mate = f.ProductFactory(merchant=merchant, name="Aaa"), f.ProductFactory(merchant=merchant, name="Zzz")
    group = ProductGroup.objects.create(merchant=merchant, group_type="sku_swap", name="beans")
    group.products.add(product, mate)
    f.ProductFactory(merchant=merchant, autoship_enabled=False)
    f.ProductFactory(merchant=merchant, autoship_enabled=False, live=False, discontinued=True)
    f.ProductFactory()
    answer = staff.get(wizard_page(product))
    assert offered_choices(answer) == [str(dark.pk), "end", str(mate.pk), str(early.pk)]
    assert re.search(rf'value="{dark.pk}" required checked', answer.content.decode())


def test_an_unusable_relationship_is_shown_with_the_reason(staff: Client, product: Product, dark: Product) -> None:
    create_subscriptions(product)
    create_relationship(product, dark)
    Product.objects.filter(pk=dark.pk).update(autoship_enabled=False)
    answer = staff.get(wizard_page(product))
    assert offered_choices(answer) == ["end"]
    assert "names Dark roast as the replacement, but: The replacement cannot be subscribed to" in visible_text(answer)


def test_other_products_are_found_by_name_sku_and_id(staff: Client, product: Product, dark: Product) -> None:
    create_subscriptions(product)
    for term in ("roast", "dark-1", dark.external_product_id, "dark roast"):
        assert offered_choices(staff.get(wizard_page(product), {"q": term})) == ["end", str(dark.pk)]
    for unreadable in ({"q": "li\0ght"}, {"page": "9" * 5000}):
        assert staff.get(wizard_page(product), unreadable).status_code == 400
    nothing = staff.get(wizard_page(product), {"q": "light"})
    assert offered_choices(nothing) == ["end"]
    assert "No product that customers can subscribe to matches your search." in visible_text(nothing)


def test_without_other_products_the_page_says_so(staff: Client, product: Product) -> None:
    create_subscriptions(product)
    assert "There are no other products that customers can subscribe to." in visible_text(
        staff.get(wizard_page(product))
    )
