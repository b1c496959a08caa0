"""What the tests of Gladly's page press, note and read."""

from collections.abc import Callable
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from integrations.models import Connection, GladlyRequest

Login = Callable[..., Client]
Kind, Outcome = GladlyRequest.Kind, GladlyRequest.Outcome


def page_of(connection: Connection) -> str:
    return f"/admin/integrations/connection/{connection.pk}/change/"


def press(client: Client, connection: Connection, verb: str, **answers: str) -> Any:
    return client.post(f"/admin/integrations/connection/{connection.pk}/{verb}/", answers)


def told(answer: Any) -> list[str]:
    return [f"{message.level_tag}: {message}" for message in get_messages(answer.wsgi_request)]


def errors_of(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    return found


def note(connection: Connection, kind: str, outcome: str, found: str = "", **fields: Any) -> GladlyRequest:
    return GladlyRequest.objects.create(
        merchant=connection.merchant,
        connection=connection,
        kind=kind,
        outcome=outcome,
        found=found,
        milliseconds=12,
        **fields,
    )
