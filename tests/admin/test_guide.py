"""The set-up guide: rows decide what is done, it says what is missing, and leads those who may to where it is done."""

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Connection
from onboarding.guide_rows import find_missing
from onboarding.new_merchant import create_merchant
from oneclick.models import ActionToken, OneClickSettings, SavedLink
from subscriptions import calendar
from subscriptions.models import ApiKey, Customer, Event, GatewaySettings, Merchant, Order, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
GUIDE, MAKE = "/admin/guide/", "/admin/subscriptions/merchant/{}/test_customer/"
NO_GATEWAY = "Set under Gateway where orders are posted, and test it."


@pytest.fixture
def merchant(db: None) -> Merchant:
    return create_merchant(name="Harbour Coffee", shop_url="https://harbour.example", is_test=True)


def missing(merchant: Merchant) -> dict[str, str]:
    return {name: text for name, text in find_missing(Merchant.objects.get(pk=merchant.pk)).items() if text}


def make_test_customer(client: Client, merchant: Merchant) -> str:
    answer = client.post(MAKE.format(merchant.pk), {}, query_params={"back": GUIDE})
    assert answer["Location"] == GUIDE
    return str(list(get_messages(answer.wsgi_request))[-1])


def test_a_new_merchant_lacks_all_but_the_landing_page(merchant: Merchant) -> None:
    assert missing(merchant) == {
        "products": "There are no products yet.",
        "customers": "There are no customers yet.",
        "test_customer": "No test customer has a subscription yet.",
        "link": "No link is saved yet.",
        "tried_link": "No test customer has used a link yet.",
        "connection": "There is no connection yet: events are recorded and sent nowhere.",
        "api_key": "There is no API key yet.",
        "gateway": NO_GATEWAY,
        "live": NO_GATEWAY,
    }


def test_each_step_is_done_by_its_rows_and_test_customers_are_no_customers(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    product = f.ProductFactory(merchant=merchant, name="House blend")
    assert "products" not in missing(merchant)
    make_test_customer(client, merchant)
    assert missing(merchant)["customers"] == "There are no customers yet." and "test_customer" not in missing(merchant)
    customer = f.CustomerFactory(merchant=merchant)
    assert missing(merchant)["customers"] == "No customer has a subscription yet."
    f.subscription_with_order(customer=customer, product=product)
    assert "customers" not in missing(merchant)
    SavedLink.objects.create(merchant=merchant, name="Back", action="reactivate", archived=True)
    assert "link" in missing(merchant)
    SavedLink.objects.update(archived=False)
    ActionToken.objects.filter(customer__is_test=True).update(used_at=timezone.now(), used_action="reactivate")
    ApiKey.objects.create(merchant=merchant, name="Shop", prefix="12345678", digest="d", revoked=timezone.now())
    assert {"link", "tried_link", "api_key"} & missing(merchant).keys() == {"api_key"}
    ApiKey.objects.update(revoked=None)
    GatewaySettings.objects.create(merchant=merchant, kind="xml", url="https://platform.example/orders")
    f.ConnectionFactory(merchant=merchant, name="Warehouse", integration="webhook")
    assert missing(merchant) == {
        "live": "Everything is set. Until you go live, the simulator answers every order.",
    }


@pytest.mark.parametrize(
    ("changes", "is_test", "said"),
    [
        ({}, True, "Klaviyo is not tested yet: press Test on its page."),
        ({"account": "A1"}, False, ""),
        ({"last_success_at": timezone.now()}, True, ""),
        ({"account": "A1", "paused_reason": "The key is wrong."}, True, "Klaviyo: Paused because: The key is wrong."),
        ({"enabled": False}, True, "Klaviyo: Switched off: new events are not sent here."),
        ({"account": "A1", "base_url": "http://localhost:8000/sandbox/klaviyo"}, True, ""),
        (
            {"account": "A1", "base_url": "http://localhost:8000/sandbox/klaviyo"},
            False,
            "Klaviyo leads to the sandbox, which takes no events of a live merchant: give it the address and key of "
            "your account.",
        ),
        ({"integration": "gladly"}, True, "There is no connection yet: events are recorded and sent nowhere."),
        ({"removed_at": timezone.now()}, True, "There is no connection yet: events are recorded and sent nowhere."),
    ],
)
def test_the_connection_must_work(changes: dict, is_test: bool, said: str, merchant: Merchant) -> None:
    Merchant.objects.update(is_test=is_test)
    f.ConnectionFactory(merchant=merchant, **changes)
    f.ConnectionFactory(merchant=f.MerchantFactory(), account="A2", integration="webhook")
    assert find_missing(Merchant.objects.get(pk=merchant.pk))["connection"] == said


@pytest.mark.parametrize(
    ("kind", "is_test", "changes", "said"),
    [
        ("simulator", True, {}, NO_GATEWAY),
        ("simulator", False, {}, NO_GATEWAY),
        ("xml", False, {}, ""),
        ("xml", False, {"placement_hour": None}, "The placement time is Never, so no order is placed by itself."),
        (
            "xml",
            False,
            {"paused_at": timezone.now()},
            "The shop is paused, so no order is placed and nothing is sent.",
        ),
        ("xml", False, {"storefront_key": ""}, "Enter the storefront key, with which orders are signed."),
    ],
)
def test_the_last_step_says_why_no_order_is_placed(
    kind: str, is_test: bool, changes: dict, said: str, merchant: Merchant
) -> None:
    GatewaySettings.objects.create(merchant=merchant, kind=kind, url="https://platform.example/orders")
    Merchant.objects.update(is_test=is_test, **changes)
    assert find_missing(Merchant.objects.get(pk=merchant.pk))["live"] == said


def test_1_click_that_is_off_is_missing(merchant: Merchant) -> None:
    OneClickSettings.objects.update(enabled=False)
    assert missing(merchant)["landing_page"] == "1-Click is switched off in its settings, so every click is refused."


def test_home_guide_and_bar_say_the_same_until_orders_are_placed(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    home, guide = client.get("/admin/"), client.get(GUIDE)
    steps = [(step.task.title, step.missing, step.url) for step in guide.context["guide"].steps]
    assert [(step.task.title, step.missing, step.url) for step in home.context["guide"].steps] == steps
    assert "1 of 10 steps are done" in visible_text(home) and "1 of 10 steps are done" in visible_text(guide)
    assert f'href="{GUIDE}">Set-up guide: what is missing to go live' in client.get("/admin/jobs/").text
    f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    assert "Set-up guide: 3 of 10 steps are done" in visible_text(client.get("/admin/"))
    GatewaySettings.objects.create(merchant=merchant, kind="xml", url="https://platform.example/orders")
    Merchant.objects.update(is_test=False)
    assert "steps are done" not in visible_text(client.get("/admin/"))
    assert "Place orders every day Done" in visible_text(client.get(GUIDE))


@pytest.mark.parametrize(
    ("role", "led"),
    [(Role.OWNER, 10), (Role.MARKETING, 5), (Role.SUPPORT, 2), (Role.READ_ONLY, 1)],
)
def test_steps_lead_those_who_may(role: str, led: int, merchant: Merchant, login: Login) -> None:
    client = login(merchant, role)
    urls = [step.url for step in client.get(GUIDE).context["guide"].steps if step.url]
    assert len(urls) == led
    assert {client.get(url, follow=True).status_code for url in urls} == {200}


def test_the_guide_takes_the_same_queries_with_more_rows(merchant: Merchant, login: Login) -> None:
    client = login(merchant)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(GUIDE)
        return len(captured)

    few = queries()
    for n in range(3):
        f.ConnectionFactory(merchant=merchant, name=f"K{n}")
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    assert queries() <= few + 1  # whether an account rests


def test_the_test_customer_has_what_every_link_needs_and_reaches_nothing_real(merchant: Merchant, login: Login) -> None:
    f.ConnectionFactory(merchant=merchant, account="A1")
    f.ProductFactory(merchant=merchant, name="Gone", live=False)
    f.ProductFactory(merchant=merchant, name="House blend")
    client = login(merchant, Role.SUPPORT)
    assert make_test_customer(client, merchant).startswith("Made the test customer Jamie Sample, whose next order of ")
    make_test_customer(client, merchant)  # another one
    first, second = Customer.objects.filter(merchant=merchant)
    assert (first.is_test, second.is_test) == (True, True)
    assert sorted(bool(row.cancelled) for row in first.subscriptions.all()) == [False, True]
    assert {row.product.name for row in first.subscriptions.all()} == {"House blend"}
    (order,) = Order.objects.filter(customer=first, status=1)
    assert (order.place_date - calendar.today(merchant.time_zone)).days == merchant.reminder_days + 1
    assert ActionToken.objects.filter(customer=first).exists()
    assert Event.objects.filter(customer=first).exists()
    assert not Connection.objects.filter(deliveries__customer=first).exists()


def test_a_test_customer_needs_a_product_and_the_right(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    said = "Bring your products first: a test customer subscribes to one of them."
    assert make_test_customer(client, merchant) == said
    f.ProductFactory(merchant=merchant)
    before = read_all_rows()
    assert login(merchant, Role.READ_ONLY).post(MAKE.format(merchant.pk)).status_code == 403
    assert login(f.MerchantFactory()).post(MAKE.format(merchant.pk)).status_code == 404
    assert {name: rows for name, rows in read_all_rows().items() if "customer" in name} == {
        name: rows for name, rows in before.items() if "customer" in name
    }
