"""How staff recover from failures: a pause or a rest that ends, a corrected key, a delivery that is sent again."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations import outbox
from integrations.models import Connection, Delivery
from integrations.sending import results
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF
from tests.integrations.outbox.sending import (
    delivery_states,
    send_pending,
)
from tests.integrations.receiver import running_receiver

pytestmark = pytest.mark.django_db


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


def test_the_end_of_a_pause_leaves_what_waits_for_an_earlier_delivery_aside(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    first, second = Delivery.objects.order_by("id")
    Delivery.objects.filter(pk=first.pk).update(due=timezone.now() + timedelta(minutes=5))
    Delivery.objects.filter(pk=second.pk).update(due=Delivery.BEHIND)
    outbox.resume_connection(connection)
    dues = Delivery.objects.order_by("id").values_list("due", flat=True)
    assert list(dues) == [timezone.now(), Delivery.BEHIND]


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


@pytest.mark.parametrize("corrected", [{"secret": "pk_new"}, {"base_url": "https://moved.example"}])
def test_what_staff_correct_while_the_old_key_is_refused_is_not_paused(
    subscription, connection, monkeypatch, corrected
):
    cancel(subscription, actor=STAFF)
    record = results.record

    def enter_key(*args):  # as staff do while the request is on its way
        Connection.objects.update(**corrected)
        return record(*args)

    with running_receiver(lambda number, body: (401, {})) as server, monkeypatch.context() as patch:
        patch.setattr(results, "record", enter_key)
        send_pending(connection, server)
    assert (connection.paused_reason, delivery_states()) == ("", ["pending", "pending"])
    assert OrmQ.objects.count() == 1
    with running_receiver() as server:
        send_pending(connection, server)
    assert delivery_states() == ["done", "done"]
