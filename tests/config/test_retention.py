from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from axes.models import AccessLog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.utils import timezone
from django_q.models import OrmQ, Task

from common.work import turn
from config import retention
from integrations.models import (
    Attempt,
    Connection,
    Delivery,
    DeliveryMinute,
    GladlyRequest,
    Replay,
    SandboxEvent,
    SandboxImport,
    SandboxProfile,
)
from oneclick.analytics import clicks
from oneclick.analytics.visits import Visit
from oneclick.models import ActionToken, Click
from oneclick.redemption.redeem import redeem_token
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.order import skip
from subscriptions.actions.subscription import cancel
from subscriptions.actions.upcoming_order import remind
from subscriptions.errors import Refused
from subscriptions.models import (
    Activity,
    ApiRequest,
    Event,
    IdempotencyKey,
    ImportPart,
    ImportRun,
    JobRun,
    Merchant,
    Order,
    PlacementAttempt,
    RefusedRow,
    SimulatedPlacement,
    StaffSession,
)
from tests.factories import STAFF, ConnectionFactory, subscription_with_order

pytestmark = pytest.mark.django_db


def key() -> Model:
    return IdempotencyKey.objects.create(merchant=Merchant.objects.get(), key="1")


def api_request() -> Model:
    return ApiRequest.objects.create(merchant=Merchant.objects.get(), status=200)


def session() -> Model:
    return StaffSession.objects.create(session_key="s", session_data="", expire_date=timezone.now())


def session_of_before() -> Model:
    return Session.objects.create(session_key="s", session_data="", expire_date=timezone.now())


def login_of_before() -> Model:
    return AccessLog.objects.create(username="ana", session_hash="")


def change_of_before() -> Model:
    user = User.objects.create(username="ana")
    return LogEntry.objects.create(user=user, object_id="1", object_repr="Ana", action_flag=CHANGE)


def task() -> Model:
    return Task.objects.create(
        id="t", name="t", func="f", started=timezone.now(), stopped=timezone.now(), success=False
    )


def gladly_request() -> Model:
    row = Connection.objects.get()
    return GladlyRequest.objects.create(merchant=row.merchant, connection=row, kind="basic", milliseconds=1)


def sandbox_event() -> Model:
    profile = SandboxProfile.objects.create(merchant=Merchant.objects.get(), email="ana@shop.test")
    return SandboxEvent.objects.create(merchant=profile.merchant, profile=profile, metric="m", time=timezone.now())


def sandbox_import() -> Model:
    return SandboxImport.objects.create(merchant=Merchant.objects.get(), total=1)


def token() -> ActionToken:
    return ActionToken.objects.get()


def tried() -> Model:
    order = Order.objects.first()
    return PlacementAttempt.objects.create(merchant=order.merchant, order=order, tries=1, effect="placed")


def simulated() -> Model:
    return SimulatedPlacement.objects.create(merchant=Merchant.objects.get(), order_public_id=uuid4(), outcome="000")


def delivery() -> Model:
    row = Delivery.objects.get()
    Attempt.objects.create(delivery=row, status=202)
    row.state = Delivery.State.DONE
    row.save()
    return row


def minute() -> Model:
    return DeliveryMinute.objects.create(connection=Connection.objects.get(), minute=timezone.now())


def replay() -> Model:
    return Replay.objects.create(merchant=Merchant.objects.get(), last=1, started_by="Ana", finished=timezone.now())


def job_run() -> Model:
    return JobRun.objects.create(merchant=Merchant.objects.get(), job="reminders", local_date="2026-11-20")


def import_run(**fields: Any) -> ImportRun:
    return ImportRun.objects.create(merchant=Merchant.objects.get(), file_name="a.csv", actor=STAFF.as_json(), **fields)


def finished_import() -> Model:
    return import_run(state=ImportRun.State.DONE, finished=timezone.now())


def refused_row() -> Model:
    return RefusedRow.objects.create(run=finished_import(), line=2, cells=["C-1"], reason="It is wrong.")


@pytest.fixture
def cancelled(noon: time_machine.Traveller) -> None:
    """A token and a delivery of an event, and an order of another subscription."""
    row = subscription_with_order()
    ConnectionFactory(merchant=row.merchant)
    subscription_with_order(customer=row.customer, payment=row.payment, shipping_address=row.shipping_address)
    cancel(row, actor=STAFF)


@pytest.mark.parametrize(
    ("make", "days"),
    [
        (key, 1),
        (session, 0),
        (session_of_before, 0),
        (task, 14),
        (api_request, 30),
        (gladly_request, 30),
        (sandbox_event, 90),
        (sandbox_import, 7),
        (simulated, 180),
        (tried, 180),
        (delivery, 180),
        (replay, 180),
        (minute, 8),
        (job_run, 400),
        (finished_import, 400),
        (refused_row, 30),
        (login_of_before, 730),
        (change_of_before, 730),
    ],
)
def test_rows_are_deleted_after_their_retention_time(
    make: Callable[[], Model], days: int, cancelled: None, noon: time_machine.Traveller
) -> None:
    row = make()
    noon.shift(timedelta(days=days))
    retention.clean()
    row.refresh_from_db()
    noon.shift(timedelta(seconds=1))
    before = Activity.objects.count(), Event.objects.count()
    assert retention.clean() == 1
    assert not type(row)._base_manager.filter(pk=row.pk).exists()
    assert (Activity.objects.count(), Event.objects.count()) == before


def test_an_uploaded_file_that_nobody_imports_is_deleted_after_a_week(
    cancelled: None, noon: time_machine.Traveller
) -> None:
    begun = import_run(state=ImportRun.State.IMPORTING)
    run = import_run(state=ImportRun.State.CHECKED)
    ImportPart.objects.create(run=run, number=0, content=b"C-1")
    RefusedRow.objects.create(run=run, line=2, cells=["C-1"], reason="It is wrong.")
    noon.shift(timedelta(days=7))
    retention.clean()
    assert ImportPart.objects.exists()
    noon.shift(timedelta(seconds=1))
    assert retention.clean() == 3
    assert ImportRun.objects.get() == begun


def test_an_expired_token_is_kept_for_half_a_year_and_a_clicked_one_stays(
    cancelled: None, noon: time_machine.Traveller
) -> None:
    row = token()
    noon.move_to(row.expires_at + timedelta(days=180, seconds=1))
    click = Click.objects.create(merchant=row.merchant, token=row, action="reactivate", outcome="expired_token")
    retention.clean()
    assert token() == row
    click.delete()
    retention.clean()
    assert not ActionToken.objects.exists()


@pytest.mark.parametrize("used", [False, True], ids=["never used", "used"])
def test_a_visit_is_deleted_after_400_days_and_its_token_only_if_never_used(
    used: bool, cancelled: None, noon: time_machine.Traveller
) -> None:
    row = token()
    if used:
        redeem_token(encode_token(row), "reactivate", {})
        row.refresh_from_db()
    else:
        clicks.record_fetch(row, "reactivate", Visit())
    noon.shift(timedelta(days=1))
    clicks.record_opening(row, "reactivate", Visit())
    first, second = Click.objects.order_by("pk")
    others = Activity.objects.count(), Event.objects.count()

    noon.move_to(first.at + timedelta(days=400))
    retention.clean()
    assert list(Click.objects.order_by("pk")) == [first, second]
    noon.shift(timedelta(seconds=1))
    retention.clean()
    assert list(Click.objects.all()) == [second]
    noon.move_to(second.at + timedelta(days=400, seconds=1))
    retention.clean()
    assert not Click.objects.exists()
    assert list(ActionToken.objects.filter(pk=row.pk)) == [row] * used
    assert (Activity.objects.count(), Event.objects.count()) == others


def test_a_token_whose_visits_are_deleted_is_still_known(cancelled: None, noon: time_machine.Traveller) -> None:
    redeem_token(encode_token(token()), "reactivate", {})
    noon.shift(timedelta(days=401))
    retention.clean()
    assert not Click.objects.exists()
    with pytest.raises(Refused) as refused:
        redeem_token(encode_token(token()), "reactivate", {})
    assert refused.value.code == "expired_token"


def test_the_token_of_an_upcoming_order_stays(noon: time_machine.Traveller) -> None:
    subscription_with_order()
    order = Order.objects.get()
    remind(order, actor=STAFF)
    noon.move_to(token().expires_at + timedelta(days=180, seconds=1))
    retention.clean()
    assert token().order == order
    skip(order, actor=STAFF)
    retention.clean()
    assert not ActionToken.objects.exists()


def test_the_body_of_a_webhook_is_forgotten_after_30_days(cancelled: None, noon: time_machine.Traveller) -> None:
    def body() -> str | None:
        return Delivery.objects.get().body

    delivery()
    Delivery.objects.update(body="{}", created=timezone.now())
    noon.shift(timedelta(days=30))
    assert (retention.clean(), body()) == (0, "{}")
    Delivery.objects.update(state=Delivery.State.PENDING)
    noon.shift(timedelta(seconds=1))
    assert (retention.clean(), body()) == (0, "{}")
    Delivery.objects.update(state=Delivery.State.DONE)
    assert (retention.clean(), body()) == (1, None)


def test_pending_deliveries_stay(cancelled: None, noon: time_machine.Traveller) -> None:
    noon.shift(timedelta(days=181))
    retention.clean()
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_many_rows_are_deleted_in_several_transactions(
    cancelled: None, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    for _ in range(5):
        simulated()
    noon.shift(timedelta(days=181))
    assert retention.clean() == 5
    assert not OrmQ.objects.exists()


def test_rows_left_at_the_end_of_the_turn_are_deleted_by_another_task(
    cancelled: None, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    monkeypatch.setattr(turn, "TURN_SECONDS", -1)
    for _ in range(3):
        simulated()
    noon.shift(timedelta(days=181))
    assert retention.clean() == 2
    assert [queued.task["func"] for queued in OrmQ.objects.all()] == ["config.retention.clean"]
    assert retention.clean() == 1
