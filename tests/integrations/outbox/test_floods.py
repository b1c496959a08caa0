"""A flood leaves in bulk requests, and what somebody is waiting for overtakes it."""

import json

import pytest

from integrations.base import Answer, Outcome
from integrations.klaviyo import integration
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Attempt, Delivery
from integrations.sending import courier, queue, results
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF, ConnectionFactory, MerchantFactory
from tests.integrations.outbox.sending import Scripted, claim_connection, drain, write_events
from tests.integrations.receiver import running_receiver
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db
DONE = Answer(Outcome.DONE, 202)


@pytest.fixture
def connection(clock):
    return ConnectionFactory(merchant=MerchantFactory())


@pytest.fixture
def one_at_a_time(monkeypatch):
    """With two bulk requests on their way, chance decides which of them is answered first."""
    monkeypatch.setattr(courier, "BULK_IN_FLIGHT", 1)


def flood_of(number: int) -> list[str]:
    return [f"crowd{n}" for n in range(number)]


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("event__payload__name", "state"))


class InSingleRequests(Scripted):
    most_in_bulk = 1


class WithNews(InSingleRequests):
    """A customer cancels while the fifth event of a flood is being noted."""

    def __init__(self, subscription) -> None:
        super().__init__()
        self.subscription = subscription

    def note_delivered(self, connection, sent):
        super().note_delivered(connection, sent)
        if len(self.requests) == 5:
            cancel(self.subscription, actor=STAFF)


def test_a_live_event_overtakes_a_flood_that_waited_before_it(connection):
    write_events(connection.merchant, *flood_of(30))
    write_events(connection.merchant, "live")
    sent = InSingleRequests()
    drain(connection, sent)
    assert sent.requests == [["live"], *([name] for name in flood_of(30))]


def test_a_live_event_overtakes_the_rest_of_a_flood_that_is_leaving(subscription):
    connection = ConnectionFactory(merchant=subscription.merchant)
    write_events(connection.merchant, *flood_of(30))
    sent = WithNews(subscription)
    drain(connection, sent)
    flood = [[name] for name in flood_of(30)]
    assert sent.requests == [*flood[:5], ["live"], ["live"], *flood[5:]], "both events of a cancellation"


def test_a_customer_with_a_live_event_gets_the_older_one_of_the_flood_before_it(connection):
    write_events(connection.merchant, *flood_of(29), "ana-flood")
    write_events(connection.merchant, "live")
    write_events(connection.merchant, "ana-live")
    sent = InSingleRequests()
    drain(connection, sent)
    assert sent.requests[:3] == [["ana-flood"], ["live"], ["ana-live"]]
    assert sent.requests[3:] == [[name] for name in flood_of(29)]


def test_a_bulk_request_holds_one_event_of_a_customer_and_the_next_follows(connection, one_at_a_time):
    write_events(connection.merchant, *(f"{name}-{n}" for n in (1, 2) for name in flood_of(6)))
    sent = Scripted()
    drain(connection, sent)
    assert sent.requests == [[f"{name}-{n}" for name in flood_of(6)] for n in (1, 2)]


def test_an_event_that_klaviyo_points_at_fails_alone(connection, one_at_a_time):
    write_events(connection.merchant, *flood_of(6))
    refusal = Answer(Outcome.DEAD, 400, "Invalid", refused={1: "No metric", 4: "Too deep"})
    sent = Scripted(lambda names: refusal if len(names) == 6 else DONE)
    drain(connection, sent)
    assert sent.requests == [flood_of(6), ["crowd0", "crowd2", "crowd3", "crowd5"]]
    assert states() == dict.fromkeys(flood_of(6), "done") | {"crowd1": "dead", "crowd4": "dead"}
    assert set(Delivery.objects.filter(state="dead").values_list("error", flat=True)) == {"No metric", "Too deep"}


def test_a_bulk_request_refused_without_a_word_is_halved_until_the_cause_is_alone(connection, one_at_a_time):
    write_events(connection.merchant, *flood_of(16))
    sent = Scripted(lambda names: Answer(Outcome.DEAD, 400, "Invalid") if "crowd5" in names else DONE)
    drain(connection, sent)
    assert states() == dict.fromkeys(flood_of(16), "done") | {"crowd5": "dead"}
    assert [len(names) for names in sent.requests if "crowd5" in names] == [16, 8, 4, 1]
    tries = dict(Delivery.objects.values_list("event__payload__name", "attempts_made"))
    assert set(tries.values()) == {1}, "a refusal that was for another event is no attempt of this one"


@pytest.mark.parametrize("status", [None, 500], ids=["no answer", "server error"])
def test_a_bulk_request_whose_fate_is_unknown_is_repeated_one_by_one(connection, clock, one_at_a_time, status):
    write_events(connection.merchant, *flood_of(6))
    sent = Scripted(lambda names: Answer(Outcome.RETRY, status) if len(names) > 1 else DONE)
    drain(connection, sent)
    assert (sent.requests, set(states().values())) == ([flood_of(6)], {"pending"})
    clock.shift(40)
    drain(connection, sent)
    assert sorted(sent.requests[1:]) == [[name] for name in flood_of(6)]
    assert set(states().values()) == {"done"}


def test_a_bulk_request_whose_worker_died_is_repeated_one_by_one(connection, clock, one_at_a_time):
    write_events(connection.merchant, *flood_of(6))
    dying = claim_connection(connection.pk)
    found = queue.read_deliveries(dying, Klaviyo(), bulk=True, limit=9, held=[])
    results.begin_attempts(dying, Klaviyo().prepare(dying, found, bulk=True).parcels)
    clock.shift(31)
    sent = Scripted()
    drain(connection, sent)
    assert sent.requests == [[name] for name in flood_of(6)]


def test_three_events_or_fewer_leave_one_by_one(connection):
    write_events(connection.merchant, "ana", "ben", "cho")
    Delivery.objects.update(bulk=True)
    sent = Scripted()
    drain(connection, sent)
    assert sent.requests == [["ana"], ["ben"], ["cho"]]


def test_four_leave_together(connection):
    write_events(connection.merchant, "ana", "ben", "cho", "dan")
    Delivery.objects.update(bulk=True)
    sent = Scripted()
    drain(connection, sent)
    assert sent.requests == [["ana", "ben", "cho", "dan"]]


def test_klaviyos_limits_of_a_bulk_request_are_kept():
    assert (integration.MOST_EVENTS, integration.MOST_BYTES) == (1000, 4_500_000)


def test_a_bulk_request_ends_before_it_has_too_many_events(connection, monkeypatch, one_at_a_time):
    monkeypatch.setattr(integration, "MOST_EVENTS", 4)
    write_events(connection.merchant, *flood_of(10))
    sent = Scripted()
    drain(connection, sent)
    assert [len(names) for names in sent.requests] == [4, 4, 2]


def test_a_bulk_request_ends_before_it_has_too_many_bytes(connection, monkeypatch):
    write_events(connection.merchant, *flood_of(9))
    with running_receiver() as server:
        connection.base_url = server.url
        connection.save()
        monkeypatch.setattr(integration, "MOST_BYTES", 1500)
        drain(connection, Klaviyo())
    sizes = [len(json.dumps(body["data"]["attributes"]["events-bulk-create"]["data"])) for body in server.bodies]
    assert len(sizes) > 1 and set(states().values()) == {"done"}
    # json.dumps writes a blank after each comma and colon.
    assert max(len(json.dumps(body, separators=(",", ":"))) for body in server.bodies) < 1500 + 200


def statements_of(connection, number: int) -> int:
    write_events(connection.merchant, *flood_of(number))
    with round_trips() as counted:
        drain(connection, Scripted())
    assert set(states().values()) == {"done"} and Attempt.objects.count() == number
    return len(counted.statements)


@pytest.mark.parametrize("number", [30, 300])
def test_a_flood_costs_few_statements_however_many_events_it_has(connection, number):
    assert statements_of(connection, number) == 40


@pytest.mark.parametrize("number", [30, 300])
def test_single_requests_are_noted_together_in_as_many_statements(connection, number):
    write_events(connection.merchant, *flood_of(number))
    held = claim_connection(connection.pk)
    found = queue.read_deliveries(held, Klaviyo(), bulk=True, limit=number, held=[])
    with round_trips() as counted:
        sent = results.begin_attempts(held, Klaviyo().prepare(held, found, bulk=False).parcels)
        results.record(held, Klaviyo(), [(each, DONE) for each in sent])
    assert set(states().values()) == {"done"}
    assert len(counted.statements) == 9
