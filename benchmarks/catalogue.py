"""Products per second of a catalogue of 50,000 sent in batches of a hundred, beside COPY of the same rows."""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from django.db import connection

from benchmarks.figure import Figure
from benchmarks.portal import run_web_server
from subscriptions import api_keys
from subscriptions.models import Merchant, Product

NUMBER = 50_000
BATCH = 100


def measure_figures() -> Iterator[Figure]:
    merchant = Merchant.objects.create(name="Benchmark", shop_url="https://shop.test", is_test=True)
    _, key = api_keys.create_api_key(merchant, "Benchmark", ["write"])
    with run_web_server() as port:
        created = _send_catalogue(port, key, "POST", "/api/products-batch/create/", "10.00")
        updated = _send_catalogue(port, key, "PATCH", "/api/products-batch/update/", "11.00")
    copied = _copy_catalogue()
    note = "one client; reference: COPY of the same rows"
    yield Figure("products_create", created, copied, "products/s", note)
    yield Figure("products_update", updated, copied, "products/s", note)


def _send_catalogue(port: int, key: str, method: str, path: str, price: str) -> float:
    client = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"x-api-key": key, "Content-Type": "application/json"}
    bodies = [
        json.dumps([_product(number, price) for number in range(first, first + BATCH)])
        for first in range(0, NUMBER, BATCH)
    ]
    started = time.perf_counter()
    for body in bodies:
        client.request(method, path, body, headers)
        answer = client.getresponse()
        results = json.loads(answer.read())
        if answer.status != 207 or any(row["status"] != 200 for row in results["results"]):
            sys.exit(f"{method} {path}: {answer.status} {str(results)[:300]}")
    return NUMBER / (time.perf_counter() - started)


def _product(number: int, price: str) -> dict[str, Any]:
    return {
        "product_id": f"P-{number}",
        "name": f"Product {number}",
        "sku": f"SKU-{number}",
        "price": price,
        "live": True,
        "image_url": f"https://shop.test/{number}.png",
        "detail_url": f"https://shop.test/{number}",
        "autoship_enabled": True,
    }


def _copy_catalogue() -> float:
    """Copies the stored products into an empty table with the same columns and indexes."""
    columns = ", ".join(f'"{field.column}"' for field in Product._meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE copied (LIKE subscriptions_product INCLUDING ALL)")
        with cursor.copy(f"COPY subscriptions_product ({columns}) TO STDOUT") as read:
            rows = b"".join(read)
        started = time.perf_counter()
        with cursor.copy(f"COPY copied ({columns}) FROM STDIN") as write:
            write.write(rows)
        elapsed = time.perf_counter() - started
        cursor.execute("DROP TABLE copied")
    return NUMBER / elapsed
