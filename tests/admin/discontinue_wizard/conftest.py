from decimal import Decimal

import pytest
from django.test import Client

from subscriptions.models import Merchant, Product, Role
from tests import factories as f
from tests.admin.discontinue_wizard.steps import Login


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def product(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant)
    return made


@pytest.fixture
def dark(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant, name="Dark roast", sku="DARK-1", price=Decimal("14.00"))
    return made


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    return login(merchant, Role.OWNER, first_name="Sam", last_name="Staff")
