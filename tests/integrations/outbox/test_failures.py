"""The effect of each kind of failure on a delivery and its connection."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django.utils.http import http_date

from common.work import Turn
from integrations import outbox
from integrations.base import Answer, Outcome
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection, Delivery
from integrations.sending import results
from integrations.sending.courier import Courier
from subscriptions.actions.subscription import cancel
from subscriptions.models import Event
from tests.factories import STAFF, ConnectionFactory, MerchantFactory, subscription_with_order
from tests.integrations.deliveries import make_delivery
from tests.integrations.outbox.sending import (
    Faults,
    InProcess,
    claim_connection,
    delivery_states,
    first_due,
    send_pending,
)
from tests.integrations.receiver import running_receiver

pytestmark = pytest.mark.django_db


def test_a_temporary_fault_holds_back_its_customer_alone_and_keeps_the_order(subscription, connection, clock):
    other = subscription_with_order(customer__merchant=subscription.merchant)
    for each in (subscription, other):
        cancel(each, actor=STAFF)
    faulty = Event.objects.order_by("id").first()
    first, second, *others = [event.public_id.hex for event in Event.objects.order_by("id")]
    script = Faults({faulty.public_id.hex: [(503, {})]})
    with running_receiver(script) as server:
        send_pending(connection, server)
        assert (delivery_states(), connection.failures) == (["pending", "pending", "done", "done"], 0)
        waiting = Delivery.objects.get(event=faulty)
        assert timedelta(seconds=30) <= waiting.due - timezone.now() <= timedelta(seconds=36)

        send_pending(connection, server)
        assert sorted(server.ids) == sorted([first, *others]), "the customer's next event waits as well"

        clock.shift(40)
        send_pending(connection, server)
        assert server.ids[3:] == [first, second]
    assert (delivery_states(), connection.failures) == (["done"] * 4, 0)


def test_a_delivery_that_fails_for_good_is_a_log_line_with_its_ids_and_without_its_error(
    subscription, connection, caplog
):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (400, {})) as server:
        send_pending(connection, server)
    failed = Delivery.objects.filter(state="dead").order_by("pk")
    lines = [record for record in caplog.records if record.name == results.log.name]
    assert sorted((line.delivery, line.event, line.connection, line.merchant) for line in lines) == [
        (one.pk, one.event_id, connection.pk, connection.merchant_id) for one in failed
    ]
    assert {line.getMessage() for line in lines} == {f"delivery {one.pk} failed" for one in failed}


def test_each_further_fault_doubles_the_back_off_up_to_half_an_hour(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    waits = []
    with running_receiver(lambda number, body: (500, {})) as server:
        for _ in range(8):
            send_pending(connection, server)
            waits.append((first_due() - timezone.now()).total_seconds())
            clock.move_to(max(first_due(), connection.not_before or first_due()))
    factors = [wait / base for wait, base in zip(waits, [30, 60, 120, 240, 480, 960, 1800, 1800], strict=True)]
    assert min(factors) >= 1 and max(factors) <= 1.2
    assert len(set(factors)) == len(factors), "many deliveries must not come back in the same second"


def test_after_five_faults_in_a_row_a_connection_rests_and_then_sends_one_request_to_try(clock):
    merchant = MerchantFactory()
    connection = ConnectionFactory(merchant=merchant)
    for _ in range(8):
        cancel(subscription_with_order(customer__merchant=merchant), actor=STAFF)
    with running_receiver(lambda number, body: (503, {}) if number <= 9 else (202, {})) as server:
        send_pending(connection, server)
        assert (len(server.ids), connection.failures) == (8, 8)
        assert timedelta(seconds=60) <= connection.not_before - timezone.now() <= timedelta(seconds=72)

        clock.shift(80)
        send_pending(connection, server)
        assert (len(server.ids), connection.failures) == (9, 9), "one request to try"

        clock.shift(200)
        send_pending(connection, server)
    assert (delivery_states(), connection.failures) == (["done"] * 16, 0)


@pytest.mark.parametrize(("faults", "rests"), [(4, False), (5, True)])
def test_the_fifth_fault_in_a_row_makes_a_connection_rest_until_staff_resume_it(clock, faults, rests):
    connection = ConnectionFactory()
    for _ in range(faults):
        make_delivery(connection)
    with running_receiver(lambda number, body: (503, {})) as server:
        send_pending(connection, server)
    assert (connection.failures, connection.not_before is not None) == (faults, rests)
    outbox.resume_connection(connection)
    connection.refresh_from_db()
    assert (connection.failures, connection.not_before) == (0, None)


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_is_obeyed(subscription, connection, status):
    cancel(subscription, actor=STAFF)
    with running_receiver(lambda number, body: (status, {"Retry-After": "7"})) as server:
        send_pending(connection, server)
    assert timedelta(seconds=7) <= first_due() - timezone.now() <= timedelta(seconds=8.4)
    assert Delivery.objects.order_by("id").first().attempts_made == (1 if status == 503 else 0)


def test_a_throttled_connection_obeys_a_date_as_well(subscription, connection, clock):
    cancel(subscription, actor=STAFF)
    until = http_date((timezone.now() + timedelta(minutes=5)).timestamp())
    with running_receiver(lambda number, body: (429, {"Retry-After": until})) as server:
        send_pending(connection, server)
    assert timedelta(minutes=5) <= first_due() - timezone.now() <= timedelta(minutes=6)


def test_while_an_endpoint_is_closed_nothing_else_leaves_by_it_whichever_connection_of_the_account(connection, clock):
    Connection.objects.update(account="XyZ123")
    connection.refresh_from_db()
    other = ConnectionFactory(merchant=connection.merchant, name="Other key", account="XyZ123")
    cancel(subscription_with_order(customer__merchant=connection.merchant), actor=STAFF)
    with running_receiver(Faults({}, default=(429, {"Retry-After": "7"}))) as server:
        send_pending(connection, server)
        cancel(subscription_with_order(customer__merchant=connection.merchant), actor=STAFF)
        send_pending(connection, server)
        send_pending(other, server)
    assert len(server.ids) == 1


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


@pytest.mark.parametrize(("late", "given_up"), [(timedelta(), False), (timedelta(microseconds=1), True)])
def test_a_delivery_is_given_up_after_a_whole_day(subscription, connection, clock, late, given_up):
    delivery = make_delivery(connection, first_attempt_at=timezone.now() - timedelta(days=1) - late, attempts_made=1)
    again = Klaviyo.backoff.next_attempt(delivery, Answer(Outcome.RETRY), timezone.now())
    assert (again is None) == given_up


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
    assert timedelta(days=1) <= first_due() - timezone.now() <= timedelta(days=1.2)


class Spoilt(InProcess):
    """Fails at making requests of the deliveries in `spoilt`."""

    def __init__(self, spoilt: set[int], error: Exception) -> None:
        super().__init__(lambda delivery: Answer(Outcome.DONE, 202))
        self.spoilt, self.error = spoilt, error

    def prepare(self, connection, deliveries, *, bulk):
        if self.spoilt & {one.pk for one in deliveries}:
            raise self.error
        return super().prepare(connection, deliveries, bulk=bulk)


def test_an_event_the_portal_cannot_make_a_request_of_fails_alone(connection):
    for _ in range(3):
        cancel(subscription_with_order(customer__merchant=connection.merchant), actor=STAFF)
    spoilt = Delivery.objects.order_by("id")[2]
    Courier(claim_connection(connection.pk), Spoilt({spoilt.pk}, ValueError("NaN")), Turn()).run()
    assert delivery_states() == ["done", "done", "dead", "done", "done", "done"]
    spoilt.refresh_from_db()
    assert spoilt.error == "The portal failed at making a request of this event."


def test_a_database_that_fails_while_requests_are_made_costs_no_delivery(subscription, connection):
    cancel(subscription, actor=STAFF)
    spoilt = Delivery.objects.order_by("id")[0]
    with pytest.raises(OperationalError):
        Courier(claim_connection(connection.pk), Spoilt({spoilt.pk}, OperationalError("gone")), Turn()).run()
    assert delivery_states() == ["pending", "pending"]
