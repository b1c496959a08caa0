"""The sweep finds the connections whose wake-up was lost, and no others."""

import pytest
from django_q.models import OrmQ

from integrations import outbox
from integrations.models import Connection
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF
from tests.integrations.outbox.sending import send_pending
from tests.integrations.receiver import running_receiver

pytestmark = pytest.mark.django_db


def test_the_sweep_wakes_connections_whose_wake_up_was_lost(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    clock.shift(5)
    outbox.sweep()
    assert OrmQ.objects.count() == 0, "it may still be on its way"
    clock.shift(1)
    outbox.sweep()
    assert OrmQ.objects.count() == 1


def test_the_sweep_leaves_a_connection_that_has_nothing_to_send(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    with running_receiver() as server:
        send_pending(connection, server)
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
def test_the_sweep_leaves_a_connection_that_may_not_send(subscription, connection, clock, change):
    cancel(subscription, actor=STAFF)
    OrmQ.objects.all().delete()
    Connection.objects.update(**change)
    clock.shift(6)
    outbox.sweep()
    assert OrmQ.objects.count() == 0
