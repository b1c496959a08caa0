"""What is made of a batch of deliveries for a timeline, and what is left out with a reason."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.base import Outcome
from integrations.gladly.timeline import integration
from integrations.gladly.timeline.integration import Gladly
from integrations.models import Attempt, Connection, Delivery
from subscriptions.actors import ActorKind
from subscriptions.events import catalogue
from subscriptions.models import Activity
from tests.factories import ItemFactory
from tests.integrations.events import create_delivery, create_event

pytestmark = pytest.mark.django_db


def delivery_of(connection: Connection, by: ActorKind, age: timedelta = timedelta(), **recipient: object) -> Delivery:
    item = ItemFactory(order__customer__merchant=connection.merchant)
    event = create_event(catalogue.ORDER_SKIP, item, at=timezone.now() - age, **recipient)
    event.activity = Activity.objects.create(
        merchant=event.merchant, customer=event.customer, verb="order.skip", sentence="Skipped.", actor_kind=by
    )
    event.save()
    return create_delivery(event, connection)


@pytest.mark.parametrize("by", ActorKind)
def test_only_what_agents_did_not_do_is_written(connection: Connection, by: ActorKind) -> None:
    prepared = Gladly().prepare(connection, [delivery := delivery_of(connection, by)], bulk=False)
    skipped = [(delivery, integration.BY_AGENT)] if by == ActorKind.AGENT else []
    assert (prepared.skipped, len(prepared.parcels)) == (skipped, 0 if skipped else 1)


@pytest.mark.parametrize(
    ("age", "email", "reason"),
    [
        (timedelta(days=364, hours=23), "ana@shop.test", ""),
        (timedelta(days=365, minutes=1), "ana@shop.test", integration.TOO_OLD),
        (timedelta(), "", integration.NO_EMAIL),
        (timedelta(), "not an address", integration.NO_EMAIL),
    ],
)
def test_what_gladly_could_not_take_is_skipped(connection: Connection, age: timedelta, email: str, reason: str) -> None:
    delivery = delivery_of(connection, ActorKind.CUSTOMER, age, email=email)
    assert Gladly().prepare(connection, [delivery], bulk=False).skipped == ([(delivery, reason)] if reason else [])


@pytest.mark.parametrize("n", [1, 4])
def test_a_batch_takes_three_queries_and_sending_none(connection: Connection, n: int) -> None:
    connection = Connection.objects.select_related("merchant").get(pk=connection.pk)  # as the outbox reads it
    keys = [delivery_of(connection, ActorKind.STAFF).pk for _ in range(n)]
    deliveries = list(Delivery.objects.filter(pk__in=keys).select_related("event"))
    with CaptureQueriesContext(
        database,
    ) as queries:
        prepared = Gladly().prepare(connection, deliveries, bulk=True)
    assert (len(queries), [len(parcel.deliveries) for parcel in prepared.parcels]) == (3, [1] * n)
    with CaptureQueriesContext(database) as queries:
        assert {parcel.send().outcome for parcel in prepared.parcels} == {Outcome.DONE}
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("road", "shown"),
    [("profiles", ("GET", "/customer-profiles?email=ana%40shop.test")), ("items", ("POST", "/conversation-items"))],
)
def test_staff_see_the_last_request_of_an_attempt(connection: Connection, road: str, shown: tuple[str, str]) -> None:
    delivery = delivery_of(connection, ActorKind.STAFF, email="ana@shop.test")
    [request] = Gladly().rebuild_requests(delivery, [Attempt(delivery=delivery, road=road)])
    assert (request.method, request.path) == shown
    assert ("Skipped." in request.body) is (road == "items")
