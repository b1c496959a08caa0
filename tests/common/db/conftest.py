import pytest

from subscriptions.models import Customer
from tests.factories import CustomerFactory


@pytest.fixture
def customer() -> Customer:
    return CustomerFactory(first_name="Ana")
