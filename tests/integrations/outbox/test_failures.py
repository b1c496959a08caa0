"""The effect of each kind of failure on a delivery and its connection, and how staff recover from it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.http import http_date
from django_q.models import OrmQ

from integrations import outbox
from integrations.models import Connection, Delivery
from subscriptions.actions.subscription import cancel
from subscriptions.models import Event
from tests.factories import STAFF
from tests.integrations.outbox.sending import delivery_states, send_pending
from tests.integrations.receiver import running_receiver

pytestmark = pytest.mark.django_db


def test_a_temporary_fault_pauses_sending_and_keeps_the_order(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (503, {}) if number == 1 else (202, {})) as server:
        send_pending(connection, server)
        assert (delivery_states(), connection.failures) == (["pending", "pending"], 1)
        assert timedelta(seconds=30) <= connection.not_before - timezone.now() <= timedelta(seconds=36)

        send_pending(connection, server)
        assert len(server.ids) == 1, "nothing may be sent while the connection rests"

        clock.shift(40)
        send_pending(connection, server)
        first, second = [event.public_id.hex for event in Event.objects.order_by("id")]
        assert server.ids == [first, first, second]
    assert (delivery_states(), connection.failures) == (["done", "done"], 0)


def test_each_further_fault_doubles_the_back_off_up_to_half_an_hour(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    waits = []
    with running_receiver(lambda number, body: (500, {})) as server:
        for _ in range(8):
            send_pending(connection, server)
            waits.append((connection.not_before - timezone.now()).total_seconds())
            clock.move_to(connection.not_before)
    factors = [wait / base for wait, base in zip(waits, [30, 60, 120, 240, 480, 960, 1800, 1800], strict=True)]
    assert min(factors) >= 1 and max(factors) <= 1.2
    assert len(set(factors)) == len(factors), "many connections must not come back in the same second"


def test_a_fault_with_retry_after_is_waited_for_that_long(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (503, {"Retry-After": "7"})) as server:
        send_pending(connection, server)
    assert timedelta(seconds=7) <= connection.not_before - timezone.now() <= timedelta(seconds=8.4)


def test_a_throttled_connection_obeys_a_date_as_well(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    until = http_date((timezone.now() + timedelta(minutes=5)).timestamp())
    with running_receiver(lambda number, body: (429, {"Retry-After": until})) as server:
        send_pending(connection, server)
    assert timedelta(minutes=5) <= connection.not_before - timezone.now() <= timedelta(minutes=6)


def test_a_throttled_connection_obeys_retry_after_and_counts_no_attempt(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (429, {"Retry-After": "7"})) as server:
        send_pending(connection, server)
    assert timedelta(seconds=7) <= connection.not_before - timezone.now() <= timedelta(seconds=8.4)
    assert set(Delivery.objects.values_list("state", "attempts_made")) == {("pending", 0)}


def test_a_refused_body_is_dead_and_the_others_go_on(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (400, {}) if number == 1 else (202, {})) as server:
        send_pending(connection, server)
    assert delivery_states() == ["dead", "done"]


def test_a_refusal_does_not_count_as_a_success_of_the_connection(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (400, {})) as server:
        send_pending(connection, server)
    assert connection.last_success_at is None
    assert connection.last_error == "HTTP 400, without a reason from Klaviyo."


def test_a_resumed_connection_is_woken_at_once_though_events_came_meanwhile(
    subscription, connection, django_capture_on_commit_callbacks
):
    Connection.objects.update(paused_reason="wrong key")
    with django_capture_on_commit_callbacks(execute=True):
        cancel(subscription, actor=STAFF)
    assert OrmQ.objects.count() == 0
    with django_capture_on_commit_callbacks(execute=True):
        outbox.resume_connection(connection)
    assert OrmQ.objects.count() == 1


def test_staff_can_end_a_back_off(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (503, {}) if number == 1 else (202, {})) as server:
        send_pending(connection, server)
        outbox.resume_connection(connection)
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]


def test_wrong_credentials_pause_the_connection_and_keep_its_deliveries(subscription, connection, caplog):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (401, {})) as server:
        send_pending(connection, server)
        assert connection.paused_reason != "" and delivery_states() == ["pending", "pending"]
        assert len(server.ids) == 1
    assert caplog.text.count("is paused") == 1

    with running_receiver() as server:
        outbox.resume_connection(connection)
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]


def test_a_server_that_cannot_be_reached_is_a_temporary_fault(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver() as server:
        gone = server
    send_pending(connection, gone)
    assert (connection.failures, delivery_states()) == (1, ["pending", "pending"])


def test_after_a_day_of_faults_a_delivery_has_failed_for_good(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    clock.shift(timedelta(days=3))
    with running_receiver(lambda number, body: (500, {}) if number <= 2 else (202, {})) as server:
        send_pending(connection, server)
        assert delivery_states() == ["pending", "pending"], "what waited untried has the whole day before it"
        clock.shift(timedelta(days=1, seconds=1))
        send_pending(connection, server)
        clock.shift(timedelta(minutes=10))
        send_pending(connection, server)
    assert delivery_states() == ["dead", "done"]


@pytest.mark.parametrize("status", [401, 429])
def test_only_faults_make_a_delivery_fail_for_good_however_old_it_is(subscription, connection, clock, status):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (status, {})) as server:
        send_pending(connection, server)
        clock.shift(timedelta(days=2))
        outbox.resume_connection(connection)
        send_pending(connection, server)
    assert (len(server.ids), delivery_states()) == (2, ["pending", "pending"])


def test_a_retry_after_of_years_counts_as_a_day(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (429, {"Retry-After": "9" * 30})) as server:
        send_pending(connection, server)
    assert timedelta(days=1) <= connection.not_before - timezone.now() <= timedelta(days=1.2)


def test_a_delivery_that_failed_for_good_can_be_sent_again_with_the_same_id(subscription, connection):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (400, {}) if number == 1 else (202, {})) as server:
        send_pending(connection, server)
        dead = Delivery.objects.get(state="dead")
        assert outbox.replay_delivery(dead) is True
        send_pending(connection, server)
        assert server.ids[0] == server.ids[2] == dead.event.public_id.hex
    assert outbox.replay_delivery(dead) is False
    assert delivery_states() == ["done", "done"]


def test_a_replayed_delivery_wakes_a_worker_and_has_a_whole_day_of_retries(
    subscription, connection, clock, django_capture_on_commit_callbacks
):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (500, {})) as server:
        send_pending(connection, server)
        clock.shift(timedelta(days=2))
        send_pending(connection, server)
        clock.shift(timedelta(hours=1))
        OrmQ.objects.all().delete()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.replay_delivery(Delivery.objects.get(state="dead"))
        assert OrmQ.objects.count() == 1
        send_pending(connection, server)
    assert delivery_states() == ["pending", "pending"]
