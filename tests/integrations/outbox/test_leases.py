"""One worker at a time sends for a connection, and a dead worker loses no delivery."""

import threading

import pytest
from django.db import connection as database
from django.db import transaction

from common.work import LeaseLost
from integrations import outbox
from integrations.base import Answer, Outcome
from integrations.connection_queue import count_request
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection, Delivery
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF, subscription_with_order
from tests.integrations.outbox.sending import claim_connection, delivery_states, send_pending
from tests.integrations.receiver import running_receiver
from tests.races import holding_locks

pytestmark = pytest.mark.django_db


def test_a_leased_connection_sends_nothing_for_a_second_worker(subscription, connection):
    cancel(subscription, actor=STAFF)
    assert claim_connection(connection.pk) is not None
    with running_receiver() as server:
        send_pending(connection, server)
        assert server.ids == []


@pytest.mark.parametrize("hold", [Connection.renew, lambda held: count_request(held, Klaviyo())])
def test_a_worker_that_renews_keeps_its_lease(connection, clock, hold):
    held = claim_connection(connection.pk)
    clock.shift(20)
    hold(held)
    clock.shift(20)
    assert claim_connection(connection.pk) is None


def test_a_connection_whose_worker_was_killed_is_free_again_after_its_lease(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    claim_connection(connection.pk)
    clock.shift(31)
    with running_receiver() as server:
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]


def test_a_worker_that_lost_its_lease_while_sending_writes_nothing(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    slow = claim_connection(connection.pk)

    class TooSlow(Klaviyo):
        def send(self, delivery):
            clock.shift(31)
            assert claim_connection(connection.pk) is not None
            return Answer(Outcome.DONE, 202)

    with pytest.raises(LeaseLost):
        outbox._send(slow, TooSlow(), outbox._pending_batch(slow)[0])
    assert delivery_states() == ["pending", "pending"]


def test_a_delivery_that_kills_its_worker_three_times_is_set_aside(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(3):
        held = claim_connection(connection.pk)
        outbox._begin_attempt(outbox._pending_batch(held)[0])
        clock.shift(31)
    with running_receiver() as server:
        send_pending(connection, server)
    assert delivery_states() == ["dead", "done"]
    assert Delivery.objects.get(state="dead").error == "The worker ended 3 times while sending this."


def test_worker_deaths_are_not_charged_to_a_delivery_that_was_not_being_sent(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(3):
        claim_connection(connection.pk)
        clock.shift(31)
    with running_receiver() as server:
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]


def test_any_answer_resets_the_count_of_worker_deaths(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(2):
        claim_connection(connection.pk)
        clock.shift(31)
    with running_receiver(lambda number, body: (503, {})) as server:
        send_pending(connection, server)
    assert (connection.attempts, connection.failures) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_a_connection_being_claimed_by_another_worker_is_not_waited_for(connection):
    with holding_locks(Connection.objects.all()):
        assert claim_connection(connection.pk) is None


@pytest.mark.django_db(transaction=True)
def test_actions_being_committed_do_not_block_sending(subscription, connection):
    cancel(subscription, actor=STAFF)
    other = subscription_with_order(customer__merchant=subscription.merchant)
    under_way, sent = threading.Event(), threading.Event()

    def act() -> None:
        with transaction.atomic():
            cancel(other, actor=STAFF)
            # A commit does this first, and holds the locks until it is on the disk.
            with database.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            under_way.set()
            sent.wait(10)
        database.close()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        assert under_way.wait(10)
        with running_receiver() as server:
            send_pending(connection, server)
        assert delivery_states() == ["done", "done"]
    finally:
        sent.set()
        thread.join()
