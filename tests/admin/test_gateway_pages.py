"""The gateway's form and its test, the automation settings, and the simulator's outcomes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from subscriptions.models import GatewaySettings, Merchant, RetryPlan, Role, SimulatedOutcome
from tests import factories as f
from tests.admin.pages import fill
from tests.placement.platform import PLACED, Handler, running_platform

Login = Callable[..., Client]
GATEWAY = "/admin/subscriptions/gatewaysettings/"
OUTCOME = "/admin/subscriptions/simulatedoutcome/"
REFUSAL = b"<order><code>ERROR</code><errorCode>020</errorCode><errorMsg>Empty</errorMsg></order>"


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(storefront_key="k" * 32)
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


def test_a_merchant_has_one_row_of_gateway_settings(merchant: Merchant, client: Client) -> None:
    assert client.get(GATEWAY)["Location"] == f"{GATEWAY}add/"
    assert fill(client, f"{GATEWAY}add/", kind="xml", url="https://shop.test/orders", key="n" * 32) == ""
    gateway = GatewaySettings.objects.get()
    merchant.refresh_from_db()
    assert (gateway.merchant, gateway.kind, gateway.url) == (merchant, "xml", "https://shop.test/orders")
    assert merchant.storefront_key == "n" * 32
    assert client.get(GATEWAY)["Location"] == f"{GATEWAY}{gateway.pk}/change/"
    assert client.get(f"{GATEWAY}add/")["Location"] == GATEWAY
    assert client.post(f"{GATEWAY}add/", {"kind": "simulator"})["Location"] == GATEWAY
    assert GatewaySettings.objects.count() == 1


def test_the_key_is_written_and_never_shown(merchant: Merchant, client: Client) -> None:
    gateway = GatewaySettings.objects.create(merchant=merchant, url="https://shop.test/orders")
    page = f"{GATEWAY}{gateway.pk}/change/"
    assert merchant.storefront_key not in client.get(page).content.decode()
    assert fill(client, page, without_card="on") == ""
    merchant.refresh_from_db()
    gateway.refresh_from_db()
    assert (merchant.storefront_key, gateway.without_card) == ("k" * 32, True)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"kind": "xml", "url": ""}, "Enter the address that orders are sent to."),
        ({"kind": "json", "url": "http://shop.test/orders"}, "The address must begin with https://"),
        ({"kind": "json", "url": "nonsense at all"}, "Enter a valid URL."),
        ({"kind": "xml", "url": "https://169.254.169.254/"}, "169.254.169.254 is at a private address;"),
    ],
)
def test_a_wrong_address_is_refused(answers: dict[str, Any], error: str, merchant: Merchant, client: Client) -> None:
    gateway = GatewaySettings.objects.create(merchant=merchant, kind="simulator")
    assert error in fill(client, f"{GATEWAY}{gateway.pk}/change/", **answers)
    gateway.refresh_from_db()
    assert gateway.kind == "simulator"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (REFUSAL, 200, "success: Your platform answers as expected: Empty (020)"),
        (PLACED, 200, "warning: Your platform accepted an empty order, as 1224. It should refuse such an order."),
        (b"nonsense", 200, "error: Your platform gave no usable answer: The answer is not XML"),
        (b"", 503, "error: Your platform gave no usable answer: The platform gave no answer (HTTP status 503)."),
    ],
)
def test_a_test_message_is_empty_and_its_answer_is_shown(
    body: bytes, status: int, told: str, merchant: Merchant, client: Client, settings: Any
) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True

    def act(handler: Handler) -> None:
        handler.answer(body, status)

    with running_platform(act) as there:
        gateway = GatewaySettings.objects.create(merchant=merchant, url=there.url)
        answer = client.post(f"{GATEWAY}{gateway.pk}/test/")
    message, caution = get_messages(answer.wsgi_request)
    assert str(caution) == "Orders of this test merchant do not go there: the simulator answers them."
    assert f"{message.level_tag}: {message}".startswith(told)
    (post,) = there.posts
    assert post.body == b'<?xml version="1.0" encoding="UTF-8"?><order/>'
    assert post.headers["Content-Type"] == "application/xml" and '"sig_field":"test"' in post.headers["Authorization"]


def test_nothing_is_sent_to_test_without_a_key(merchant: Merchant, client: Client) -> None:
    Merchant.objects.update(storefront_key="")
    gateway = GatewaySettings.objects.create(merchant=merchant, kind="json", url="https://shop.test/orders")
    answer = client.post(f"{GATEWAY}{gateway.pk}/test/")
    assert "There is no key to sign with" in str(list(get_messages(answer.wsgi_request))[0])


def test_the_simulator_has_no_test(merchant: Merchant, client: Client) -> None:
    gateway = GatewaySettings.objects.create(merchant=merchant, kind="simulator")
    page = f"{GATEWAY}{gateway.pk}/test/"
    assert page.encode() not in client.get(f"{GATEWAY}{gateway.pk}/change/").content
    assert [str(each) for each in get_messages(client.post(page).wsgi_request)] == ["The simulator needs no test."]


def test_the_automation_settings_are_saved(merchant: Merchant, client: Client) -> None:
    page = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    changes = {"reminder_hour": "8", "placement_hour": "", "retry_plan": "manual", "retry_days": "2, 5, 9"}
    changes |= {"generic_error_limit": "5", "disengaged_after": "4", "history_days": "730"}
    assert fill(client, page, **changes, placed_hourly="on") == ""
    merchant.refresh_from_db()
    assert (merchant.reminder_hour, merchant.placement_hour, merchant.placed_hourly) == (8, None, True)
    assert (merchant.retry_plan, merchant.retry_days) == (RetryPlan.MANUAL, [2, 5, 9])
    assert (merchant.generic_error_limit, merchant.disengaged_after, merchant.history_days) == (5, 4, 730)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"retry_plan": "manual", "retry_days": ""}, "Enter the days of the manual plan, for example 2, 5, 9."),
        ({"retry_plan": "manual", "retry_days": "9, 2"}, "Enter each day once, in ascending order, from 1 to 90."),
        ({"reminder_days": "2"}, "greater than or equal to 5"),
        ({"history_days": "364"}, "greater than or equal to 365"),
        ({"placement_hour": "12"}, "12 is not one of the available choices."),
    ],
)
def test_wrong_automation_settings_explain_how_to_correct_them(
    changes: dict[str, str], error: str, merchant: Merchant, client: Client
) -> None:
    assert error in fill(client, f"/admin/subscriptions/merchant/{merchant.pk}/change/", **changes)


def test_a_simulated_outcome_is_chosen_for_the_merchants_own_payment(merchant: Merchant, login: Login) -> None:
    client = login(merchant, Role.SUPPORT)
    payment = f.PaymentFactory(customer__merchant=merchant)
    page = client.get(f"{OUTCOME}add/?payment={payment.pk}").content.decode()
    assert "Visa 4242, Ana Ruiz" in page
    assert fill(client, f"{OUTCOME}add/", payment=payment.pk, outcome="140", times=2, milliseconds=60_000) == ""
    made = SimulatedOutcome.objects.get()
    assert (made.merchant, made.payment, made.outcome, made.times) == (merchant, payment, "140", 2)


def test_a_simulated_outcome_is_for_one_payment_or_product_and_takes_at_most_a_minute(
    merchant: Merchant, client: Client
) -> None:
    product, foreign = f.ProductFactory(merchant=merchant), f.ProductFactory()
    payment = f.PaymentFactory(customer__merchant=merchant)
    page = f"{OUTCOME}add/"
    assert "Choose either a payment or a product." in fill(client, page)
    assert "Choose either a payment or a product." in fill(client, page, product=product.pk, payment=payment.pk)
    assert "That choice is not one of the available choices" in fill(client, page, product=foreign.pk)
    assert "less than or equal to 60000" in fill(client, page, product=product.pk, milliseconds=60_001)
    assert not SimulatedOutcome.objects.exists()
