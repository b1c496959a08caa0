"""The find box: one hit opens its page, several are shown by kind, and nothing of other merchants is found."""

from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.models import Customer, Merchant, Order, Product, Subscription
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]


@pytest.fixture
def merchant(db: None) -> Merchant:
    """A merchant with a customer of every number, and another merchant with the same."""
    for merchant in (f.MerchantFactory(), f.MerchantFactory()):
        customer = f.CustomerFactory(
            merchant=merchant,
            first_name="Zoe",
            last_name="Marin",
            email="Zoe.Marin@shop.test",
            merchant_user_id="shop-77",
            phone_number="(501) 555-0100",
        )
        product = f.ProductFactory(merchant=merchant, name="Dark roast", sku="DR-1", external_product_id="p-900")
        row = f.subscription_with_order(customer=customer, product=product, merchant_order_id="W-5")
        Subscription.objects.filter(pk=row.pk).update(external_id="ext-1")
        Order.objects.filter(customer=customer).update(order_merchant_id="100234")
    return merchant


@pytest.mark.parametrize(
    ("term", "model"),
    [
        ("zoe.marin@shop.test", Customer),
        ("SHOP-77", Customer),
        ("+1 501 555 0100", Customer),
        ("5550100", Customer),
        ("100234", Order),
        (" #100234 ", Order),
        ("W-5", Subscription),
        ("ext-1", Subscription),
        ("p-900", Product),
        ("DR-1", Product),
    ],
)
def test_what_names_one_row_in_full_opens_its_page(term: str, model: type, merchant: Merchant, login: Login) -> None:
    answer = login(merchant).get("/admin/find/", {"q": term})
    row = model.objects.get(merchant=merchant)
    assert answer.get("Location") == f"/admin/subscriptions/{model._meta.model_name}/{row.pk}/change/"


@pytest.mark.parametrize("model", [Order, Subscription, Product])
def test_a_public_id_opens_its_page_in_any_spelling(model: type, merchant: Merchant, login: Login) -> None:
    row = model.objects.get(merchant=merchant)
    answer = login(merchant).get("/admin/find/", {"q": str(row.public_id).upper()})
    assert answer.get("Location") == f"/admin/subscriptions/{model._meta.model_name}/{row.pk}/change/"


def test_the_ids_of_another_merchant_find_nothing(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    for model in (Order, Subscription, Product):
        term = model.objects.exclude(merchant=merchant).get().public_id.hex
        assert "Nothing matches." in visible_text(client.get("/admin/find/", {"q": term}))


def test_a_name_shows_what_each_list_finds_and_leads_to_the_rest(merchant: Merchant, login: Login) -> None:
    for _ in range(6):
        f.CustomerFactory(merchant=merchant, first_name="Zoe", last_name="Berg")
    answer = login(merchant).get("/admin/find/", {"q": "zoe"})
    groups = {group["title"]: len(group["rows"]) for group in answer.context["groups"]}
    assert groups == {"Customers": 5, "Orders": 1, "Subscriptions": 1}
    assert 'href="/admin/subscriptions/customer/?q=zoe"' in answer.content.decode()


def test_a_number_of_two_rows_is_not_guessed(merchant: Merchant, login: Login) -> None:
    f.CustomerFactory(merchant=merchant, merchant_user_id="100234")
    answer = login(merchant).get("/admin/find/", {"q": "100234"})
    assert [group["title"] for group in answer.context["groups"]] == ["Customers", "Orders"]


@pytest.mark.parametrize("page", ["order", "subscription"])
@pytest.mark.parametrize("term", ["100234", "#100234", "W-5", "Zoe mar", "5550100"])
def test_the_lists_find_by_the_same_numbers(page: str, term: str, merchant: Merchant, login: Login) -> None:
    wanted = not (page == "order" and term == "W-5") and not (page == "subscription" and "100234" in term)
    answer = login(merchant).get(f"/admin/subscriptions/{page}/", {"q": term})
    assert len(answer.context["cl"].result_list) == wanted


def test_every_page_has_the_box_but_only_for_those_with_a_merchant(merchant: Merchant, login: Login) -> None:
    assert b'name="q" value=""' in login(merchant).get("/admin/").content
    assert b'id="find"' not in Client().get("/admin/login/").content
