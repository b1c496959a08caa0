from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.db import insert, insert_many, new_row, reserve_ids, update, update_many
from subscriptions.models import Customer, Event, Merchant, Subscription
from tests.factories import CustomerFactory, ProductFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


def values(instance) -> dict:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


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


def test_a_new_row_is_what_the_model_makes_of_the_same_values():
    customer = CustomerFactory()
    given = {"merchant": customer.merchant, "customer": customer, "kind": "k", "at": None}
    made, usual = new_row(Event, **given), Event(**given)
    usual.public_id = made.public_id
    assert values(made) == values(usual)
    assert (made.merchant, made.customer, made.order) == (usual.merchant, usual.customer, None)


def written(number: int) -> list[Event]:
    customer = CustomerFactory(first_name='Ana "Ü" \\ Ruiz')
    facts = {"merchant": customer.merchant, "customer": customer, "recipient": {}, "kind": "k"}
    return [Event(**facts, payload={"name": customer.first_name, "place": place}) for place in range(number)]


@pytest.mark.parametrize("kept", [0, 2, 3])
@pytest.mark.parametrize("number_of_rows", [0, 1, 3])
def test_many_rows_are_inserted_as_the_orm_reads_them(number_of_rows, kept, django_assert_num_queries):
    rows = written(number_of_rows)
    with reserve_ids({Event: kept}), django_assert_num_queries(min(number_of_rows, 1)):
        insert_many(rows)
    found = list(Event.objects.order_by("pk"))
    assert [values(row) for row in found] == [values(row) for row in rows]
    assert not any(row._state.adding for row in rows)


def test_rows_whose_keys_nobody_asks_for_are_written_without_waiting_for_them():
    rows = written(2)
    with CaptureQueriesContext(connection) as context:
        insert_many(rows, fetch_ids=False)
    assert ["RETURNING" in query["sql"] for query in context] == [False]
    assert list(Event.objects.order_by("pk").values_list("payload__place", flat=True)) == [0, 1]
    assert not any(row._state.adding for row in rows)


@pytest.mark.parametrize("number_of_rows", [0, 1, 3])
def test_many_rows_are_updated_in_one_statement(number_of_rows, django_assert_num_queries):
    products = [ProductFactory() for _ in range(4)]
    changed = products[:number_of_rows]
    for place, product in enumerate(changed):
        product.price, product.name = Decimal(place) + Decimal("0.25"), f"Café {place}"
    with django_assert_num_queries(min(number_of_rows, 1)):
        update_many(changed, "price", "name")
    found = {row.pk: (row.price, row.name) for row in type(products[0]).objects.all()}
    assert found == {row.pk: (row.price, row.name) for row in products}


def test_rows_that_exist_are_left_out_on_request():
    held = CustomerFactory(merchant_user_id="C-1", first_name="Held")
    rows = [Customer(merchant=held.merchant, merchant_user_id=f"C-{n}", first_name="New") for n in (1, 2, 2)]
    insert_many(rows, fetch_ids=False, skip_existing=True)
    insert_many(rows[:1], fetch_ids=False, skip_existing=True)
    assert [*Customer.objects.order_by("merchant_user_id").values_list("merchant_user_id", "first_name")] == [
        ("C-1", "Held"),
        ("C-2", "New"),
    ]
