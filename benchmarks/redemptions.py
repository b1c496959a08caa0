"""Successful redemptions, and refusals of forged tokens, per second."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean

from benchmarks import load, seed
from benchmarks.delivery import running_sink, start_worker
from benchmarks.figure import Figure
from benchmarks.portal import run_pgbench, run_web_server
from integrations.models import Delivery
from oneclick.tokens.token_text import encode_token
from subscriptions.models import Event, Merchant, Product

CONNECTIONS = 16
SECONDS = 2
TURNS = 8
TAIL = 10  # seconds
SUBSCRIBERS = 120_000
# Customers per pgbench client and turn. pgbench takes one half of the customers, the redemptions the other.
NUMBERS_A_TURN = SUBSCRIBERS // 2 // CONNECTIONS // (2 * TURNS)  # the half of them in turns, the rest for the tail
PATH = "/one_click/reactivate/?merchant={}"

# The rows that one redemption locks and writes, in one transaction. Each client takes customers of its own, from the
# end of the table, while the redemptions begin at its start. All rows of the n-th customer have the id n.
SAME_ROWS = """
\\set k :k + 1
\\set n {last} - :client_id - {clients} * :k
BEGIN;
SELECT customer.id FROM oneclick_actiontoken token JOIN subscriptions_customer customer ON customer.id = customer_id
    WHERE token.id = :n FOR NO KEY UPDATE OF customer, token;
UPDATE subscriptions_subscription SET cancelled = NULL, cancel_reason = NULL, every = 2, every_period = 2,
    start_date = current_date, updated = now() WHERE id = :n;
INSERT INTO subscriptions_order (merchant_id, customer_id, payment_id, shipping_address_id, public_id, status,
    place_date, sub_total, tax_total, shipping_total, discount_total, total, currency_code, tries, declines,
    generic_error_count, locked, oos_free_shipping, created, updated)
VALUES ({merchant}, :n, :n, :n, gen_random_uuid(), 1, current_date + 1, 12, 0, 0, 0, 12, 'USD', 0, 0, 0, false, false,
    now(), now()) RETURNING id AS order_id \\gset
INSERT INTO subscriptions_item (merchant_id, order_id, subscription_id, product_id, public_id, quantity, price,
    extra_cost, total_price, one_time, frozen, upcoming, created)
VALUES ({merchant}, :order_id, :n, {product}, gen_random_uuid(), 1, 12, 0, 12, false, false, true, now());
INSERT INTO subscriptions_activity (merchant_id, customer_id, subscription_id, verb, sentence, actor_kind,
    actor_id, actor_name, at, undo_facts)
VALUES ({merchant}, :n, :n, 'subscription.reactivate',
    'Reactivated the subscription to House blend. The next order is planned for November 21, 2026.', 'link',
    '1', '1-Click reactivate', now(), '{{"cancel_reason": "4|too much"}}') RETURNING id AS activity_id \\gset
INSERT INTO subscriptions_event (merchant_id, customer_id, subscription_id, activity_id, public_id, kind, payload,
    recipient, at)
VALUES ({merchant}, :n, :n, :activity_id, gen_random_uuid(), 'ordergroove.subscription.reactivate',
    '{payload}', '{recipient}', now()) RETURNING id AS event_id \\gset
INSERT INTO integrations_delivery (merchant_id, connection_id, event_id, customer_id, state, bulk, due, attempts_made,
    interrupted, error, created)
VALUES ({merchant}, {connection}, :event_id, :n, 'pending', false, now(), 0, 0, '', now());
UPDATE oneclick_actiontoken SET used_at = now(), used_action = 'reactivate', used_parameters = '{{}}',
    used_message = 'Your subscription to House blend is active again. Your next order is planned for tomorrow.',
    activity_id = :activity_id WHERE id = :n;
INSERT INTO oneclick_click (merchant_id, token_id, subscription_id, action, outcome, opens, replayed,
    likely_machine, at)
VALUES ({merchant}, :n, :n, 'reactivate', 'success', true, false, false, now());
INSERT INTO subscriptions_event (merchant_id, customer_id, subscription_id, activity_id, public_id, kind, payload,
    recipient, at)
VALUES ({merchant}, :n, :n, :activity_id, gen_random_uuid(), 'subscription.refresh_one_click_token',
    '{payload}', '{recipient}', now()) RETURNING id AS event_id \\gset
INSERT INTO oneclick_actiontoken (merchant_id, customer_id, subscription_id, event_id, nonce, scope, issued_at,
    expires_at, used_action, used_message)
VALUES ({merchant}, :n, :n, :event_id, gen_random_uuid(), 'subscription', now(), now() + interval '90 days', '', '');
COMMIT;
"""


def measure_figures() -> Iterator[Figure]:
    merchant = seed.create_cancelled_subscribers(SUBSCRIBERS)
    path = PATH.format(merchant.public_id.hex)
    # All made beforehand: the load generator shares the cores with what it measures.
    genuine = iter([_redemption_request(path, encode_token(token)) for token in seed.find_tokens(1, SUBSCRIBERS // 2)])
    with run_web_server() as port:
        yield from _measure_redemptions(port, genuine, merchant)
        yield _measure_forged_tokens(port, path)


def _measure_redemptions(port: int, genuine: Iterator[bytes], merchant: Merchant) -> Iterator[Figure]:
    load.run_load(port, genuine, connections=CONNECTIONS, seconds=2)  # warm
    redeemed, written = [], []
    script = _same_rows_script(merchant)
    # In turns, so that a change in the machine's speed affects both.
    for turn in range(TURNS):
        seed.settle_disk()
        redeemed.append(load.run_load(port, genuine, connections=CONNECTIONS, seconds=SECONDS))
        _expect_statuses({200}, redeemed[-1])
        seed.settle_disk()
        written.append(run_pgbench(script, clients=CONNECTIONS, seconds=SECONDS, k=turn * NUMBERS_A_TURN))
    peak, limit = mean(result.rate for result in redeemed), mean(result.rate for result in written)
    note = f"{CONNECTIONS} connections; reference: pgbench writing the same rows"
    yield Figure("redemptions", peak, limit, "redemptions/s", note)
    seed.settle_database()  # otherwise autovacuum would clean up after pgbench meanwhile
    seed.settle_disk()
    own = run_pgbench(script, clients=CONNECTIONS, seconds=TAIL, k=TURNS * NUMBERS_A_TURN, pace=limit / 2).p99
    note = f"at half the peak rate, {peak / 2:.0f}/s; reference: pgbench's at half of its own, {limit / 2:.0f}/s"
    yield Figure("redemption_p99", _tail(port, genuine, peak / 2), own, "ms", note)
    with _delivering(merchant):
        beside = _tail(port, genuine, peak / 2)
    yield Figure("redemption_p99_delivering", beside, own, "ms", f"{note}; a worker delivers beside the redemptions")


def _tail(port: int, genuine: Iterator[bytes], pace: float) -> float:
    result = load.run_load(port, genuine, connections=CONNECTIONS, seconds=TAIL, pace=pace)
    _expect_statuses({200}, result)
    return result.p99


@contextmanager
def _delivering(merchant: Merchant) -> Iterator[None]:
    """A worker has sent what was waiting, and sends what comes."""
    waiting = Delivery.objects.filter(merchant=merchant, state=Delivery.State.PENDING)
    with running_sink() as (port, arrivals), start_worker(merchant, port, f"{arrivals}.end") as worker:
        while waiting.exists():
            time.sleep(0.1)
        yield
        Path(f"{arrivals}.end").touch()
        worker.communicate()


def _measure_forged_tokens(port: int, path: str) -> Figure:
    forged = _forged_requests(path)
    load.run_load(port, forged, connections=CONNECTIONS, seconds=1)
    refused = load.run_load(port, forged, connections=CONNECTIONS, seconds=SECONDS)
    empty = load.run_load(port, _empty_requests(), connections=CONNECTIONS, seconds=SECONDS)
    _expect_statuses({400}, refused)
    _expect_statuses({200}, empty)
    return Figure("forged_tokens", refused.rate, empty.rate, "answers/s", "reference: an empty view")


def _redemption_request(path: str, token: str) -> bytes:
    return load.json_request(path, json.dumps({"token": token}))


def _forged_requests(path: str) -> Iterator[bytes]:
    while True:
        yield _redemption_request(path, "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB")


def _empty_requests() -> Iterator[bytes]:
    while True:
        yield _redemption_request("/empty/", "x" * 44)


def _expect_statuses(statuses: set[int], result: load.LoadResult) -> None:
    if set(result.statuses) != statuses:
        sys.exit(f"expected responses {statuses}, got {dict(result.statuses)}")


def _same_rows_script(merchant: Merchant) -> str:
    event = Event.objects.latest("id")
    script = SAME_ROWS.format(
        last=SUBSCRIBERS,
        clients=CONNECTIONS,
        merchant=merchant.pk,
        product=Product.objects.get().pk,
        connection=merchant.connections.get().pk,
        payload=json.dumps(event.payload),
        recipient=json.dumps(event.recipient),
    )
    return script
