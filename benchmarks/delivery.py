"""Deliveries to a local receiver: floods in bulk, live events one by one, and live events while a flood waits."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connection as database

from benchmarks import reminders_seed
from benchmarks.figure import Figure
from integrations import http
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection, Delivery
from subscriptions.actions.subscription import cancel
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import JobRun, Merchant, Subscription

FEW, MANY = 10_000, 50_000
LIVE = 3_000
ANSWER_MS = 20
PROBES = 100
# What a delivery costs at least: its event and token are read, its attempt and its end are written.
STATEMENTS = [
    """SELECT delivery.*, event.*, token.* FROM integrations_delivery delivery
    JOIN subscriptions_event event ON event.id = delivery.event_id
    JOIN oneclick_actiontoken token ON token.event_id = event.id WHERE delivery.id = ANY(%s)""",
    """INSERT INTO integrations_attempt (delivery_id, at, road, together, profile_status, detail)
    SELECT key, now(), '', 1000, '', '' FROM unnest(%s) key""",
    "UPDATE integrations_attempt SET status = 202, milliseconds = 1 WHERE delivery_id = ANY(%s)",
    "UPDATE integrations_delivery SET state = 'done', attempts_made = 1, finished = now() WHERE id = ANY(%s)",
]
STAFF = Actor(ActorKind.STAFF, "bench", "Benchmark")


def measure_figures() -> Iterator[Figure]:
    few = _send_flood(FEW)
    merchant = _create_flood(MANY)
    with running_sink() as (port, _):
        many = _drain(merchant, port)
        yield Figure(
            "delivery",
            MANY / many["seconds"],
            _statements_rate(merchant),
            "events/s",
            "a flood, by one worker in bulk requests; reference: PostgreSQL reading the events and noting as much",
        )
    yield Figure(
        "delivery_memory", many["peak"], few["peak"], "MB", f"the worker's peak at {MANY} events; reference: at {FEW}"
    )
    yield _single_figure()
    yield _overtaking_figure()


def _send_flood(number: int) -> dict[str, float]:
    merchant = _create_flood(number)
    with running_sink() as (port, _):
        return _drain(merchant, port)


def _create_flood(number: int) -> Merchant:
    """A merchant with `number` reminders waiting."""
    merchant = reminders_seed.create_subscribers(number)
    run = runs.begin_run(merchant, JOBS["reminders"])
    while run.state in runs.UNFINISHED:
        runs.continue_run(run.pk)
        run = JobRun.objects.get(pk=run.pk)
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return merchant


def _drain(merchant: Merchant, port: int) -> dict[str, float]:
    with start_worker(merchant, port) as worker:
        output, _ = worker.communicate()
    if worker.returncode:
        sys.exit("the deliveries did not leave; see above")
    measured: dict[str, float] = json.loads(output)
    left = Delivery.objects.filter(merchant=merchant).exclude(state=Delivery.State.DONE).count()
    if left:
        sys.exit(f"{left} deliveries did not arrive")
    return measured


def start_worker(merchant: Merchant, port: int, *options: str) -> subprocess.Popen[bytes]:
    target = merchant.connections.get()
    Connection.objects.filter(pk=target.pk).update(base_url=f"http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "benchmarks.delivery_worker", str(target.pk), *options]
    env = {**os.environ, "DATABASE_URL": settings.DATABASE_URL}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE)


def _statements_rate(merchant: Merchant) -> float:
    """Events per second at which PostgreSQL alone reads the events, and writes what becomes of their deliveries."""
    with database.cursor() as cursor:
        cursor.execute("SELECT id FROM integrations_delivery WHERE merchant_id = %s ORDER BY id", [merchant.pk])
        keys = [key for (key,) in cursor.fetchall()]
        begun = time.perf_counter()
        for start in range(0, len(keys), Klaviyo.most_in_bulk):
            chunk = keys[start : start + Klaviyo.most_in_bulk]
            for statement in STATEMENTS:
                cursor.execute(statement, [chunk])
        return len(keys) / (time.perf_counter() - begun)


def _single_figure() -> Figure:
    merchant = _create_flood(LIVE)
    Delivery.objects.filter(merchant=merchant).update(attempts_made=1)  # what was tried before goes alone
    with running_sink(ANSWER_MS) as (port, _):
        measured = _drain(merchant, port)
    limit = Klaviyo.in_flight / (ANSWER_MS / 1000)
    note = (
        f"single requests to a receiver that answers after {ANSWER_MS} ms; reference: requests in flight by that time"
    )
    return Figure("delivery_single", LIVE / measured["seconds"], limit, "events/s", note)


def _overtaking_figure() -> Figure:
    quiet, busy = _live_p99(PROBES), _live_p99(MANY)
    note = f"p99 from commit to arrival while {MANY} events wait; reference: while {PROBES} do"
    return Figure("delivery_live_p99", busy * 1000, quiet * 1000, "ms", note)


def _live_p99(flood: int) -> float:
    """Seconds within which 99 of 100 live events arrive that are committed while a flood leaves."""
    merchant = _create_flood(flood)
    committed: dict[str, float] = {}
    with running_sink() as (port, arrivals), start_worker(merchant, port, f"{arrivals}.end") as worker:
        _wait_for_first(merchant)
        for subscription in Subscription.objects.filter(merchant=merchant).order_by("-pk")[:PROBES]:
            context = cancel(subscription, actor=STAFF)
            moment = time.time()
            committed |= {event.public_id.hex: moment for event in context.events}
            time.sleep(0.05)
        Path(f"{arrivals}.end").touch()
        worker.communicate()
        arrived = dict(line.split() for line in arrivals.read_text().splitlines())
    waits = sorted(float(arrived[name]) - at for name, at in committed.items() if name in arrived)
    if len(waits) < PROBES:
        sys.exit(f"only {len(waits)} live events arrived alone")
    return waits[len(waits) * 99 // 100]


def _wait_for_first(merchant: Merchant) -> None:
    while not Delivery.objects.filter(merchant=merchant, state=Delivery.State.DONE).exists():
        time.sleep(0.05)


@contextmanager
def running_sink(milliseconds: int = 0) -> Iterator[tuple[int, Path]]:
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        arrivals = Path(folder) / "arrivals"
        sink = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", str(port), str(milliseconds), str(arrivals)])
        try:
            _wait_for(port)
            yield port, arrivals
        finally:
            sink.terminate()
            sink.wait(timeout=20)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            http.send_request("GET", f"http://127.0.0.1:{port}/", headers={})
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the receiver did not start")
