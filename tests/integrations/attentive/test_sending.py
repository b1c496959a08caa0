"""Deliveries through the outbox to a server that plays Attentive: what is sent, and what is sent again."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from integrations import http, outbox
from integrations.attentive import client
from integrations.attentive.outgoing import NOBODY_KNOWS, STATUS_MISSING
from integrations.models import Attempt, Connection, Delivery, PaceWindow
from tests.integrations.attentive.server import ATTRIBUTES, EVENTS, NO_REPLY, AttentiveServer, Reply

pytestmark = pytest.mark.django_db(transaction=True)
DENIED = "The app may not do what is needed: give it write access to events and attributes."


def send(delivery: Delivery) -> Delivery:
    """Send what is due, as if its waits were over."""
    Delivery.objects.filter(pk=delivery.pk).update(due=timezone.now())
    Connection.objects.update(not_before=None)
    PaceWindow.objects.update(closed_until=None)
    outbox.drain_connection(delivery.connection_id)
    delivery.refresh_from_db()
    return delivery


def roads_of(delivery: Delivery) -> list[tuple[str, int | None]]:
    return list(delivery.attempts.order_by("pk").values_list("road", "status"))


def minutes_to_wait(delivery: Delivery) -> float:
    return (delivery.due - timezone.now()) / timedelta(minutes=1)


def test_an_event_is_followed_by_its_status(delivery: Delivery, server: AttentiveServer) -> None:
    assert send(delivery).state == "done"
    assert server.paths == [EVENTS, ATTRIBUTES]
    assert set(server.keys) == {"Bearer app_key"}
    assert server.received[1][1]["properties"] == {"Ordergroove Subscriber Status": "active"}
    assert (roads_of(delivery), delivery.attempts.get().profile_status) == ([("attributes", 200)], "active")


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(500), "pending"),
        (NO_REPLY, "pending"),
        (Reply(429, headers={"Retry-After": "60"}), "pending"),
        (Reply(403), "pending"),
        (Reply(400, "That value is not in the list."), "dead"),
    ],
)
def test_an_event_whose_status_fails_is_not_sent_again_but_its_status_is(
    delivery: Delivery, connection: Connection, server: AttentiveServer, reply: Reply, state: str
) -> None:
    server.script[ATTRIBUTES] = [reply]
    assert send(delivery).state == state
    assert delivery.error.startswith(STATUS_MISSING)
    connection.refresh_from_db()
    outbox.resume_connection(connection)  # after a 403
    outbox.replay_delivery(delivery)  # after a 400
    assert send(delivery).state == "done"
    assert server.paths == [EVENTS, ATTRIBUTES, ATTRIBUTES]


def test_a_status_that_cannot_be_sent_at_all_leaves_the_event_alone(
    delivery: Delivery, server: AttentiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(client, "set_attributes", raise_connect_error)
        assert send(delivery).state == "pending"
    assert send(delivery).state == "done"
    assert server.paths == [EVENTS, ATTRIBUTES]


def raise_connect_error(*_: object, **__: object) -> None:
    raise httpx.ConnectError("")


@pytest.mark.parametrize("reply", [NO_REPLY, Reply(500), Reply(503)])
def test_an_event_of_unknown_fate_has_one_more_try_ten_minutes_later(
    delivery: Delivery, server: AttentiveServer, reply: Reply
) -> None:
    server.script[EVENTS] = [reply, reply]
    assert send(delivery).state == "pending"
    assert 9.5 < minutes_to_wait(delivery) <= 10
    assert send(delivery).state == "unknown"
    assert (server.paths, delivery.error.startswith(NOBODY_KNOWS)) == ([EVENTS, EVENTS], True)


def test_the_one_more_try_may_succeed(delivery: Delivery, server: AttentiveServer) -> None:
    server.script[EVENTS] = [NO_REPLY]
    send(delivery)
    assert send(delivery).state == "done"
    assert server.paths == [EVENTS, EVENTS, ATTRIBUTES]


def test_a_request_that_never_left_does_not_count_as_a_try(
    delivery: Delivery, server: AttentiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(http, "send_request", raise_connect_error)
        for _ in range(3):
            assert send(delivery).state == "pending"
            assert minutes_to_wait(delivery) < 3
    assert roads_of(delivery) == [("", None)] * 3
    server.script[EVENTS] = [NO_REPLY]
    assert send(delivery).state == "pending"
    assert send(delivery).state == "done"


@pytest.mark.parametrize(("deaths", "state", "paths"), [(1, "done", [EVENTS, ATTRIBUTES]), (2, "unknown", [])])
def test_a_worker_that_died_while_sending_may_have_sent(
    delivery: Delivery, server: AttentiveServer, deaths: int, state: str, paths: list[str]
) -> None:
    Attempt.objects.bulk_create(Attempt(delivery=delivery, road="requests") for _ in range(deaths))
    assert (send(delivery).state, server.paths) == (state, paths)


def test_staff_may_send_an_event_of_unknown_fate_again(delivery: Delivery, server: AttentiveServer) -> None:
    Attempt.objects.bulk_create(Attempt(delivery=delivery, road="requests") for _ in range(2))
    Delivery.objects.filter(pk=delivery.pk).update(created=timezone.now())  # as a replay does
    assert (send(delivery).state, server.paths) == ("done", [EVENTS, ATTRIBUTES])


def test_a_refused_key_pauses_the_connection_and_keeps_the_delivery(
    delivery: Delivery, connection: Connection, server: AttentiveServer
) -> None:
    server.script[EVENTS] = [Reply(403, "scope missing")]
    assert send(delivery).state == "pending"
    connection.refresh_from_db()
    assert connection.paused_reason == f"{DENIED} scope missing"


def test_a_refusal_is_kept_with_the_first_two_kilobytes_of_its_reason(
    delivery: Delivery, server: AttentiveServer
) -> None:
    server.script[EVENTS] = [Reply(400, "no such user " * 1000)]
    assert send(delivery).state == "dead"
    detail = delivery.attempts.get().detail
    assert (len(detail), detail[:24]) == (2048, "no such user no such user"[:24])


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "7"}, 7), ({}, 1)])
def test_a_throttled_event_waits_as_long_as_attentive_says(
    delivery: Delivery, server: AttentiveServer, headers: dict[str, str], seconds: int
) -> None:
    server.script[EVENTS] = [Reply(429, headers=headers)]
    before = timezone.now()
    outbox.drain_connection(delivery.connection_id)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts_made, server.paths) == ("pending", 0, [EVENTS])
    rest = PaceWindow.objects.get().closed_until - before
    assert seconds <= rest.total_seconds() < seconds * 1.2 + 2
