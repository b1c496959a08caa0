"""Deliveries are sent in their order, a turn at a time."""

import time

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from common.work import turn
from integrations import outbox
from integrations.models import Attempt, Delivery
from integrations.sending import queue
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.models import Event
from tests.factories import STAFF, ConnectionFactory
from tests.integrations.outbox.sending import delivery_states, send_pending
from tests.integrations.receiver import running_receiver

pytestmark = pytest.mark.django_db


def test_a_connection_sends_its_own_deliveries_only(subscription, connection):
    other = ConnectionFactory(merchant=subscription.merchant, name="Other")
    cancel(subscription, actor=STAFF)
    with running_receiver() as server:
        send_pending(connection, server)
        assert len(server.ids) == 2
    assert set(other.deliveries.values_list("state", "attempts_made")) == {("pending", 0)}


def test_a_wake_up_between_the_last_query_and_the_release_is_not_lost(subscription, connection, monkeypatch):
    look, looks = queue.next_due, []

    def look_and_miss(held, *, bulk):
        looks.append(look(held, bulk=bulk))
        if len(looks) == 1:
            cancel(subscription, actor=STAFF)
            outbox.notify_connections(connection.merchant_id)
        return looks[-1]

    monkeypatch.setattr(queue, "next_due", look_and_miss)
    with running_receiver() as server:
        send_pending(connection, server)
    assert (delivery_states(), connection.lease_token) == (["done", "done"], None)


def test_a_connection_with_more_to_send_than_one_turn_rejoins_the_queue(subscription, connection, monkeypatch):
    monkeypatch.setattr(turn, "TURN_SECONDS", 0.05)
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (time.sleep(0.1), (202, {}))[1]) as server:
        send_pending(connection, server)
        outbox.notify_connections(connection.merchant_id)  # which finds that a task is on its way already
        assert (delivery_states(), connection.lease_token, OrmQ.objects.count()) == (["done", "pending"], None, 1)
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]


def test_pending_deliveries_are_sent_in_order_and_the_lease_released(subscription, connection):
    cancel(subscription, actor=STAFF)
    reactivate(subscription, actor=STAFF)
    with running_receiver() as server:
        send_pending(connection, server)
        assert server.ids == [event.public_id.hex for event in Event.objects.order_by("id")]
    assert delivery_states() == ["done", "done", "done"]
    assert list(Attempt.objects.values_list("status", flat=True)) == [202, 202, 202]
    assert set(Delivery.objects.values_list("finished", flat=True)) == {timezone.now()}
    assert (connection.lease_token, connection.failures) == (None, 0)


def test_a_connection_of_an_integration_that_is_not_there_waits(subscription):
    connection = ConnectionFactory(merchant=subscription.merchant, integration="telegraph")
    cancel(subscription, actor=STAFF)
    outbox.drain_connection(connection.pk)
    connection.refresh_from_db()
    assert (delivery_states(), connection.lease_token) == (["pending", "pending"], None)
