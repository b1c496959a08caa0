"""Failed deliveries are sent again: one by one, all of a cause, or all, in chunks that survive a worker's death."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from common.work import turn
from integrations import outbox, replays
from integrations.models import Connection, Delivery
from subscriptions.models import Merchant
from tests import factories as f
from tests.integrations.deliveries import make_delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    made: Connection = f.ConnectionFactory()
    return made


def states(connection: Connection) -> list[str]:
    return list(Delivery.objects.filter(connection=connection).order_by("pk").values_list("state", flat=True))


def run_replay(merchant: Merchant, **what: object) -> tuple[int, int | None]:
    replay = replays.start_replay(merchant, started_by="Ana", **what)
    replays.continue_replay(replay.pk)
    replay.refresh_from_db()
    assert replay.finished is not None
    return replay.done, replay.total


def test_a_replay_concerns_one_cause_of_one_connection(connection: Connection) -> None:
    other = f.ConnectionFactory(merchant=connection.merchant, name="Other")
    for one in (connection, other):
        for error in ("No. [1]", "Never. [2]", "No. [3]"):
            make_delivery(one, state="dead", error=error)
    assert run_replay(connection.merchant, connection=connection, cause="No.…") == (2, 2)
    assert states(connection) == ["pending", "dead", "pending"]
    assert states(other) == ["dead"] * 3


def test_a_replay_of_all_leaves_what_may_have_arrived(connection: Connection) -> None:
    other = f.ConnectionFactory(merchant=connection.merchant, name="Other")
    for one in (connection, other):
        for state in ("dead", "unknown", "skipped", "done"):
            make_delivery(one, state=state, error="No.")
    assert run_replay(connection.merchant) == (2, 2)
    assert states(connection) == states(other) == ["pending", "unknown", "skipped", "done"]
    assert run_replay(connection.merchant, connection=other, cause="No.", state="unknown") == (1, 1)
    assert states(other) == ["pending", "pending", "skipped", "done"]


def test_what_is_replayed_starts_anew_and_lets_live_events_overtake_it(connection: Connection) -> None:
    week = timedelta(days=7)
    for state in ("dead", "unknown"):
        make_delivery(connection, state=state, error="No.", age=week, attempts_made=4, first_attempt_at=timezone.now())
    before = timezone.now()
    assert outbox.replay_deliveries(Delivery.objects.all(), bulk=True) == 2
    refused, unknown = Delivery.objects.order_by("pk")
    for row in (refused, unknown):
        assert (row.state, row.bulk, row.error, row.cause, row.finished) == ("pending", True, "", "", None)
        assert row.first_attempt_at is None and min(row.created, row.due) >= before
    assert (refused.attempts_made, unknown.attempts_made) == (0, 4)


@pytest.mark.parametrize("fields", [{"enabled": False}, {"removed_at": timezone.now()}])
def test_what_failed_at_a_connection_that_sends_nothing_stays_failed(fields: dict[str, object]) -> None:
    connection = f.ConnectionFactory(**fields)
    row = make_delivery(connection, state="dead")
    assert outbox.replay_delivery(row) is False
    assert run_replay(connection.merchant) == (0, 1)
    assert states(connection) == ["dead"]


def test_another_merchants_deliveries_stay(connection: Connection) -> None:
    foreign = f.ConnectionFactory()
    make_delivery(foreign, state="dead")
    assert run_replay(connection.merchant) == (0, 0)
    assert states(foreign) == ["dead"]


def test_a_replay_goes_on_after_its_turn_and_leaves_what_fails_meanwhile(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "CHUNK", 2)
    monkeypatch.setattr(turn, "TURN_SECONDS", -1)
    for _ in range(5):
        make_delivery(connection, state="dead")
    replay = replays.start_replay(connection.merchant, started_by="Ana")
    make_delivery(connection, state="dead")
    seen = []
    for _ in range(4):
        replays.continue_replay(replay.pk)
        replay.refresh_from_db()
        seen.append((replay.done, replay.finished is not None))
    assert seen == [(2, False), (4, False), (5, False), (5, True)]
    assert (replay.total, states(connection)) == (5, ["pending"] * 5 + ["dead"])


def test_the_sweep_wakes_a_worker_for_a_replay_whose_worker_died(connection: Connection) -> None:
    make_delivery(connection, state="dead")
    replay = replays.start_replay(connection.merchant, started_by="Ana")
    OrmQ.objects.all().delete()
    replays.sweep()
    assert [row.task["func"] for row in OrmQ.objects.all()] == [replays.TASK]
    replays.continue_replay(replay.pk)
    OrmQ.objects.all().delete()
    replays.sweep()
    assert not OrmQ.objects.exists()
