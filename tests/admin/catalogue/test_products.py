"""The page of a product: what it says, and what its buttons change."""

from decimal import Decimal

import pytest
from django.test import Client

from subscriptions.actions.offer import create_offer
from subscriptions.actions.offer_terms import Gives, Orders, Terms
from subscriptions.models import (
    AuditEntry,
    Merchant,
    Order,
    Product,
    ProductGroup,
    Resource,
    ResourceGrant,
    Subscription,
)
from tests import factories as f
from tests.admin.catalogue.steps import address, press
from tests.admin.pages import visible_text
from tests.admin.test_query_counts import count_queries


def test_the_page_says_how_a_product_is_sold_and_has_no_empty_field(
    staff: Client, subscription: Subscription, product: Product
) -> None:
    Product.objects.filter(pk=product.pk).update(sku=None, every=2, every_period=2, prepaid_eligible=True)
    shown = visible_text(staff.get(address(product)))
    assert "House blend For sale USD 12.50" in shown
    assert "Customers can subscribe to it, usually every 2 weeks." in shown
    assert "Customers can pay several orders at once." in shown
    assert "Active subscriptions 1" in shown and "Times in upcoming orders 1" in shown
    assert "SKU" not in shown and " - " not in shown and "—" not in shown


def test_a_product_out_of_stock_and_a_discontinued_one_say_so(staff: Client, merchant: Merchant) -> None:
    out = f.ProductFactory(merchant=merchant, live=False)
    gone = f.ProductFactory(merchant=merchant, live=False, autoship_enabled=False, discontinued=True)
    assert "Orders leave it out and try again daily until it is in stock." in visible_text(staff.get(address(out)))
    shown = visible_text(staff.get(address(gone)))
    assert "Discontinued" in shown and "It is sold no more" in shown
    assert "Change price" not in shown and "Change availability" not in shown


def test_the_figures_lead_to_the_lists(staff: Client, subscription: Subscription, product: Product) -> None:
    f.subscription_with_order(customer=f.CustomerFactory(merchant=product.merchant))
    links = [url for _, _, _, url in staff.get(address(product)).context["figures"]]
    subscriptions, orders = [staff.get(link).context["cl"] for link in links]
    assert list(subscriptions.result_list) == [subscription]
    assert list(orders.result_list) == [Order.objects.get(items__product=product)]


def test_a_new_price_is_noted_and_is_the_price_of_the_next_order(
    staff: Client, subscription: Subscription, product: Product
) -> None:
    said = press(staff, product, "change-price", price="13.20")
    assert said == ["Changed the price from USD 12.50 to USD 13.20."]
    product.refresh_from_db()
    assert (product.price, product.set_by_staff) == (Decimal("13.20"), ["price"])
    shown = visible_text(staff.get(address(product)))
    assert f"{said[0]} Ana Ruiz" in shown
    assert press(staff, product, "change-price", price="13.20") == ["The price is USD 13.20 already."]
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("price", ["-1", "", "abc", "1.234", "99999999999"])
def test_a_price_that_is_none_is_refused_in_the_dialog(staff: Client, product: Product, price: str) -> None:
    answer = staff.post(address(product, "change-price"), {"price": price})
    assert answer.status_code == 200 and answer.context["form"].errors["price"]
    product.refresh_from_db()
    assert product.price == Decimal("12.50")


def test_where_a_product_is_offered_is_changed_and_said(staff: Client, product: Product) -> None:
    said = press(staff, product, "change-availability", live="on", prepaid_eligible="on", upsell_eligible="on")
    assert said == ["Changed where it is offered. Now open to subscriptions: no, open to prepaid: yes."]
    product.refresh_from_db()
    assert (product.autoship_enabled, product.prepaid_eligible, product.live) == (False, True, True)
    assert "Set here, not by your shop's feed: open to prepaid, open to subscriptions" in visible_text(
        staff.get(address(product))
    )


def test_a_discontinued_product_is_not_put_back_on_sale(staff: Client, merchant: Merchant) -> None:
    gone = f.ProductFactory(merchant=merchant, live=False, autoship_enabled=False, discontinued=True)
    assert press(staff, gone, "change-availability", live="on") == ["This product is discontinued."]
    gone.refresh_from_db()
    assert not gone.live


def test_the_usual_frequency_is_set_and_taken_back(staff: Client, product: Product) -> None:
    assert press(staff, product, "change-default-frequency", every="6", every_period="2") == [
        "Changed the usual frequency to every 6 weeks."
    ]
    press(staff, product, "change-default-frequency", every="", every_period="2")
    product.refresh_from_db()
    assert (product.every, product.every_period) == (None, None)


def test_a_product_comes_with_an_offer_of_the_merchant_only(staff: Client, product: Product) -> None:
    terms = [Terms(Gives.PERCENT_ITEM, Decimal(10), Orders.EVERY)]
    own = create_offer(product.merchant, name="Welcome", terms=terms, usable_in_links=True)
    foreign = create_offer(f.MerchantFactory(), name="Foreign", terms=terms, usable_in_links=True)
    assert press(staff, product, "change-offer", offer=own.pk) == ["It comes with the offer Welcome now."]
    assert staff.post(address(product, "change-offer"), {"offer": foreign.pk}).context["form"].errors
    product.refresh_from_db()
    assert product.offer_profile == own
    assert press(staff, product, "change-offer", offer="") == ["No offer now."]


def test_staff_say_what_access_orders_of_a_product_give(staff: Client, product: Product, resource: Resource) -> None:
    press(staff, product, "give-access", resource=resource.pk, days="30", grace="3")
    said = press(staff, product, "give-access", resource=resource.pk, days="14", grace="")
    assert said == ["Gives access to Barista course now: 14 days with each order."]
    grant = ResourceGrant.objects.get()
    assert (grant.time_amount, grant.grace_period) == (14 * 86400, None)
    product.refresh_from_db()
    assert product.product_type == Product.Type.PLAN
    assert "Barista course 14 days with each order" in visible_text(staff.get(address(product)))
    assert "House blend 14 days with each order" in visible_text(staff.get(address(resource)))
    press(staff, product, "stop-access", grant=grant.pk)
    assert not ResourceGrant.objects.exists()


def test_the_page_takes_as_many_queries_however_much_there_is(staff: Client, product: Product) -> None:
    few = count_queries(staff, address(product))
    for n in range(8):
        f.subscription_with_order(customer=f.CustomerFactory(merchant=product.merchant), product=product)
        group = ProductGroup.objects.create(merchant=product.merchant, group_type="sku_swap", name=f"G{n}")
        group.products.add(product)
    assert count_queries(staff, address(product)) == few <= 22


def test_the_tabs_of_products_hold_what_they_say(staff: Client, merchant: Merchant, product: Product) -> None:
    closed = f.ProductFactory(merchant=merchant, autoship_enabled=False)
    out = f.ProductFactory(merchant=merchant, live=False)
    gone = f.ProductFactory(merchant=merchant, live=False, autoship_enabled=False, discontinued=True)
    tabs = {"": {product, closed, out, gone}, "subscribable": {product, out}, "out": {out}, "discontinued": {gone}}
    for status, expected in tabs.items():
        answer = staff.get("/admin/subscriptions/product/", {"status": status} if status else {})
        assert (status, set(answer.context["cl"].result_list)) == (status, expected)
    file = staff.get("/admin/subscriptions/product/export/?status=discontinued").getvalue().decode()
    assert f"{gone.external_product_id},{gone.sku},House blend,12.50,USD,Discontinued" in file
    assert len(file.splitlines()) == 2
