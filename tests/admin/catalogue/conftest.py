from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.models import Merchant, Product, Resource, Subscription
from tests import factories as f

Login = Callable[..., Client]


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(name="Harbour Coffee", time_zone="Asia/Tokyo")


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    """A browser of the merchant's owner, Ana Ruiz."""
    return login(merchant, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def product(merchant: Merchant) -> Product:
    return f.ProductFactory(merchant=merchant, name="House blend", image_url=None)


@pytest.fixture
def resource(merchant: Merchant) -> Resource:
    return Resource.objects.create(merchant=merchant, name="Barista course", external_resource_id="R-1")


@pytest.fixture
def subscription(merchant: Merchant, product: Product) -> Subscription:
    return f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), product=product)
