"""The slowest hundredth of Gladly's lookups at 1,000,000 customers, beside that of a customer read by primary key."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.figure import Figure
from benchmarks.load import LoadResult, run_load
from benchmarks.lookups_seed import CUSTOMERS, KEY, SUBSCRIPTIONS, create_customers
from benchmarks.portal import run_web_server
from integrations.gladly.cards import count_subscriptions, read_cards
from integrations.gladly.lookup.addresses import lookup_path
from integrations.gladly.matching import find_customer, find_customers
from integrations.gladly.signature import SignedParts, signed_headers
from integrations.models import Connection

CONNECTIONS, SECONDS, TURNS = 2, 4.0, 3
MOST_MS = 200


def measure_figures() -> Iterator[Figure]:
    made = create_customers()
    _require_indexes(made)
    asked = {"lookups": _lookups(lookup_path(made)), "reads": _reads()}
    results: dict[str, list[LoadResult]] = {name: [] for name in asked}
    with run_web_server() as port:
        for turn in range(TURNS + 1):
            # In turns, so that a change in the machine's speed affects both.
            for name, requests in asked.items():
                result = run_load(port, requests, connections=CONNECTIONS, seconds=SECONDS)
                if set(result.statuses) != {200}:
                    sys.exit(f"{name}: {result.statuses}")
                if turn:  # the first one warms
                    results[name].append(result)
    value, reference = (sorted(each.p99 for each in found)[TURNS // 2] for found in results.values())
    note = f"searches and profiles in turns, {CONNECTIONS} connections; at most {MOST_MS} ms are wanted"
    yield Figure("gladly_lookup", value, reference, "ms", f"{note}; reference: a customer by primary key over HTTP")


def _lookups(path: str) -> Iterator[bytes]:
    """By address, by number, and of linked profiles."""
    for n in count(1):
        key = 10 * (n * 7919 % SUBSCRIPTIONS) + 10
        yield _signed(path, "BASIC", {"name": "Ana", "emails": [f"ana{key}@mail.test"], "phones": []})
        yield _signed(path, "BASIC", {"phones": [f"+1501{2_000_000 + key}"]})
        yield _signed(path, "DETAILED", {"externalCustomerId": f"C-{key}", "emails": [f"ana{key}@mail.test"]})


def _signed(path: str, level: str, query: dict[str, object]) -> bytes:
    content = {"lookupLevel": level, "uniqueMatchRequired": level == "DETAILED", "query": query}
    body = json.dumps(content).encode()
    headers = {"content-type": "application/json", "gladly-correlation-id": "benchmark"}
    headers |= signed_headers(SignedParts("POST", path, headers, body), KEY, datetime.now(UTC))
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _reads() -> Iterator[bytes]:
    for n in count(1):
        yield f"GET /customer/{1 + n * 7919 % CUSTOMERS}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _require_indexes(made: Connection) -> None:
    """No statement of a lookup may read a whole table."""
    merchant = made.merchant
    with CaptureQueriesContext(connection) as queries:
        found = find_customers(merchant, [f"ana{n}@mail.test" for n in range(10, 60, 10)], ["+15012000010"])
        customer = find_customer(merchant, "C-10")
        if len(found) != 5 or customer is None or len(read_cards(merchant, customer)) != 1:
            sys.exit("The lookups do not find what was created.")
        count_subscriptions(merchant, found)
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            if "Seq Scan on subscriptions_" in plan and "Seq Scan on subscriptions_product" not in plan:
                sys.exit(f"{query['sql']}\n{plan}")
