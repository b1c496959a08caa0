"""A checkout of the leader's published cartridge ends in a subscription and in an order post the shop can decipher."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from subscriptions.actions import upcoming_order
from subscriptions.jobs import dispatch
from subscriptions.models import GatewaySettings, Merchant, Order, OrderStatus, Subscription
from tests.api.purchase import cartridge
from tests.api.purchase.answers import checkout_result
from tests.api.shop import PATH
from tests.factories import STAFF, MerchantFactory
from tests.placement.platform import Platform, running_platform
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("coffee", "noon")]
WRITERS = pytest.mark.parametrize("write", [cartridge.write_form, cartridge.write_json])
OFFERS = pytest.mark.parametrize("legacy_offer", [False, True], ids=["tracking", "lines"])


@pytest.fixture
def merchant(db: None, settings: Any) -> Merchant:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    return MerchantFactory(is_test=False, storefront_key=cartridge.KEY)


@pytest.fixture
def shop(merchant: Merchant) -> Iterator[Platform]:
    with running_platform() as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        yield playing


def post(client: Client, body: bytes) -> Any:
    # The cartridge's address has no slash at its end.
    return client.post(PATH.rstrip("/"), body, content_type="application/json")


@WRITERS
@OFFERS
def test_the_cartridges_checkout_ends_in_a_subscription_and_a_readable_order_post(
    api: Client, merchant: Merchant, shop: Platform, legacy_offer: bool, write: Callable[[dict[str, Any]], bytes]
) -> None:
    request = cartridge.create_purchase_request(merchant.public_id.hex, legacy_offer=legacy_offer)
    signature = cartridge.sign_header(merchant.public_id.hex, "00C-1001", int(timezone.now().timestamp()))
    answer = post(Client(headers={"Authorization": signature}), write(request))
    assert answer.status_code == 200
    row = Subscription.objects.get()
    assert checkout_result(api, answer)["subscriptions"] == [{"coffee": row.public_id.hex}]
    assert (row.quantity, row.every, row.every_period, row.session_id) == (2, 2, 2, "8a3c.1700000000")
    assert (row.customer.merchant_user_id, row.customer.email) == ("00C-1001", "ana+shop@example.com")
    assert cartridge.NUMBER not in json.dumps(read_all_rows(), default=str)

    upcoming_order.queue(Order.objects.get(), actor=STAFF)
    dispatch.dispatch_orders(merchant.pk)
    [sent] = shop.posts
    head, customer = (ElementTree.fromstring(sent.body).find(name) for name in ("head", "customer"))
    card = [head.findtext(name) for name in ("orderCcOwner", "orderCcNumber", "orderCcExpire")]
    assert [cartridge.decipher(text) for text in card] == ["Ana O'Ruiz", "1111", "12/2030"]
    named = [head.findtext(name) for name in ("orderCcType", "orderTokenId", "orderPaymentLabel")]
    assert named == ["Visa", "tok/1+2=", "3b1f0e"]
    assert customer.findtext("customerShippingAddress1") == 'Unit "B" & 1/2 Main Street'
    assert Order.objects.filter(status=OrderStatus.SUCCESS).count() == 1


@WRITERS
def test_the_cartridges_lines_without_a_frequency_were_bought_once(
    api: Client, merchant: Merchant, write: Callable[[dict[str, Any]], bytes]
) -> None:
    request = cartridge.create_purchase_request(merchant.public_id.hex, legacy_offer=True)
    request["products"][0]["subscription_info"]["tracking_override"] |= {"every": "", "every_period": ""}
    answer = post(api, write(request))
    assert answer.status_code == 200
    assert checkout_result(api, answer)["subscriptions"] == []
    assert checkout_result(api, answer)["errors"] == {"products": [], "subscriptions": []}
