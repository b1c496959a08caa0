import pytest

from subscriptions.actions import customer_lock
from subscriptions.actions.subscription import cancel
from subscriptions.models import Customer
from tests.actions import contract
from tests.factories import STAFF, MerchantFactory, subscription_with_order

pytestmark = pytest.mark.django_db


def held(customer: Customer):
    return customer_lock.lock_customer(customer_lock.CUSTOMER_BY_KEY, pk=customer.pk, merchant=customer.merchant_id)


def test_an_action_on_the_locked_customer_joins_that_transaction():
    subscription = subscription_with_order()
    with held(subscription.customer) as customer:
        assert cancel(subscription, actor=STAFF).customer is customer


def test_an_action_cannot_lock_a_second_customer():
    subscription = subscription_with_order()
    other = subscription_with_order()
    before = contract.read_all_rows()
    with pytest.raises(RuntimeError, match="one customer only"), held(subscription.customer):
        cancel(other, actor=STAFF)
    assert contract.read_all_rows() == before


def test_a_customer_locked_for_its_merchant_is_not_locked_for_another():
    subscription = subscription_with_order()
    with held(subscription.customer):
        subscription.merchant_id = MerchantFactory().pk
        with pytest.raises(RuntimeError, match="one customer only"):
            cancel(subscription, actor=STAFF)
