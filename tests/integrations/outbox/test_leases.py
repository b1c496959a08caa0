"""One worker at a time sends for a connection, and a dead worker loses no delivery."""

import threading
import time
from concurrent.futures import Future
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from common.work import LeaseLost, Turn
from integrations.base import Answer, Outcome, Parcel
from integrations.klaviyo.integration import EVENTS, Klaviyo
from integrations.models import Attempt, Connection, Delivery
from integrations.sending import queue, results
from integrations.sending.courier import Courier
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF, subscription_with_order
from tests.integrations.outbox.sending import InProcess, claim_connection, delivery_states, send_pending
from tests.integrations.receiver import running_receiver
from tests.races import holding_locks

pytestmark = pytest.mark.django_db
DONE = Answer(Outcome.DONE, 202)


def test_a_leased_connection_sends_nothing_for_a_second_worker(subscription, connection):
    cancel(subscription, actor=STAFF)
    assert claim_connection(connection.pk) is not None
    with running_receiver() as server:
        send_pending(connection, server)
        assert server.ids == []


def test_a_worker_that_renews_keeps_its_lease(connection, clock):
    held = claim_connection(connection.pk)
    clock.shift(20)
    held.renew()
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
    begun = begin_one(slow)
    clock.shift(31)
    assert claim_connection(connection.pk) is not None
    with pytest.raises(LeaseLost):
        results.record(slow, Klaviyo(), [(begun, Answer(Outcome.DONE, 202))])
    assert delivery_states() == ["pending", "pending"]
    assert Attempt.objects.get().status is None


def test_a_worker_keeps_its_lease_while_a_request_takes_longer_than_that(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    held = claim_connection(connection.pk)
    courier = Courier(held, Klaviyo(), Turn())
    courier.sending = {Future(): begin_one(held)}
    for _ in range(2):
        clock.shift(20)
        courier._collect()
    assert claim_connection(connection.pk) is None


def begin_one(held: Connection) -> results.Sent:
    """Put the first waiting delivery on its way, as a worker does that ends then."""
    delivery, *_ = queue.read_deliveries(held, Klaviyo(), bulk=False, limit=1, held=[])
    (sent,) = results.begin_attempts(held, [Parcel([delivery], (EVENTS,), lambda: Answer(Outcome.DONE, 202))])
    return sent


def test_a_delivery_that_kills_its_worker_five_times_is_set_aside(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(5):
        begin_one(claim_connection(connection.pk))
        clock.shift(31)
    with running_receiver() as server:
        send_pending(connection, server)
    assert delivery_states() == ["dead", "done"]
    assert Delivery.objects.get(state="dead").error == "The worker ended 5 times while sending this."


def test_a_delivery_that_killed_its_worker_four_times_is_sent_and_starts_afresh(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(4):
        begin_one(claim_connection(connection.pk))
        clock.shift(31)
    with running_receiver() as server:
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]
    assert set(Delivery.objects.values_list("interrupted", flat=True)) == {0}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "between others", "last"])
def test_a_delivery_whose_worker_ended_twice_has_no_other_beside_it(connection, place):
    for _ in range(4):
        cancel(subscription_with_order(customer__merchant=connection.merchant), actor=STAFF)
    Delivery.objects.update(attempts_made=1)  # so that none is put before another
    suspect = Delivery.objects.order_by("id")[place]
    Delivery.objects.filter(pk=suspect.pk).update(interrupted=2, attempts_made=2)
    on_their_way, beside = set(), {}

    def send(delivery: Delivery) -> Answer:
        on_their_way.add(delivery.pk)
        time.sleep(0.02)
        beside[delivery.pk] = len(on_their_way) - 1
        on_their_way.discard(delivery.pk)
        return Answer(Outcome.DONE, 202)

    Courier(claim_connection(connection.pk), InProcess(send), Turn()).run()
    assert delivery_states() == ["done"] * 8
    assert beside[suspect.pk] == 0
    assert max(beside.values()) > 0, "the others share the road"


def test_a_delivery_that_has_to_go_alone_stops_nothing_while_its_endpoint_is_closed(connection):
    courier = Courier(connection, Klaviyo(), Turn())
    suspect, live = (Parcel([Delivery(interrupted=n)], (EVENTS,), lambda: DONE) for n in (2, 0))
    courier.lanes[0].waiting.append(live)
    courier.lanes[1].waiting.append(suspect)
    courier.lanes[1].closed_until = timezone.now() + timedelta(hours=1)
    assert courier._candidates() == [(courier.lanes[0], live)]


@pytest.mark.parametrize(
    ("is_sending", "live_age", "bulk_age", "gives_way"),
    [(True, 0, 0, True), (True, 0.2, 0, False), (True, 0, 0.6, False), (False, 0, 0, False)],
    ids=["live events come", "none came of late", "it has waited long", "nothing is on its way"],
)
def test_the_bulk_gives_way_to_live_events_for_a_while(connection, is_sending, live_age, bulk_age, gives_way):
    courier, now = Courier(connection, Klaviyo(), Turn()), time.monotonic()
    live, bulk = courier.lanes
    live.found_at, bulk.found_at = now - live_age, now - bulk_age
    courier.sending = {Future(): results.Sent(Parcel([], (), lambda: DONE), [])} if is_sending else {}
    assert courier._bulk_gives_way is gives_way


def test_an_attempt_whose_worker_died_is_counted_once_by_the_next(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    begun = timezone.now()
    begin_one(claim_connection(connection.pk))
    for _ in range(2):
        clock.shift(31)
        queue.count_deaths(claim_connection(connection.pk))
    row, other = Delivery.objects.order_by("id")
    assert (row.attempts_made, row.interrupted, row.first_attempt_at) == (1, 1, begun)
    assert (other.attempts_made, other.interrupted, other.first_attempt_at) == (0, 0, None)
    assert Attempt.objects.get().detail == "The worker ended before it noted an answer."


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
