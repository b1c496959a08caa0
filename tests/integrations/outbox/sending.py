"""Sends a connection's pending deliveries to a server, and reads their states."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from common.work import claim_lease
from integrations import outbox
from integrations.base import Answer, Parcel, Prepared
from integrations.klaviyo.integration import EVENTS, Klaviyo
from integrations.models import Connection, Delivery
from integrations.sending.queue import sendable_connections


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
