from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.models import Merchant, Subscription
from tests.api.people.calls import CUSTOMER
from tests.api.signatures import KEY, signature_header
from tests.factories import CustomerFactory, subscription_with_order

Storefront = Callable[..., Client]


@pytest.fixture
def ana(merchant: Merchant) -> Subscription:
    """The subscription of a customer, with an address, a payment and an open order."""
    return subscription_with_order(customer=CustomerFactory(merchant=merchant, merchant_user_id=CUSTOMER))


@pytest.fixture
def ids(ana: Subscription) -> dict[str, str]:
    return {
        "customer": CUSTOMER,
        "address": ana.shipping_address.public_id.hex,
        "payment": ana.payment.public_id.hex,
    }


@pytest.fixture
def storefront(merchant: Merchant) -> Storefront:
    """Makes a client with a signature for a customer, by default for Ana."""
    merchant.set_storefront_key(KEY)

    def make(customer: str = CUSTOMER, **options: bool) -> Client:
        return Client(headers={"Authorization": signature_header(merchant, customer, **options)})

    return make
