"""The number of queries of a page does not depend on the amount of data."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import item as item_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.models import Customer, Merchant, Order
from tests import factories as f
from tests.figures.folding import fold

Login = Callable[..., Client]


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def busy_customer(merchant: Merchant, subscriptions: int) -> Customer:
    customer = f.CustomerFactory(merchant=merchant)
    for _ in range(subscriptions):
        verbs.cancel(f.subscription_with_order(customer=customer), actor=f.STAFF)
        f.subscription_with_order(customer=customer)
    return customer


def test_the_list_of_customers_stays_within_its_query_limit(db: None, login: Login) -> None:
    merchant = f.MerchantFactory()
    client = login(merchant)
    busy_customer(merchant, 1)
    address = "/admin/subscriptions/customer/"
    few = count_queries(client, address)
    for _ in range(10):
        busy_customer(merchant, 2)
    assert count_queries(client, address) == few <= 9
    assert count_queries(client, f"{address}?q=ana+ruiz") == few
    assert count_queries(client, f"{address}?status=inactive") <= few


def test_the_page_of_a_customer_stays_within_its_query_limit(db: None, login: Login) -> None:
    merchant = f.MerchantFactory()
    f.ConnectionFactory(merchant=merchant)
    client = login(merchant)
    small, big = busy_customer(merchant, 1), busy_customer(merchant, 8)
    few = count_queries(client, f"/admin/subscriptions/customer/{small.pk}/change/")
    assert count_queries(client, f"/admin/subscriptions/customer/{big.pk}/change/") == few <= 27


def test_the_home_page_and_the_lists_stay_within_their_query_limits(db: None, login: Login) -> None:
    merchant = f.MerchantFactory()
    f.ConnectionFactory(merchant=merchant)
    client = login(merchant)
    busy_customer(merchant, 1)
    pages = [
        "/admin/",
        "/admin/subscriptions/subscription/",
        "/admin/subscriptions/order/",
        "/admin/subscriptions/product/",
        "/admin/oneclick/actiontoken/",
        "/admin/subscriptions/event/",
        "/admin/integrations/delivery/",
        "/admin/integrations/connection/",
        "/admin/delivery/",
        "/admin/jobs/",
        "/admin/subscriptions/jobrun/",
        "/admin/subscriptions/placementattempt/",
        "/admin/subscriptions/payment/",
        "/admin/cancellations/",
        "/admin/retention/",
        "/admin/forecast/",
    ]
    fold(merchant)
    few = {page: count_queries(client, page) for page in pages}
    busy_customer(merchant, 8)
    assert {page: count_queries(client, page) for page in pages} == few
    # Home shows the figures of delivery beside its own, and until the merchant is live, how far the set-up is.
    assert few.pop("/admin/") <= 28
    # Two kinds of figures, and the names of reasons and products.
    assert few.pop("/admin/cancellations/") <= 12
    # It counts orders and items until the task has made its figures, and reads the rate of cancellations.
    assert few.pop("/admin/forecast/") <= 16
    assert max(few.values()) <= 10


def test_the_pages_of_an_order_and_a_subscription_stay_within_their_query_limits(db: None, login: Login) -> None:
    merchant = f.MerchantFactory()
    f.ConnectionFactory(merchant=merchant)
    client = login(merchant)
    customers = [busy_customer(merchant, 1), busy_customer(merchant, 8)]
    counts = []
    for customer in customers:
        subscription = customer.subscriptions.live().earliest("pk")
        order = Order.objects.get(items__subscription=subscription)
        # This can be undone, which the feed asks for.
        item_verbs.add(order, actor=f.STAFF, product=subscription.product)
        rows = (order, subscription, customer)
        counts.append(
            [count_queries(client, f"/admin/subscriptions/{row._meta.model_name}/{row.pk}/change/") for row in rows]
        )
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 27
