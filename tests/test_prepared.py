from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from subscriptions.models import Customer, Merchant, Subscription
from subscriptions.models.prepared import Given, Prepared, insert, update
from tests.factories import ProductFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


def values(instance) -> dict:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_a_prepared_query_reads_what_the_queryset_reads():
    subscription = SubscriptionFactory(extra_data={"size": "L"})
    Merchant.objects.update(storefront_key="s3cret")
    queryset = Subscription.objects.select_related("product", "customer__merchant")
    prepared = Prepared(lambda: queryset.filter(pk=Given("pk")))

    row, usual = prepared.get(pk=subscription.pk), queryset.get(pk=subscription.pk)

    assert (row, row.product, row.customer.merchant) == (usual, usual.product, usual.customer.merchant)
    for path in (lambda s: s, lambda s: s.product, lambda s: s.customer, lambda s: s.customer.merchant):
        assert values(path(row)) == values(path(usual))


def test_it_is_one_query_and_no_related_row_is_fetched_later(django_assert_num_queries):
    subscription = SubscriptionFactory()
    prepared = Prepared(lambda: Subscription.objects.select_related("product").filter(pk=Given("pk")))
    with django_assert_num_queries(1):
        assert prepared.get(pk=subscription.pk).product.name == "House blend"


def test_each_run_brings_its_own_values():
    first, second = SubscriptionFactory(), SubscriptionFactory()
    prepared = Prepared(lambda: Subscription.objects.filter(customer=Given("customer"), quantity=2))
    assert prepared.all(customer=first.customer_id) == [first]
    assert prepared.all(customer=second.customer_id) == [second]


def test_a_row_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(ObjectDoesNotExist):
        Prepared(lambda: Customer.objects.filter(pk=Given("pk"))).get(pk=0)


def test_an_empty_outer_join_reads_as_none():
    subscription = SubscriptionFactory(product=ProductFactory())
    prepared = Prepared(lambda: Subscription.objects.select_related("offer").filter(pk=Given("pk")))
    assert prepared.get(pk=subscription.pk).offer is None


def test_an_annotation_comes_along():
    subscription = SubscriptionFactory()
    prepared = Prepared(lambda: Subscription.objects.surveyed().select_related("product").filter(pk=Given("pk")))
    assert prepared.get(pk=subscription.pk).has_entitlements is False
    assert prepared.get(pk=subscription.pk).product == subscription.product


def test_an_inserted_row_reads_as_it_was_written(django_assert_num_queries):
    subscription = SubscriptionFactory()
    row = Customer(
        merchant=subscription.merchant,
        merchant_user_id="C-9",
        first_name="Öz",
        last_name="L'Étoile",
        email="oz@shop.test",
        extra_data={"size": ["L", None]},
    )
    with django_assert_num_queries(1):
        insert(row)
    assert row.pk and not row._state.adding
    assert values(Customer.objects.get(merchant_user_id="C-9")) == values(row)


def test_an_update_writes_its_fields_alone():
    subscription = SubscriptionFactory(extra_data={"size": "L"})
    subscription.quantity, subscription.price, subscription.extra_data = 7, Decimal("3.50"), {"size": "S"}
    update(subscription, "quantity", "extra_data")
    row = Subscription.objects.get()
    assert (row.quantity, row.price, row.extra_data) == (7, None, {"size": "S"})


def test_an_updated_secret_is_encrypted_like_a_saved_one():
    merchant = SubscriptionFactory().merchant
    merchant.storefront_key = "s3cret"
    update(merchant, "storefront_key")
    assert Merchant.objects.get().storefront_key == "s3cret"
    with connection.cursor() as cursor:
        cursor.execute("SELECT storefront_key FROM subscriptions_merchant")
        assert "s3cret" not in cursor.fetchone()[0]
