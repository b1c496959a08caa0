"""A connection at rest is woken at the end of its rest, not by the minute's sweep."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integrations import outbox
from integrations.klaviyo import integration
from integrations.models import Connection
from subscriptions.actions.subscription import cancel
from tests import factories as f
from tests.integrations.outbox.sending import delivery_states, first_due, send_pending
from tests.integrations.receiver import running_receiver

pytestmark = pytest.mark.django_db


def run_due_tasks() -> int:
    """Run the tasks that a worker would take now, and return their number."""
    broker, done = ORM(), 0
    while taken := broker.dequeue():
        for pk, payload in taken:
            task = SignedPackage.loads(payload)
            import_string(task["func"])(*task["args"])
            broker.acknowledge(pk)
            done += 1
    return done


def answers(*statuses: tuple[int, dict[str, str]]):
    """A script that gives these answers, and accepts everything after them."""
    queue: Iterator[tuple[int, dict[str, str]]] = iter(statuses)
    return lambda number, body: next(queue, (202, {}))


def test_a_retry_after_of_one_second_costs_little_more_than_a_second():
    subscription = f.subscription_with_order()
    connection = f.ConnectionFactory(merchant=subscription.merchant)
    cancel(subscription, actor=f.STAFF)
    with running_receiver(answers((429, {"Retry-After": "1"}))) as server:
        started = time.monotonic()
        send_pending(connection, server)
        while delivery_states() != ["done", "done"] and time.monotonic() < started + 10:
            run_due_tasks()
        assert len(server.ids) == 3
    assert 1.0 <= time.monotonic() - started < 5.0


@pytest.mark.parametrize(
    ("status", "headers", "least"), [(429, {"Retry-After": "7"}, 7), (429, {}, 1), (503, {}, 30), (500, {}, 30)]
)
def test_the_next_task_starts_when_the_rest_is_over(subscription, connection, clock, status, headers, least):
    cancel(subscription, actor=f.STAFF)
    with running_receiver(answers((status, headers))) as server:
        send_pending(connection, server)
        assert OrmQ.objects.get().lock == connection.resume_at == first_due()
        assert connection.resume_at >= timezone.now() + timedelta(seconds=least)
        clock.move_to(first_due())
        assert run_due_tasks() == 0, "the queue gives a task out after the moment, not at it"
        clock.shift(timedelta(microseconds=1))
        assert (run_due_tasks(), delivery_states()) == (1, ["done", "done"])


def test_a_full_minute_wakes_the_connection_when_the_next_begins(subscription, connection, clock, monkeypatch):
    monkeypatch.setattr(integration, "EVENTS", replace(integration.EVENTS, per_minute=1))
    cancel(subscription, actor=f.STAFF)
    with running_receiver() as server:
        send_pending(connection, server)
        assert OrmQ.objects.get().lock == timezone.now() + timedelta(minutes=1)
        clock.shift(timedelta(minutes=1, microseconds=1))
        assert (run_due_tasks(), delivery_states()) == (1, ["done", "done"])


def test_what_happens_during_a_rest_needs_no_further_task(subscription, connection, clock):
    with running_receiver(answers((429, {"Retry-After": "7"}))) as server:
        cancel(subscription, actor=f.STAFF)
        send_pending(connection, server)
        outbox.notify_connections(connection.merchant_id)
        outbox.sweep()
        assert OrmQ.objects.count() == 1


def test_a_rest_that_staff_end_leaves_a_task_that_does_nothing(subscription, connection, clock):
    with running_receiver(answers((429, {"Retry-After": "7"}))) as server:
        cancel(subscription, actor=f.STAFF)
        send_pending(connection, server)
        outbox.resume_connection(connection)
        outbox.notify_connections(connection.merchant_id)
        clock.shift(timedelta(microseconds=1))
        assert (run_due_tasks(), delivery_states()) == (1, ["done", "done"])
        clock.shift(10)
        assert (run_due_tasks(), len(server.ids)) == (1, 3)


def test_a_connection_that_was_paused_meanwhile_stays_silent(subscription, connection, clock):
    with running_receiver(answers((429, {"Retry-After": "7"}))) as server:
        cancel(subscription, actor=f.STAFF)
        send_pending(connection, server)
        Connection.objects.update(paused_reason="The key is wrong.")
        clock.shift(10)
        assert (run_due_tasks(), len(server.ids)) == (1, 1)
