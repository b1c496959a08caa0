"""Pages of 100 of a million orders by cursor, beside PostgreSQL alone; and a page at depth 900,000 beside the first."""

import http.client
import json
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from django.db import connection

from benchmarks.figure import Figure
from benchmarks.lists_seed import ORDERS, create_orders
from benchmarks.portal import run_web_server
from subscriptions import api_keys
from subscriptions.api.pagination import encode_cursor
from subscriptions.models import Merchant, Order

TURNS = 50
PATH = "/api/orders/?page_size=100"
DEPTH = ORDERS * 9 // 10
# What an order consists of in the API, with the objects it names by their ids.
ROWS = """
SELECT json_agg(page) FROM (
    SELECT o.public_id, c.merchant_user_id AS customer, p.public_id AS payment, a.public_id AS shipping_address,
        o.status, o.place, o.sub_total, o.tax_total, o.shipping_total, o.discount_total, o.total,
        o.currency_code, o.created, o.updated, o.cancelled, o.tries, o.generic_error_count, o.order_merchant_id,
        o.rejected_message, o.rejected_error_code, o.locked, o.oos_free_shipping, o.extra_data
    FROM subscriptions_order o
    JOIN subscriptions_customer c ON c.id = o.customer_id
    JOIN subscriptions_payment p ON p.id = o.payment_id
    JOIN subscriptions_address a ON a.id = o.shipping_address_id
    WHERE o.merchant_id = %s
    ORDER BY o.created DESC, o.public_id LIMIT 100
) page
"""


def measure_figures() -> Iterator[Figure]:
    merchant = create_orders()
    _, key = api_keys.create_api_key(merchant, "Benchmark", ["read", "bulk"])
    last = Order.objects.get(pk=DEPTH)  # the list is in the order of the keys
    deep = f"{PATH}&cursor={encode_cursor(False, [last.created.isoformat(), str(last.public_id)])}"
    with run_web_server() as port:
        client = http.client.HTTPConnection("127.0.0.1", port)
        # In turns, so that a change in the machine's speed affects all.
        first_page, deep_page, alone = _median_times(
            lambda: _read_page(client, key, f"{PATH}&cursor="),
            lambda: _read_page(client, key, deep),
            lambda: _read_alone(merchant),
        )
    yield Figure("api_list", 100 / first_page, 100 / alone, "orders/s", "one client; reference: PostgreSQL's json_agg")
    note = "at depth 900,000 of 1,000,000; reference: the first page, so a ratio up to 1.3 is wanted"
    yield Figure("api_deep_page", 1000 * deep_page, 1000 * first_page, "ms", note)


def _median_times(*works: Callable[[], Any]) -> list[float]:
    """The seconds that each takes."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(TURNS):
        for work, taken in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [median(taken) for taken in times]


def _read_page(client: http.client.HTTPConnection, key: str, path: str) -> None:
    client.request("GET", path, headers={"x-api-key": key})
    answer = client.getresponse()
    body = answer.read()
    if answer.status != 200 or len(json.loads(body)["results"]) != 100:
        sys.exit(f"{path}: {answer.status} {body[:300]!r}")


def _read_alone(merchant: Merchant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [merchant.pk])
        (rows,) = cursor.fetchone()
    if len(rows) != 100:
        sys.exit(f"{len(rows)} orders instead of 100")
