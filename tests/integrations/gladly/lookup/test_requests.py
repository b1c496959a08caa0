"""Which requests are lookups, what the log says of them, and what they cost."""

from datetime import date

import pytest

from integrations.models import GladlyRequest
from tests.factories import CustomerFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"lookupLevel":"FULL","query":{"emails":["ana@shop.test"]}}',
        b'{"lookupLevel":["BASIC"],"query":{"emails":["ana@shop.test"]}}',
        b'{"lookupLevel":{},"query":{"emails":["ana@shop.test"]}}',
        b'{"query":{"emails":["ana@shop.test"]}}',
        b'{"lookupLevel":"BASIC","query":["ana@shop.test"]}',
        b'{"lookupLevel":"BASIC"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_lookup_finds_nobody(gladly, ana, body):
    answer = gladly.request("POST", gladly.path, body)
    assert (answer.status_code, answer.json()) == (200, {"results": []})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_posts_look_up(gladly, ana, method):
    assert gladly.request(method, gladly.path).status_code == 405


def test_each_request_is_logged_with_what_was_found(gladly, connection, ana):
    CustomerFactory(merchant=ana.merchant, email="ana@shop.test")
    gladly.basic(emails=["ana@shop.test"])
    gladly.detailed("C-1001")
    gladly.detailed("C-0")
    gladly.key = "wrong"
    gladly.request("POST", gladly.path, {})
    columns = ("connection", "merchant", "kind", "outcome", "found", "correlation_id", "subject")
    key, signature = "vXmSEPjVSWCaCMzvjufxZg", "The signature does not fit the request and the signing key."
    own = (connection.pk, connection.merchant_id)
    assert list(GladlyRequest.objects.order_by("pk").values_list(*columns)) == [
        (*own, "basic", "answered", "2 customers", key, None),
        (*own, "detailed", "answered", "1 customer", key, None),
        (*own, "detailed", "nothing", "", key, None),
        (*own, "other", "unauthorized", f"Gladly-Authorization: {signature}", key, None),
    ]
    assert all(row.milliseconds < 10_000 and "ana" not in str(vars(row)) for row in GladlyRequest.objects.all())


def test_refused_requests_are_not_all_logged(gladly):
    gladly.key = "wrong"
    for _ in range(62):
        gladly.request("POST", gladly.path, {})
    assert GladlyRequest.objects.count() == 60


@pytest.mark.parametrize("subscriptions", [1, 6])
def test_the_number_of_statements_does_not_grow(gladly, ana, subscriptions, django_assert_num_queries):
    for n in range(subscriptions):
        subscription_with_order(date(2026, 12, 1 + n), customer=ana, merchant=ana.merchant)
        CustomerFactory(merchant=ana.merchant, email="ana@shop.test")
    # The connection, the limits, addresses, numbers, the counts, the log's two; and the ends of two transactions.
    with django_assert_num_queries(7 + 4):
        gladly.basic(emails=["ana@shop.test", "else@shop.test"], phones=["+15013299800", "+15013299801"])
    # The connection, the limits, the customer, the count, the subscriptions, their items, the log's two.
    with django_assert_num_queries(8 + 4):
        gladly.detailed("C-1001")
