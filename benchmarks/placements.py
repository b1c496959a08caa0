"""Orders placed per second with a platform that responds slowly."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from django.conf import settings
from django.db import connection

from benchmarks import seed
from benchmarks.figure import Figure
from subscriptions.jobs import dispatch
from subscriptions.models import GatewaySettings, Merchant, OrderStatus

ORDERS = 5000
ANSWER_SECONDS = 0.020
BODY = json.dumps({"code": "SUCCESS", "orderId": "B-1", "errorCode": "", "errorMsg": ""}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
# Turns the past orders of `seed` into orders that are queued for placement and not posted yet.
DUE = """
UPDATE subscriptions_subscription SET cancelled = NULL, cancel_reason = NULL;
UPDATE subscriptions_order SET status = 11, place_date = current_date;
UPDATE subscriptions_item SET frozen = false;
"""


def measure_figures() -> Iterator[Figure]:
    """Needs an empty database."""
    merchant = seed.create_cancelled_subscribers(ORDERS * 4 // 5)  # plus a quarter as many others
    with run_platform() as port:
        _make_orders_due(merchant, port)
        began = time.monotonic()
        dispatch.post_orders(merchant.orders.all())
        took = time.monotonic() - began
    placed = merchant.orders.filter(status=OrderStatus.SUCCESS).count()
    if placed != ORDERS:
        sys.exit(f"{placed} of {ORDERS} orders were placed")
    width = settings.PLACEMENT_CONCURRENCY
    note = f"{ORDERS} orders, {width} at once, answers after 20 ms; reference: no time but the answers'"
    yield Figure("placement", ORDERS / took, width / ANSWER_SECONDS, "orders/s", note)


def _make_orders_due(merchant: Merchant, port: int) -> None:
    GatewaySettings.objects.create(merchant=merchant, kind="json", url=f"http://127.0.0.1:{port}/orders")
    merchant.storefront_key, merchant.is_test = "k" * 32, False
    merchant.save()
    with connection.cursor() as cursor:
        cursor.execute(DUE)
    seed.settle_database()


@contextmanager
def run_platform() -> Iterator[int]:
    """Run, in its own process, a platform that accepts each order after 20 ms; yield its port."""
    ours, theirs = Pipe()
    process = Process(target=_serve_platform, args=[theirs], daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve_platform(to: Connection) -> None:
    async def run() -> None:
        server = await asyncio.start_server(_answer_posts, "127.0.0.1", 0)
        to.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def _answer_posts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError):  # the client closed the connection
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            await asyncio.sleep(ANSWER_SECONDS)
            writer.write(ANSWER)
