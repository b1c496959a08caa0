import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from integrations import lane, outbox
from integrations.base import Answer, Outcome
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Attempt, Connection, Delivery
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Customer, Event
from tests.factories import STAFF, ConnectionFactory, subscription_with_order
from tests.integrations.receiver import receiver
from tests.races import holding

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def local_receivers(settings):
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def subscription(clock):
    return subscription_with_order()


@pytest.fixture
def connection(subscription) -> Connection:
    return ConnectionFactory(merchant=subscription.merchant)


def send_to(connection: Connection, server) -> Connection:
    Connection.objects.filter(pk=connection.pk).update(base_url=server.url)
    outbox.drain(connection.pk)
    connection.refresh_from_db()
    return connection


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_each_event_makes_one_delivery_for_each_connection_that_wants_it(subscription, connection):
    ConnectionFactory(merchant=subscription.merchant, name="Off", enabled=False)
    picky = ConnectionFactory(
        merchant=subscription.merchant, name="Picky", switched_off_kinds=["ordergroove.subscriber.cancel"]
    )
    ConnectionFactory(name="Another merchant's")

    cancel(subscription, actor=STAFF)

    first, second = Event.objects.order_by("id")
    rows = set(Delivery.objects.values_list("event", "connection"))
    assert rows == {(first.pk, connection.pk), (second.pk, connection.pk), (first.pk, picky.pk)}


def test_a_test_customer_reaches_the_sandbox_and_no_live_connection(subscription, connection, settings):
    sandbox = ConnectionFactory(
        merchant=subscription.merchant, name="Sandbox", base_url=f"{settings.PUBLIC_URL}/sandbox/klaviyo"
    )
    Customer.objects.update(is_test=True)

    cancel(subscription, actor=STAFF)

    assert set(Delivery.objects.values_list("connection", flat=True)) == {sandbox.pk}


def test_a_rolled_back_act_leaves_no_event_delivery_or_ring(
    subscription, connection, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(RuntimeError), transaction.atomic():
        cancel(subscription, actor=STAFF)
        raise RuntimeError
    assert not Event.objects.exists() and not Delivery.objects.exists()
    assert callbacks == []


def test_a_lane_is_rung_once_however_many_events_come(subscription, connection, django_capture_on_commit_callbacks):
    for act in (cancel, reactivate, cancel):
        with django_capture_on_commit_callbacks(execute=True):
            act(subscription, actor=STAFF)
    assert OrmQ.objects.count() == 1


def test_a_lane_with_nothing_to_send_is_not_rung(subscription, connection, django_capture_on_commit_callbacks):
    Connection.objects.update(switched_off_kinds=[*KINDS])
    with django_capture_on_commit_callbacks(execute=True):
        cancel(subscription, actor=STAFF)
    connection.refresh_from_db()
    assert (connection.woken, Event.objects.count(), OrmQ.objects.count()) == (False, 2, 0)


def test_the_lane_is_not_rung_before_the_commit(subscription, connection):
    cancel(subscription, actor=STAFF)
    assert Delivery.objects.count() == 2 and OrmQ.objects.count() == 0


def test_a_lane_sends_its_own_deliveries_only(subscription, connection):
    other = ConnectionFactory(merchant=subscription.merchant, name="Other")
    cancel(subscription, actor=STAFF)
    with receiver() as server:
        send_to(connection, server)
        assert len(server.ids) == 2
    assert set(other.deliveries.values_list("state", "attempts_made")) == {("pending", 0)}


def test_a_bell_between_the_last_look_and_the_release_is_heard(subscription, connection, monkeypatch):
    look, looks = outbox._pending, []

    def look_and_miss(held):
        looks.append(look(held))
        if len(looks) == 1:
            cancel(subscription, actor=STAFF)
            outbox.ring(connection.merchant_id)
        return looks[-1]

    monkeypatch.setattr(outbox, "_pending", look_and_miss)
    with receiver() as server:
        send_to(connection, server)
    assert (states(), connection.lease_token) == (["done", "done"], None)


def test_a_lane_with_more_to_send_than_its_turn_is_long_goes_to_the_end_of_the_queue(
    subscription, connection, monkeypatch
):
    monkeypatch.setattr(outbox, "BATCH", 1)
    monkeypatch.setattr(outbox, "TURN_SECONDS", 0)
    cancel(subscription, actor=STAFF)
    with receiver() as server:
        send_to(connection, server)
        assert (states(), connection.lease_token, OrmQ.objects.count()) == (["done", "pending"], None, 1)
        send_to(connection, server)
    assert states() == ["done", "done"]


def test_what_waits_is_sent_in_order_and_the_lane_given_back(subscription, connection):
    cancel(subscription, actor=STAFF)
    reactivate(subscription, actor=STAFF)
    with receiver() as server:
        send_to(connection, server)
        assert server.ids == [event.public_id.hex for event in Event.objects.order_by("id")]
    assert states() == ["done", "done", "done"]
    assert list(Attempt.objects.values_list("status", flat=True)) == [202, 202, 202]
    assert set(Delivery.objects.values_list("finished", flat=True)) == {timezone.now()}
    assert (connection.lease_token, connection.failures) == (None, 0)


def test_a_temporary_fault_rests_the_lane_and_keeps_the_order(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (503, {}) if number == 1 else (202, {})) as server:
        send_to(connection, server)
        assert (states(), connection.failures) == (["pending", "pending"], 1)
        assert timedelta(seconds=30) <= connection.not_before - timezone.now() <= timedelta(seconds=36)

        send_to(connection, server)
        assert len(server.ids) == 1, "nothing may be sent while the lane rests"

        clock.shift(40)
        send_to(connection, server)
        first, second = [event.public_id.hex for event in Event.objects.order_by("id")]
        assert server.ids == [first, first, second]
    assert (states(), connection.failures) == (["done", "done"], 0)


def test_each_further_fault_doubles_the_rest_up_to_half_an_hour(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    waits = []
    with receiver(lambda number, body: (500, {})) as server:
        for _ in range(8):
            send_to(connection, server)
            waits.append((connection.not_before - timezone.now()).total_seconds())
            clock.move_to(connection.not_before)
    factors = [wait / base for wait, base in zip(waits, [30, 60, 120, 240, 480, 960, 1800, 1800], strict=True)]
    assert min(factors) >= 1 and max(factors) <= 1.2
    assert len(set(factors)) == len(factors), "many lanes must not come back in the same second"


def test_a_fault_that_names_a_time_is_waited_for_that_long(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (503, {"Retry-After": "7"})) as server:
        send_to(connection, server)
    assert timedelta(seconds=7) <= connection.not_before - timezone.now() <= timedelta(seconds=8.4)


def test_a_throttled_lane_waits_as_long_as_it_is_told_and_no_attempt_counts(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (429, {"Retry-After": "7"})) as server:
        send_to(connection, server)
    assert timedelta(seconds=7) <= connection.not_before - timezone.now() <= timedelta(seconds=8.4)
    assert set(Delivery.objects.values_list("state", "attempts_made")) == {("pending", 0)}


def test_a_refused_body_is_dead_and_the_others_go_on(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (400, {}) if number == 1 else (202, {})) as server:
        send_to(connection, server)
    assert states() == ["dead", "done"]


def test_a_refusal_is_no_success_of_the_connection(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (400, {})) as server:
        send_to(connection, server)
    assert connection.last_success_at is None
    assert connection.last_error == "HTTP 400, with no reason of Klaviyo's."


def test_a_mended_connection_is_woken_at_once_though_events_came_meanwhile(
    subscription, connection, django_capture_on_commit_callbacks
):
    Connection.objects.update(paused_reason="wrong key")
    with django_capture_on_commit_callbacks(execute=True):
        cancel(subscription, actor=STAFF)
    assert OrmQ.objects.count() == 0
    outbox.resume(connection)
    assert OrmQ.objects.count() == 1


def test_staff_may_end_a_rest(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (503, {}) if number == 1 else (202, {})) as server:
        send_to(connection, server)
        outbox.resume(connection)
        send_to(connection, server)
    assert states() == ["done", "done"]


def test_wrong_credentials_pause_the_connection_and_keep_its_deliveries(subscription, connection, caplog):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (401, {})) as server:
        send_to(connection, server)
        assert connection.paused_reason != "" and states() == ["pending", "pending"]
        assert len(server.ids) == 1
    assert caplog.text.count("is paused") == 1

    with receiver() as server:
        outbox.resume(connection)
        send_to(connection, server)
    assert states() == ["done", "done"]


def test_a_server_that_cannot_be_reached_is_a_temporary_fault(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver() as server:
        gone = server
    send_to(connection, gone)
    assert (connection.failures, states()) == (1, ["pending", "pending"])


def test_after_a_day_of_faults_a_delivery_has_failed_for_good(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    clock.shift(timedelta(days=3))
    with receiver(lambda number, body: (500, {}) if number <= 2 else (202, {})) as server:
        send_to(connection, server)
        assert states() == ["pending", "pending"], "what waited untried has the whole day before it"
        clock.shift(timedelta(days=1, seconds=1))
        send_to(connection, server)
        clock.shift(timedelta(minutes=10))
        send_to(connection, server)
    assert states() == ["dead", "done"]


@pytest.mark.parametrize("status", [401, 429])
def test_only_faults_make_a_delivery_fail_for_good_however_old_it_is(subscription, connection, clock, status):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (status, {})) as server:
        send_to(connection, server)
        clock.shift(timedelta(days=2))
        outbox.resume(connection)
        send_to(connection, server)
    assert (len(server.ids), states()) == (2, ["pending", "pending"])


def test_a_receiver_that_asks_for_years_gets_a_day(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (429, {"Retry-After": "9" * 30})) as server:
        send_to(connection, server)
    assert timedelta(days=1) <= connection.not_before - timezone.now() <= timedelta(days=1.2)


def test_a_delivery_that_failed_for_good_can_be_sent_again_with_the_same_id(subscription, connection):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (400, {}) if number == 1 else (202, {})) as server:
        send_to(connection, server)
        dead = Delivery.objects.get(state="dead")
        assert outbox.replay(dead) is True
        send_to(connection, server)
        assert server.ids[0] == server.ids[2] == dead.event.public_id.hex
    assert outbox.replay(dead) is False
    assert states() == ["done", "done"]


def test_what_is_sent_again_is_rung_for_and_has_a_whole_day_before_it(
    subscription, connection, clock, django_capture_on_commit_callbacks
):
    cancel(subscription, actor=STAFF)
    with receiver(lambda number, body: (500, {})) as server:
        send_to(connection, server)
        clock.shift(timedelta(days=2))
        send_to(connection, server)
        clock.shift(timedelta(hours=1))
        with django_capture_on_commit_callbacks(execute=True):
            outbox.replay(Delivery.objects.get(state="dead"))
        assert OrmQ.objects.count() == 1
        send_to(connection, server)
    assert states() == ["pending", "pending"]


def test_a_held_lane_sends_nothing_for_a_second_worker(subscription, connection):
    cancel(subscription, actor=STAFF)
    assert lane.take(connection.pk) is not None
    with receiver() as server:
        send_to(connection, server)
        assert server.ids == []


@pytest.mark.parametrize("hold", [lane.renew, lambda held: lane.count_request(held, Klaviyo())])
def test_a_worker_that_goes_on_keeps_its_lane(connection, clock, hold):
    held = lane.take(connection.pk)
    clock.shift(20)
    assert hold(held)
    clock.shift(20)
    assert lane.take(connection.pk) is None


def test_a_lane_whose_worker_was_killed_is_free_again_after_its_lease(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    lane.take(connection.pk)
    clock.shift(31)
    with receiver() as server:
        send_to(connection, server)
    assert states() == ["done", "done"]


def test_a_worker_that_lost_its_lease_while_sending_writes_nothing(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    slow = lane.take(connection.pk)

    class TooSlow(Klaviyo):
        def send(self, delivery):
            clock.shift(31)
            assert lane.take(connection.pk) is not None
            return Answer(Outcome.DONE, 202)

    assert outbox._send(slow, TooSlow(), outbox._pending(slow)[0]) is False
    assert states() == ["pending", "pending"]


def test_a_delivery_that_kills_its_worker_three_times_is_set_aside(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(3):
        held = lane.take(connection.pk)
        outbox._begin(outbox._pending(held)[0])
        clock.shift(31)
    with receiver() as server:
        send_to(connection, server)
    assert states() == ["dead", "done"]
    assert Delivery.objects.get(state="dead").error == "The worker ended 3 times while sending this."


def test_crashes_are_not_laid_on_a_delivery_that_was_not_being_sent(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(3):
        lane.take(connection.pk)
        clock.shift(31)
    with receiver() as server:
        send_to(connection, server)
    assert states() == ["done", "done"]


def test_an_answer_of_any_kind_ends_a_row_of_crashes(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    for _ in range(2):
        lane.take(connection.pk)
        clock.shift(31)
    with receiver(lambda number, body: (503, {})) as server:
        send_to(connection, server)
    assert (connection.crashes, connection.failures) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_a_lane_another_worker_is_just_taking_is_not_waited_for(connection):
    with holding(Connection.objects.all()):
        assert lane.take(connection.pk) is None


@pytest.mark.django_db(transaction=True)
def test_acts_being_committed_neither_take_a_lane_nor_hold_it_up(subscription, connection):
    cancel(subscription, actor=STAFF)
    other = subscription_with_order(customer__merchant=subscription.merchant)
    under_way, sent = threading.Event(), threading.Event()

    def act() -> None:
        with transaction.atomic():
            cancel(other, actor=STAFF)
            # What a commit does first, and holds until it is on the disk.
            with database.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            under_way.set()
            sent.wait(10)
        database.close()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        assert under_way.wait(10)
        with receiver() as server:
            send_to(connection, server)
        assert states() == ["done", "done"]
    finally:
        sent.set()
        thread.join()


def test_a_connection_of_an_integration_that_is_not_there_waits(subscription):
    connection = ConnectionFactory(merchant=subscription.merchant, integration="attentive")
    cancel(subscription, actor=STAFF)
    outbox.drain(connection.pk)
    connection.refresh_from_db()
    assert (states(), connection.lease_token) == (["pending", "pending"], None)


def test_a_full_minute_makes_the_lane_wait_for_the_next(subscription, connection, monkeypatch, clock):
    cancel(subscription, actor=STAFF)
    monkeypatch.setattr(outbox.INTEGRATIONS["klaviyo"], "per_minute", 1)
    with receiver() as server:
        send_to(connection, server)
        assert (states(), connection.not_before) == (
            ["done", "pending"],
            timezone.now() + timedelta(minutes=1),
        )
        clock.shift(60)
        send_to(connection, server)
    assert states() == ["done", "done"]


def test_the_sweep_wakes_what_a_lost_doorbell_left(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    clock.shift(5)
    outbox.sweep()
    assert OrmQ.objects.count() == 0, "it may still be on its way"
    clock.shift(1)
    outbox.sweep()
    assert OrmQ.objects.count() == 1


def test_the_sweep_leaves_a_lane_that_has_nothing_to_send(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    with receiver() as server:
        send_to(connection, server)
    clock.shift(6)
    outbox.sweep()
    assert OrmQ.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"paused_reason": "wrong key"},
        {"not_before": "2026-11-20T18:00:00Z"},
        {"lease_token": "0" * 32, "lease_until": "2026-11-20T17:01:00Z"},
    ],
)
def test_the_sweep_leaves_a_lane_that_may_not_send(subscription, connection, clock, change):
    cancel(subscription, actor=STAFF)
    OrmQ.objects.all().delete()
    Connection.objects.update(**change)
    clock.shift(6)
    outbox.sweep()
    assert OrmQ.objects.count() == 0
