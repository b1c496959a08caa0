import pytest
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist
from django.db import ProgrammingError, transaction
from django.db.models import Q
from django.db.models import Value as V
from django.db.models.functions import Concat

from common.db import AnyOf, Param, Query
from oneclick.models import OneClickSettings
from subscriptions.models import Customer, Merchant, Subscription
from tests.factories import CustomerFactory, ProductFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


def values(instance) -> dict:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_a_prepared_query_reads_what_the_queryset_reads():
    subscription = SubscriptionFactory(extra_data={"size": "L"})
    Merchant.objects.update(storefront_key="s3cret")
    queryset = Subscription.objects.select_related("product", "customer__merchant")
    prepared = Query(lambda: queryset.filter(pk=Param("pk")))

    row, usual = prepared.get(pk=subscription.pk), queryset.get(pk=subscription.pk)

    assert (row, row.product, row.customer.merchant) == (usual, usual.product, usual.customer.merchant)
    for path in (lambda s: s, lambda s: s.product, lambda s: s.customer, lambda s: s.customer.merchant):
        assert values(path(row)) == values(path(usual))


def test_it_is_one_query_and_no_related_row_is_fetched_later(django_assert_num_queries):
    subscription = SubscriptionFactory()
    prepared = Query(lambda: Subscription.objects.select_related("product").filter(pk=Param("pk")))
    with django_assert_num_queries(1):
        assert prepared.get(pk=subscription.pk).product.name == "House blend"


def test_each_run_brings_its_own_values():
    first, second = SubscriptionFactory(), SubscriptionFactory()
    prepared = Query(lambda: Subscription.objects.filter(customer=Param("customer"), quantity=2))
    assert prepared.all(customer=first.customer_id) == [first]
    assert prepared.all(customer=second.customer_id) == [second]


def test_a_row_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(ObjectDoesNotExist):
        Query(lambda: Customer.objects.filter(pk=Param("pk"))).get(pk=0)


def test_an_empty_outer_join_reads_as_none():
    subscription = SubscriptionFactory(product=ProductFactory())
    prepared = Query(lambda: Subscription.objects.select_related("offer").filter(pk=Param("pk")))
    assert prepared.get(pk=subscription.pk).offer is None


def test_an_annotation_comes_along():
    subscription = SubscriptionFactory()
    prepared = Query(lambda: Subscription.objects.with_flags().select_related("product").filter(pk=Param("pk")))
    assert prepared.get(pk=subscription.pk).has_entitlements is False
    assert prepared.get(pk=subscription.pk).product == subscription.product


def test_one_of_many_keys_will_do():
    wanted = [SubscriptionFactory(), SubscriptionFactory()]
    SubscriptionFactory()
    prepared = Query(lambda: Subscription.objects.filter(pk=AnyOf("keys")).order_by("pk"))
    assert prepared.all(keys=[row.pk for row in wanted]) == wanted
    assert prepared.all(keys=[]) == []


def test_several_rows_are_not_one():
    for _ in range(2):
        SubscriptionFactory()
    with pytest.raises(MultipleObjectsReturned):
        Query(lambda: Subscription.objects.all()).get()


@pytest.mark.parametrize("given", [{}, {"pk": 1, "merchant": 2}, {"key": 1}])
def test_a_run_brings_exactly_the_values_the_query_takes(given):
    with pytest.raises(TypeError, match=r"takes \['pk'\]"):
        Query(lambda: Customer.objects.filter(pk=Param("pk"))).all(**given)


def test_a_value_may_stand_in_several_places():
    first, _ = ProductFactory(sku="A", name="B"), ProductFactory(sku="B", name="A")
    query = Query(lambda: type(first).objects.filter(Q(sku=Param("text")) | Q(name=Param("text"))).order_by("pk"))
    assert len(query.all(text="A")) == 2
    assert query.all(text="C") == []


@pytest.mark.parametrize("text", ["100% wool", "%s", "%(name)s", "50%%", "it's \\ %"])
def test_a_percent_sign_in_a_fixed_value(text):
    product = ProductFactory(name=text, sku="S")
    others = ProductFactory(name="100 wool"), ProductFactory(name="x")
    for condition in ({"name": text}, {"name__startswith": text[:4]}, {"name__contains": "%"}):
        query = Query(lambda condition=condition: type(product).objects.filter(sku=Param("sku"), **condition))
        assert query.all(sku="S") == [product]
        assert query.all(sku=others[0].sku) == []


def test_a_percent_sign_in_an_annotation_and_in_a_value_brought():
    product = ProductFactory(name="5%")
    annotated = type(product).objects.annotate(label=Concat("name", V("%")))
    row = Query(lambda: annotated.filter(name=Param("name"))).get(name="5%")
    assert (row, row.label) == (product, "5%%")


def test_a_filter_that_nothing_can_meet_gives_no_rows_and_no_statement(django_assert_num_queries):
    SubscriptionFactory()
    query = Query(lambda: Subscription.objects.filter(pk__in=[], customer=Param("customer")))
    with django_assert_num_queries(0):
        assert query.all(customer=1) == []
    with pytest.raises(ObjectDoesNotExist):
        query.get(customer=1)
    assert Query(lambda: Subscription.objects.none()).all() == []


def test_one_part_of_a_filter_that_nothing_can_meet():
    subscription = SubscriptionFactory()
    query = Query(lambda: Subscription.objects.filter(Q(pk__in=[]) | Q(pk=Param("pk"))))
    assert query.all(pk=subscription.pk) == [subscription]


def test_any_of_nothing_none_and_others():
    subscription = SubscriptionFactory()
    query = Query(lambda: Subscription.objects.exclude(pk=AnyOf("keys")))
    assert query.all(keys=[]) == [subscription]
    assert query.all(keys=[subscription.pk]) == []
    assert Query(lambda: Subscription.objects.filter(offer=AnyOf("keys"))).all(keys=[1, 2**40]) == []


@pytest.mark.parametrize("column", ["public_id", "start_date", "currency_code"])
def test_any_of_is_refused_for_a_column_that_holds_no_keys(column):
    query = Query(lambda: Subscription.objects.filter(**{column: AnyOf("values")}))
    with pytest.raises(ProgrammingError, match="operator does not exist"), transaction.atomic():
        query.all(values=[1])


def test_none_is_found_nowhere_as_in_sql():
    SubscriptionFactory(offer=None)
    assert Query(lambda: Subscription.objects.filter(offer=Param("offer"))).all(offer=None) == []


@pytest.mark.parametrize(
    "queryset",
    [
        lambda: Subscription.objects.values("pk"),
        lambda: Subscription.objects.values_list("pk"),
        lambda: Subscription.objects.prefetch_related("items"),
    ],
)
def test_what_does_not_give_rows_by_its_one_statement_is_refused(queryset):
    with pytest.raises(TypeError, match="returns rows of a model"):
        Query(queryset).all()


def test_a_deferred_field_is_read_where_it_is_asked_for(django_assert_num_queries):
    SubscriptionFactory(quantity=3)
    row = Query(lambda: Subscription.objects.only("quantity")).get()
    with django_assert_num_queries(0):
        assert row.quantity == 3
    with django_assert_num_queries(1):
        assert row.currency_code == "USD"


def test_the_row_of_a_one_to_one_relation_points_back(django_assert_num_queries):
    customer = CustomerFactory()
    OneClickSettings.objects.get_or_create(merchant=customer.merchant)
    row = Query(lambda: Customer.objects.select_related("merchant__one_click")).get()
    with django_assert_num_queries(0):
        assert row.merchant.one_click.merchant is row.merchant


def test_a_row_that_was_read_can_be_changed_and_refreshed():
    subscription = SubscriptionFactory(quantity=3)
    row = Query(lambda: Subscription.objects.filter(pk=Param("pk"))).get(pk=subscription.pk)
    assert (row._state.adding, row._state.db) == (False, "default")
    row.quantity = 4
    row.save()
    subscription.refresh_from_db()
    assert subscription.quantity == 4
    row.refresh_from_db()
    assert row.quantity == 4
