"""Sends a connection's pending deliveries to a server, and reads their states."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from common.work import Turn, claim_lease
from integrations import outbox
from integrations.base import Answer, Outcome, Parcel, Prepared
from integrations.klaviyo.integration import EVENTS, Klaviyo
from integrations.models import Connection, Delivery
from integrations.sending.courier import Courier
from integrations.sending.queue import sendable_connections
from subscriptions.events import catalogue
from subscriptions.models import Customer, Event, Merchant


def claim_connection(pk: int) -> Connection | None:
    return claim_lease(sendable_connections(), pk)


def send_pending(connection: Connection, server) -> Connection:
    Connection.objects.filter(pk=connection.pk).update(base_url=server.url)
    outbox.drain_connection(connection.pk)
    connection.refresh_from_db()
    return connection


def delivery_states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def first_due() -> datetime:
    """When the oldest waiting delivery may leave."""
    return Delivery.objects.filter(state="pending").order_by("id").values_list("due", flat=True).first()


class Faults:
    """A receiver's script: the answers to events by their ids, one after the other, and `default` to all others."""

    def __init__(self, answers: dict[str, list[tuple[int, dict[str, str]]]], default=(202, {})) -> None:
        self.answers, self.default = answers, default

    def __call__(self, number: int, body: dict[str, Any]) -> tuple[int, dict[str, str]]:
        waiting = self.answers.get(body["data"]["attributes"]["unique_id"])
        return waiting.pop(0) if waiting else self.default


class InProcess(Klaviyo):
    """An integration whose requests call `send` with the delivery, in a thread, instead of another system."""

    most_in_bulk = 1

    def __init__(self, send: Callable[[Delivery], Answer]) -> None:
        self.send = send

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        return Prepared([Parcel([one], (EVENTS,), lambda one=one: self.send(one)) for one in deliveries])

    def note_delivered(self, connection: Connection, sent: Sequence[tuple[Parcel, Answer]]) -> None:
        """Nothing was sent, so no profile is known."""


class Scripted(Klaviyo):
    """Klaviyo, one request after the other, each answered by `answer(names)` in place of a server.

    An event is named by its payload; those of actions are "live". `requests` are the names in each request, in order.
    """

    in_flight = 1

    def __init__(self, answer: Callable[[list[str]], Answer] = lambda names: Answer(Outcome.DONE, 202)) -> None:
        self.answer = answer
        self.requests: list[list[str]] = []

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        prepared = super().prepare(connection, deliveries, bulk=bulk)
        for parcel in prepared.parcels:
            parcel.send = partial(self._answer, [one.event.payload.get("name", "live") for one in parcel.deliveries])
        return prepared

    def _answer(self, names: list[str]) -> Answer:
        self.requests.append(names)
        return self.answer(names)


def write_events(merchant: Merchant, *names: str) -> None:
    """Events of one transaction. The customer is the name up to the dash; five customers or more make a flood."""
    people = {name.partition("-")[0] for name in names}
    own = Customer.objects.filter(merchant=merchant, merchant_user_id__in=people)
    new = people - set(own.values_list("merchant_user_id", flat=True))
    Customer.objects.bulk_create(
        Customer(merchant=merchant, merchant_user_id=person, email=f"{person}@shop.test") for person in new
    )
    customers = {customer.merchant_user_id: customer for customer in own.all()}
    events = [
        Event(
            merchant=merchant,
            customer=(customer := customers[name.partition("-")[0]]),
            kind=catalogue.CHANGE_QUANTITY,
            payload={"name": name},
            recipient={"email": customer.email},
        )
        for name in names
    ]
    outbox.enqueue(Event.objects.bulk_create(events))


def drain(connection: Connection, integration: Klaviyo) -> None:
    """Send with `integration`, as a worker does."""
    Courier(claim_connection(connection.pk), integration, Turn()).run()
