"""What staff read about test merchants, and how an owner makes one live."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from subscriptions import calendar
from subscriptions.models import AuditEntry, GatewaySettings, Merchant
from subscriptions.placement.registry import GATEWAYS, gateway_of
from tests import factories as f
from tests.admin.pages import fill, visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
URL = "https://platform.example/orders"


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(name="Harbour Coffee", storefront_key="k" * 32)
    return made


def set_gateway(merchant: Merchant, kind: str = "xml") -> GatewaySettings:
    made: GatewaySettings = GatewaySettings.objects.create(merchant=merchant, kind=kind, url=URL)
    return made


def go_live_page(merchant: Merchant) -> str:
    return f"/admin/subscriptions/merchant/{merchant.pk}/go-live/"


def gateway_page(client: Client) -> str:
    return visible_text(client.get("/admin/subscriptions/gatewaysettings/", follow=True))


def test_the_gateway_page_says_where_orders_go(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert "This is a test merchant: the simulator answers every order" in gateway_page(client)
    gateway = set_gateway(merchant)
    assert "This is a test merchant: the simulator answers every order" in gateway_page(client)
    Merchant.objects.update(is_test=False)
    assert f"On its day, each order is posted to {URL}, and your platform charges" in gateway_page(client)
    GatewaySettings.objects.update(kind="simulator")
    assert "The simulator answers every order: nothing is placed for real" in gateway_page(client)
    gateway.delete()
    assert "Orders wait until you have set where they go." in gateway_page(client)


def test_an_order_of_a_live_merchant_is_your_platforms_and_one_the_simulator_placed_stays_its_own(
    merchant: Merchant, login: Login
) -> None:
    client = login(merchant)
    set_gateway(merchant)
    Merchant.objects.update(is_test=False)
    order = f.OrderFactory(customer__merchant=merchant, status=5, order_merchant_id="1224")
    page = f"/admin/subscriptions/order/{order.pk}/change/"
    assert "Nothing: your platform has placed the order." in visible_text(client.get(page))
    type(order).objects.update(order_merchant_id="SIM-7")
    assert "Nothing: the simulator has placed the order." in visible_text(client.get(page))
    type(order).objects.update(order_merchant_id="1224")
    type(order.customer).objects.update(is_test=True)
    assert "Nothing: the simulator has placed the order." in visible_text(client.get(page))


def test_an_owner_takes_the_merchant_live_by_its_name(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    set_gateway(merchant)
    tomorrow = calendar.today(merchant.time_zone) + timedelta(days=1)
    order = f.subscription_with_order(tomorrow, customer__merchant=merchant).items.get().order
    f.subscription_with_order(tomorrow + timedelta(days=1), customer__merchant=merchant)
    f.subscription_with_order(tomorrow, customer__merchant=merchant, customer__is_test=True)
    asked = visible_text(client.get(go_live_page(merchant)))
    assert f"Orders will be posted to {URL}. Due by tomorrow: 1. Enter the name to confirm." in asked
    before = read_all_rows()
    refused = client.post(go_live_page(merchant), {"name": "Harbour"})
    assert "Enter Harbour Coffee to confirm." in visible_text(refused)
    assert read_all_rows() == before
    answer = client.post(go_live_page(merchant), {"name": "harbour coffee"})
    assert [str(each) for each in get_messages(answer.wsgi_request)] == [
        f"Harbour Coffee is live: from now on, orders are posted to {URL}."
    ]
    assert Merchant.objects.get().is_test is False
    order.refresh_from_db()
    assert gateway_of(type(order).objects.get(pk=order.pk)) is GATEWAYS["xml"]
    assert AuditEntry.objects.get().sentence == "Went live."
    assert go_live_page(merchant) not in client.get(f"/admin/subscriptions/merchant/{merchant.pk}/change/").text


@pytest.mark.parametrize(
    ("kind", "key", "said"),
    [
        (None, "k" * 32, "Set under Gateway where orders are posted, and test it. Then go live."),
        ("simulator", "k" * 32, "Set under Gateway where orders are posted, and test it. Then go live."),
        ("xml", "", "Enter the storefront key, with which orders are signed. Then go live."),
    ],
)
def test_without_a_gateway_or_a_key_the_merchant_stays_a_test_merchant(
    kind: str | None, key: str, said: str, merchant: Merchant, login: Login
) -> None:
    Merchant.objects.update(storefront_key=key)
    if kind:
        set_gateway(merchant, kind)
    client = login(merchant)
    before = read_all_rows()
    answer = client.post(go_live_page(merchant), {"name": "Harbour Coffee"})
    assert [str(each) for each in get_messages(answer.wsgi_request)] == [said]
    assert read_all_rows() == before


def test_no_form_makes_a_merchant_live_or_a_test_merchant_again(merchant: Merchant, login: Login) -> None:
    page = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    assert fill(login(merchant), page, is_test="") == ""
    assert Merchant.objects.get().is_test is True
    Merchant.objects.update(is_test=False)
    assert fill(login(merchant), page, is_test="on") == ""
    assert Merchant.objects.get().is_test is False
