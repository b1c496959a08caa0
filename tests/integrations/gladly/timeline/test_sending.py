"""Deliveries through the outbox to a server that plays Gladly: what is asked, what is written, and what again."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import outbox
from integrations.gladly.timeline.answers import NOT_GLADLY, NOT_IN_GLADLY, REFUSED_SETUPS
from integrations.models import Connection, Delivery, PaceWindow
from subscriptions.events import catalogue
from tests.factories import ItemFactory, MerchantFactory
from tests.integrations.attentive.server import NO_REPLY, Reply
from tests.integrations.events import create_delivery, create_event
from tests.integrations.gladly.timeline.server import ITEMS, PROFILES, TAKEN, GladlyServer

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = f"{PROFILES}?email=ana%2B1%40shop.test"


def send(delivery: Delivery) -> Delivery:
    """Send what is due, as if its waits were over."""
    Delivery.objects.filter(pk=delivery.pk).update(due=timezone.now())
    Connection.objects.update(not_before=None)
    PaceWindow.objects.update(closed_until=None, second=timezone.now() - timedelta(seconds=2))
    outbox.drain_connection(delivery.connection_id)
    delivery.refresh_from_db()
    return delivery


def roads_of(delivery: Delivery) -> list[tuple[str, int | None]]:
    return list(delivery.attempts.order_by("pk").values_list("road", "status"))


def test_the_customer_is_looked_up_and_then_the_entry_written(delivery: Delivery, server: GladlyServer) -> None:
    assert send(delivery).state == "done"
    assert server.asked == [ASKED, ITEMS]
    assert server.users == {"api@acme.test:token_1"}
    [(_, body)] = server.received
    assert (body["id"], body["customer"]) == (str(delivery.event.public_id), {"emailAddress": "ana+1@shop.test"})
    assert roads_of(delivery) == [("items", 200)]


def test_a_customer_that_gladly_does_not_know_is_skipped_and_no_profile_made(
    delivery: Delivery, server: GladlyServer
) -> None:
    server.script[PROFILES] = [Reply(200, " [ ] ")]
    assert (send(delivery).state, delivery.error) == ("skipped", NOT_IN_GLADLY)
    assert (server.asked, roads_of(delivery)) == ([ASKED], [("profiles", 200)])


def test_an_entry_that_is_there_already_is_done(delivery: Delivery, server: GladlyServer) -> None:
    server.script[ITEMS] = [Reply(500), TAKEN]
    assert send(delivery).state == "pending"
    assert (send(delivery).state, roads_of(delivery)) == ("done", [("items", 500), ("items", 409)])
    assert [body["id"] for _, body in server.received] == [str(delivery.event.public_id)] * 2


@pytest.mark.parametrize("path", [PROFILES, ITEMS])
@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(429, headers={"Retry-After": "60"}), NO_REPLY])
def test_temporary_faults_are_tried_again(delivery: Delivery, server: GladlyServer, path: str, reply: Reply) -> None:
    server.script[path] = [reply]
    assert send(delivery).state == "pending"
    assert (delivery.due > timezone.now() + timedelta(seconds=29), len(server.received)) == (True, path == ITEMS)
    assert send(delivery).state == "done"


def test_a_429_without_a_time_waits_longer_each_time_and_costs_no_attempt(
    delivery: Delivery, server: GladlyServer
) -> None:
    server.script[ITEMS] = [Reply(429)] * 4
    waits = []
    for _ in range(4):
        at = timezone.now()
        waits.append((send(delivery).due - at).total_seconds())
    assert [1 <= waits[0] < 3, 2 <= waits[1] < 4, 4 <= waits[2] < 7, 8 <= waits[3] < 13] == [True] * 4
    assert (delivery.state, delivery.attempts_made) == ("pending", 0)


def test_a_429_rests_all_connections_of_the_organization(delivery: Delivery, server: GladlyServer) -> None:
    server.script[ITEMS] = [Reply(429, headers={"Retry-After": "60"})]
    send(delivery)
    [window] = PaceWindow.objects.all()
    assert (window.account, window.closed_until > timezone.now() + timedelta(seconds=50)) == (
        "gladly:acme.gladly.com",
        True,
    )
    other = connection_of_the_same_organization(delivery.connection)
    item = ItemFactory(order__customer__merchant=other.merchant)
    waiting = create_delivery(create_event(catalogue.ORDER_SKIP, item), other)
    outbox.drain_connection(other.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts.count()) == ("pending", 0)


def connection_of_the_same_organization(connection: Connection) -> Connection:
    account = connection.gladly
    connection.pk, connection.public_id, connection.merchant = None, MerchantFactory().public_id, MerchantFactory()
    connection.save()
    account.pk, account.connection = None, connection
    account.save()
    return connection


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        (
            ITEMS,
            Reply(400, '{"errors": [{"attr": "content.title", "detail": "too long"}]}'),
            "too long (content.title)",
        ),
        (ITEMS, Reply(409, '{"errors": [{"code": "merged", "detail": "No."}]}'), "No."),
        (ITEMS, Reply(404), "HTTP 404, without a reason from Gladly."),
        (PROFILES, Reply(400, '{"errors": "?"}'), "HTTP 400, without a reason from Gladly."),
    ],
)
def test_what_gladly_will_never_take_is_a_dead_letter(
    delivery: Delivery, server: GladlyServer, path: str, reply: Reply, reason: str
) -> None:
    server.script[path] = [reply]
    assert (send(delivery).state, delivery.error) == ("dead", reason)
    delivery.connection.refresh_from_db()
    assert delivery.connection.paused_reason == ""


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(401), REFUSED_SETUPS[401]),
        (Reply(403), REFUSED_SETUPS[403]),
        (Reply(200, "<html>"), NOT_GLADLY),
        (Reply(302), "HTTP 302, without a reason from Gladly."),
    ],
)
def test_wrong_credentials_and_addresses_pause_the_connection(
    delivery: Delivery, server: GladlyServer, reply: Reply, reason: str
) -> None:
    server.script[PROFILES] = [reply]
    assert send(delivery).state == "pending"
    delivery.connection.refresh_from_db()
    assert delivery.connection.paused_reason == reason
    send(delivery)
    assert server.asked == [ASKED]  # nothing more is sent


def test_the_entries_of_a_customer_arrive_in_their_order(connection: Connection, server: GladlyServer) -> None:
    items = [ItemFactory(order__customer__merchant=connection.merchant) for _ in range(2)]
    kinds = [catalogue.SUBSCRIPTION_CANCEL, catalogue.SUBSCRIPTION_REACTIVATE]
    for kind in kinds:
        for item in items:
            create_delivery(create_event(kind, item), connection)
    server.script[ITEMS] = [Reply(500)]
    outbox.drain_connection(connection.pk)
    failed = Delivery.objects.get(state="pending", attempts_made=1)
    assert titles(server) == ["Subscription cancelled"] * 2 + ["Subscription reactivated"]
    send(failed)
    written = [body for _, body in server.received if body["customer"]["emailAddress"] == failed.customer.email]
    assert [body["content"]["title"] for body in written] == ["Subscription cancelled"] * 2 + [
        "Subscription reactivated"
    ]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def titles(server: GladlyServer) -> list[str]:
    return sorted(body["content"]["title"] for _, body in server.received)


def test_five_requests_a_second_leave_for_an_organization(connection: Connection, server: GladlyServer) -> None:
    deliveries = [
        create_delivery(
            create_event(catalogue.ORDER_SKIP, ItemFactory(order__customer__merchant=connection.merchant)), connection
        )
        for _ in range(3)
    ]
    started = timezone.now()
    outbox.drain_connection(connection.pk)
    # Two requests for each: two customers in the first second, one in the second.
    assert (timezone.now() - started).total_seconds() >= 1
    assert states(deliveries) == {"done"}
    assert len(server.asked) == 6


def states(deliveries: Iterable[Delivery]) -> set[str]:
    return set(Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).values_list("state", flat=True))


def test_a_token_that_is_echoed_is_masked(delivery: Delivery, server: GladlyServer) -> None:
    server.script[PROFILES] = [Reply(400, '{"errors": [{"detail": "token_1 is wrong"}]}')]
    assert send(delivery).error == "•••••••• is wrong"


def test_a_customer_that_gladly_does_not_know_shows_that_gladly_works(delivery: Delivery, server: GladlyServer) -> None:
    Connection.objects.update(failures=4)
    server.script[PROFILES] = [Reply(200, "[]")]
    send(delivery)
    assert Connection.objects.get().failures == 0
