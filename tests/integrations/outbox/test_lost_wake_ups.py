"""A committed act is a success, whatever becomes of the wake-up that follows its commit."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django_q.models import OrmQ

from integrations import outbox
from integrations.models import Connection, Delivery
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys
from subscriptions.actions import product as products
from subscriptions.actions.subscription import cancel
from subscriptions.models import JobRun, Merchant, Replacement, Subscription
from tests import factories as f

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["the broker is away", "the database refuses"])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to make each wake-up fail from then on."""

    def fail_queue(*_: Any, **__: Any) -> None:
        raise ConnectionError("the broker is away")

    def fail_query(*_: Any, **__: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    def install() -> None:
        OrmQ.objects.all().delete()
        Connection.objects.update(wake_requested=False)
        monkeypatch.setattr("common.work.wake.async_task", fail_queue)
        if "database" in request.param:
            monkeypatch.setattr("integrations.outbox.fetch_rows", fail_query)

    return install


def staff_of(merchant: Merchant) -> Client:
    client = Client(raise_request_exception=False)
    user = f.MembershipFactory(merchant=merchant).user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def is_live(subscription: Subscription) -> bool:
    return Subscription.objects.live().filter(pk=subscription.pk).exists()


def test_a_click_succeeds(subscription, connection, broken, caplog) -> None:
    cancel(subscription, actor=f.STAFF)
    body = {"token": encode_token(ActionToken.objects.get())}
    broken()
    with caplog.at_level(logging.ERROR, logger="django.db.backends.base"):
        answer = Client(raise_request_exception=False).post(
            "/one_click/reactivate/", body, content_type="application/json", headers={"Accept": "application/json"}
        )
    assert (answer.status_code, answer.json()["status"], is_live(subscription)) == (200, "success", True)
    assert "in on_commit()" in caplog.text, "the failed wake-up is logged"


def test_a_rest_client_succeeds(subscription, connection, broken) -> None:
    _, key = api_keys.create_api_key(subscription.merchant, "Test", ["read", "write"])
    broken()
    client = Client(headers={"x-api-key": key}, raise_request_exception=False)
    path = f"/api/subscriptions/{subscription.public_id.hex}/cancel/"
    answer = client.patch(path, {"cancel_reason": "4|Too much"}, content_type="application/json")
    assert (answer.status_code, is_live(subscription)) == (200, False)


def test_staff_succeed(subscription, connection, broken) -> None:
    client = staff_of(subscription.merchant)
    f.CancelReasonFactory(merchant=subscription.merchant, code=9)
    broken()
    page = f"/admin/subscriptions/subscription/{subscription.pk}/cancel/"
    assert (client.post(page, {"reason": "9"}).status_code, is_live(subscription)) == (302, False)


def test_a_replay_and_the_end_of_a_pause_succeed(subscription, connection, broken) -> None:
    cancel(subscription, actor=f.STAFF)
    delivery = Delivery.objects.first()
    Delivery.objects.update(state=Delivery.State.DEAD)
    Connection.objects.update(paused_reason="The key is wrong.")
    client = staff_of(subscription.merchant)
    broken()
    assert client.post(f"/admin/integrations/delivery/{delivery.pk}/send-again/").status_code == 302
    assert client.post(f"/admin/integrations/connection/{connection.pk}/resume/").status_code == 302
    delivery.refresh_from_db()
    connection.refresh_from_db()
    assert (delivery.state, connection.paused_reason) == (Delivery.State.PENDING, "")


def test_run_now_and_a_replacement_are_begun(subscription, connection, broken) -> None:
    client = staff_of(subscription.merchant)
    broken()
    assert client.post("/admin/jobs/reminders/run/").status_code == 302
    assert JobRun.objects.get().state == JobRun.State.WAITING
    run = products.discontinue_product(subscription.product, actor=f.STAFF)
    assert Replacement.objects.get() == run


def test_what_a_lost_wake_up_left_is_found_by_the_sweep(subscription, connection, clock, broken, monkeypatch) -> None:
    broken()
    cancel(subscription, actor=f.STAFF)
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.PENDING}
    monkeypatch.undo()
    clock.shift(6)
    outbox.sweep()
    assert [queued.task["args"] for queued in OrmQ.objects.all()] == [(connection.pk,)]
