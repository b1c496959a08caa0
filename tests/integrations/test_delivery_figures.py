"""The figures of delivery against the rows they are made of."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import delivery_figures as figures
from integrations.admin.connection_rows import read_figures, shown_age
from integrations.models import Connection, Delivery, PaceWindow
from tests import factories as f
from tests.integrations.deliveries import count_minute, make_delivery

NOW = datetime(2026, 11, 20, 17, 25, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(db):
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def connection() -> Connection:
    made: Connection = f.ConnectionFactory()
    return made


def test_what_waits_is_counted_with_the_oldest_and_what_may_leave(connection: Connection) -> None:
    make_delivery(connection, age=9 * MINUTE, due=NOW + MINUTE, attempts_made=2)
    oldest = make_delivery(connection, age=20 * MINUTE, due=NOW + MINUTE, attempts_made=1)
    make_delivery(connection, age=3 * MINUTE, bulk=True)
    make_delivery(connection, age=8 * MINUTE, due=Delivery.BEHIND)
    make_delivery(connection, state="done")
    make_delivery(f.ConnectionFactory(), age=99 * MINUTE)
    assert figures.read_waiting(connection.merchant, NOW) == {
        connection.pk: figures.Waiting(4, 2, NOW - 20 * MINUTE, oldest.pk, NOW - 3 * MINUTE)
    }


def test_nothing_lags_while_every_delivery_waits_for_its_next_attempt(connection: Connection) -> None:
    make_delivery(connection, age=20 * MINUTE, due=NOW + MINUTE)
    (row,) = read_figures(connection.merchant).rows
    assert (row.lag_text, row.is_late, row.waiting.count) == ("0 s", False, 1)


def test_the_day_is_summed_by_connection_and_by_hour(connection: Connection) -> None:
    other = f.ConnectionFactory(merchant=connection.merchant, name="Other")
    count_minute(connection, NOW - 3 * MINUTE, delivered=10, failed=1, lag_total=20, lag_longest=7)
    count_minute(connection, NOW - 20 * MINUTE, delivered=20, retried=2, lag_total=10, lag_longest=3)
    count_minute(other, NOW - 90 * MINUTE, delivered=5, not_sent=4, lag_total=5, lag_longest=2)
    count_minute(connection, NOW - timedelta(days=2), delivered=1000)
    count_minute(f.ConnectionFactory(), NOW, delivered=1000)
    day = figures.read_day(connection.merchant, NOW)
    assert day.connections[connection.pk] == figures.Counts(30, 1, 0, 2, 30, 7, recent=10)
    assert {hour.hour: counts.delivered for hour, counts in day.hours.items()} == {17: 30, 15: 5}
    assert (day.sum().delivered, day.sum().lag_average, day.sum().per_minute) == (35, 1.0, 2.0)


@pytest.mark.parametrize(
    ("texts", "cause"),
    [
        (
            ["Invalid email address (/data/7/email) [1f-2]", "Invalid email address (/data/12/email) [9a-4]"],
            "Invalid email address (/data/…/email)…",
        ),
        (["No profile 01JC3Z9Q4T 90210.", "No profile 01JC3Z9Q4T 90211."], "No profile 01JC3Z9Q4T …."),
        (["ana@shop.test is unknown", "bo@shop.test is unknown"], "… is unknown"),
        (["HTTP 413, without a reason."] * 2, "HTTP 413, without a reason."),
        (["", ""], ""),
        (["x" * 500] * 2, "x" * 200),
    ],
)
def test_failures_are_grouped_by_what_their_answers_have_in_common(
    connection: Connection, texts: list[str], cause: str
) -> None:
    for n, text in enumerate(texts):
        row = make_delivery(connection, state="dead", error=text, age=n * MINUTE)
    make_delivery(connection, state="done", error="A note on what was delivered")
    assert figures.read_causes(connection.merchant) == [
        figures.Cause(connection.pk, "dead", cause, 2, NOW - MINUTE, NOW, row.pk)
    ]


def test_a_flood_of_failures_is_counted_up_to_a_limit(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_COUNTED", 3)
    for _ in range(5):
        make_delivery(connection, state="dead", error="No.")
        make_delivery(connection)
    assert [cause.count for cause in figures.read_causes(connection.merchant)] == [3]
    assert figures.read_waiting(connection.merchant, NOW)[connection.pk].count == 3


def test_all_figures_take_five_queries_however_much_there_is(connection: Connection) -> None:
    for n in range(3):
        other = f.ConnectionFactory(merchant=connection.merchant, name=f"Other {n}")
        for state in ("pending", "dead", "unknown"):
            make_delivery(other, state=state)
        count_minute(other, NOW, delivered=1)
    with CaptureQueriesContext(database) as queries:
        found = read_figures(connection.merchant)
    assert (len(queries), len(found.rows), len(found.causes)) == (5, 4, 6)


@pytest.mark.parametrize(
    ("fields", "is_late"),
    [
        ({}, True),
        ({"not_before": NOW - timedelta(seconds=59)}, False),
        ({"not_before": NOW + MINUTE}, False),
        ({"paused_reason": "The key is wrong."}, False),
        ({"enabled": False}, False),
        ({"removed_at": NOW}, False),
    ],
)
def test_a_connection_is_late_only_if_it_could_send(fields: dict, is_late: bool) -> None:
    connection = f.ConnectionFactory(**fields)
    make_delivery(connection, age=2 * MINUTE)
    late = figures.late_connections(timezone.now())
    assert late == ([(connection, 2 * MINUTE)] if is_late else [])


def test_a_connection_whose_account_asked_for_a_rest_is_not_late(connection: Connection) -> None:
    make_delivery(connection, age=2 * MINUTE)
    PaceWindow.objects.create(account=f"klaviyo:connection {connection.pk}", road="events", closed_until=NOW + MINUTE)
    assert figures.late_connections(NOW) == []
    assert figures.closed_accounts([connection], NOW) == {f"klaviyo:connection {connection.pk}": NOW + MINUTE}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (3600, "1 h"), (11100, "3 h 5 min"), (2e5, "2 days")],
)
def test_an_age_is_written_briefly(seconds: float, text: str) -> None:
    assert shown_age(timedelta(seconds=seconds)) == text
