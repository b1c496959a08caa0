"""What is made of a batch of deliveries for Attentive."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.work import Turn
from integrations.attentive import outgoing
from integrations.attentive.integration import Attentive
from integrations.attentive.outgoing import TOO_LATE
from integrations.base import Road
from integrations.esp.late import OBSOLETE
from integrations.esp.recipient import NO_IDENTIFIER
from integrations.models import Connection, Delivery
from integrations.sending.courier import Courier, Lane
from oneclick.models import SavedLink
from subscriptions.events import catalogue
from subscriptions.models import OrderStatus
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.events import create_delivery, create_event

pytestmark = pytest.mark.django_db
LATE = timedelta(hours=11, minutes=1)


@pytest.fixture
def connection() -> Connection:
    made: Connection = ConnectionFactory(merchant=ItemFactory().merchant, integration="attentive", name="Attentive")
    return made


def delivery_of(connection: Connection, kind: str, *, age: timedelta = timedelta(), **recipient: object) -> Delivery:
    item = ItemFactory(order__customer__merchant=connection.merchant)
    event = create_event(kind, item, at=timezone.now() - age, **recipient)
    event.merchant = connection.merchant  # as the outbox loads it
    return create_delivery(event, connection)


def note_of(connection: Connection, delivery: Delivery) -> str:
    [parcel] = Attentive().prepare(connection, [delivery], bulk=False).parcels
    return parcel.notes[delivery.pk]


def test_a_recipient_without_email_and_phone_is_skipped(connection: Connection) -> None:
    nobody = delivery_of(connection, catalogue.ORDER_CANCEL, email="not an address", phone_number="12")
    prepared = Attentive().prepare(connection, [nobody], bulk=False)
    assert (prepared.skipped, prepared.parcels) == ([(nobody, NO_IDENTIFIER)], [])


def test_a_late_reminder_is_sent_only_while_the_order_is_to_come(connection: Connection) -> None:
    early, late = (delivery_of(connection, catalogue.ORDER_REMINDER, age=age) for age in (LATE / 2, LATE))
    for delivery in (early, late):
        delivery.event.order.status = OrderStatus.SUCCESS
        delivery.event.order.save()
    prepared = Attentive().prepare(connection, [early, late], bulk=False)
    assert (prepared.skipped, [parcel.deliveries for parcel in prepared.parcels]) == ([(late, OBSOLETE)], [[early]])


def test_staff_read_what_is_odd_about_an_event_that_was_accepted(connection: Connection) -> None:
    SavedLink.objects.create(
        merchant=connection.merchant,
        name="Delay",
        action="delay",
        page_url="https://shop.test/" + "a" * 900,
        event_kinds=[catalogue.ORDER_REMINDER],
        property_name="delay_url",
    )
    assert note_of(connection, delivery_of(connection, catalogue.ORDER_REMINDER)) == (
        "delay_url is longer than 1024 characters, so texts show it in full."
    )
    invalid = delivery_of(connection, catalogue.ORDER_CANCEL, phone_number="12")
    assert note_of(connection, invalid) == "The phone number is not valid and was left out."
    assert note_of(connection, delivery_of(connection, catalogue.ORDER_CANCEL, age=LATE)) == TOO_LATE
    assert note_of(connection, delivery_of(connection, catalogue.ORDER_CANCEL)) == ""


def test_a_batch_needs_the_same_queries_whatever_its_size(connection: Connection) -> None:
    kinds = [catalogue.ORDER_REMINDER, catalogue.SUBSCRIPTION_CREATE, catalogue.ORDER_CANCEL]
    deliveries = [delivery_of(connection, kind, age=LATE) for _ in range(4) for kind in kinds]
    counts = []
    for batch in (deliveries[:3], deliveries):
        with CaptureQueriesContext(database) as asked:
            prepared = Attentive().prepare(connection, batch, bulk=False)
        assert len(prepared.parcels) == len(batch)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 6


def test_the_two_requests_of_a_status_event_count_twice_in_the_window(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "REQUESTS", Road("requests", per_second=3))
    deliveries = [delivery_of(connection, catalogue.SUBSCRIPTION_CREATE) for _ in range(2)]
    parcels = Attentive().prepare(connection, deliveries, bulk=False).parcels
    courier, lane = Courier(connection, Attentive(), Turn()), Lane(bulk=False)
    assert courier._granted([(lane, parcel) for parcel in parcels]) == parcels[:1]
    assert (list(lane.waiting), lane.is_open) == (parcels[1:], False)
