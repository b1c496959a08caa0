"""What staff read about a connection."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.connection_states import describe_connection
from integrations.models import PaceWindow
from tests.factories import ConnectionFactory

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({}, "Healthy", "Nothing was sent yet."),
        ({"last_success_at": NOW - timedelta(minutes=5)}, "Healthy", "Last delivered at 1:55 PM."),
        ({"last_success_at": NOW - timedelta(days=1)}, "Healthy", "Last delivered at Nov. 19, 2:00 PM."),
        (
            {"not_before": NOW + timedelta(minutes=5), "last_error": "Nothing answers at this address."},
            "Waiting",
            "Waiting until 2:05 PM. Nothing answers at this address.",
        ),
        ({"not_before": NOW - timedelta(seconds=1)}, "Healthy", "Nothing was sent yet."),
        (
            {"paused_reason": "Klaviyo does not know this key.", "not_before": NOW + timedelta(hours=1)},
            "Paused",
            "Paused because: Klaviyo does not know this key.",
        ),
        (
            {"enabled": False, "paused_reason": "Klaviyo does not know this key."},
            "Off",
            "Switched off: new events are not sent here.",
        ),
    ],
)
def test_a_state_is_said_in_plain_words(db: None, fields: dict[str, Any], name: str, sentence: str) -> None:
    with time_machine.travel(NOW, tick=False), timezone.override("Europe/Berlin"):
        state = describe_connection(ConnectionFactory(**fields))
    assert (state.name, state.sentence) == (name, sentence)


def test_a_rest_that_the_account_asked_for_counts_for_each_of_its_connections(db: None) -> None:
    PaceWindow.objects.create(account="klaviyo:XyZ123", road="events", closed_until=NOW + timedelta(minutes=9))
    with time_machine.travel(NOW, tick=False), timezone.override("Europe/Berlin"):
        states = [describe_connection(ConnectionFactory(name=name, account="XyZ123")) for name in ("One", "Two")]
        other = describe_connection(ConnectionFactory(account="Other1"))
    assert {state.sentence for state in states} == {"Waiting until 2:09 PM. The other side asked to slow down."}
    assert other.name == "Healthy"
