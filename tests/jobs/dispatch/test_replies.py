"""A received reply is never lost, whatever happens while it is recorded."""

import time
from typing import Any

import pytest
from django.db import OperationalError

from subscriptions.actions import bulk_success
from subscriptions.errors import Busy
from subscriptions.jobs import dispatch, record_results
from subscriptions.models import GatewaySettings, Merchant, PlacementAttempt
from subscriptions.placement.results import PlacementResult
from tests.jobs.dispatch.platform_keys import S, count_keys
from tests.jobs.queued_orders import attempt_log, create_queued_orders, order_statuses
from tests.placement.platform import Handler, Platform, running_platform

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("trouble", [Busy(), OperationalError("the database is away")])
def test_a_received_reply_is_kept_until_customer_and_database_are_free(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    create_queued_orders(merchant)
    settle, troubles = record_results.record_result, [trouble, trouble]

    def later(attempt: PlacementAttempt, answer: PlacementResult) -> None:
        if troubles:
            raise troubles.pop()
        settle(attempt, answer)

    monkeypatch.setattr(record_results, "record_result", later)
    dispatch.dispatch_orders(merchant.pk)
    assert (order_statuses(), len(shop.posts)) == ([S.SUCCESS], 1)


def test_a_reply_that_cannot_be_recorded_does_not_stop_the_others(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, *_ = create_queued_orders(merchant, 3)
    place = bulk_success.mark_orders_placed

    def fail(acts: Any, keys: Any) -> Any:
        if broken in [act.subject for act in acts]:
            raise ValueError("a fault")
        return place(acts, keys)

    monkeypatch.setattr(bulk_success, "mark_orders_placed", fail)
    dispatch.dispatch_orders(merchant.pk)
    assert order_statuses() == [S.PENDING_PLACEMENT, S.SUCCESS, S.SUCCESS]
    assert attempt_log() == [(1, ""), (1, "placed"), (1, "placed")]


def test_a_gateway_that_raises_leaves_the_result_unknown(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_queued_orders(merchant)

    def fail(*_: Any) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(dispatch, "gateway_of", fail)
    dispatch.dispatch_orders(merchant.pk)
    assert (order_statuses(), attempt_log()) == ([S.CONNECTION_ERROR_DURING_PLACEMENT], [(1, "no_answer")])


def test_replies_are_recorded_though_claiming_more_orders_fails(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PLACEMENT_CONCURRENCY = 2
    claim, refused = dispatch._claim, []

    def answer(handler: Handler) -> None:
        time.sleep(0.3 * (len(playing.posts) == 1))
        handler.answer()

    def away_while_busy(*given: Any) -> Any:
        if PlacementAttempt.objects.filter(effect="").exists():
            refused.append(given)
            raise OperationalError("the database is away")
        return claim(*given)

    monkeypatch.setattr(dispatch, "_claim", away_while_busy)
    with running_platform(answer) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        create_queued_orders(merchant, 6)
        dispatch.dispatch_orders(merchant.pk)
    assert refused
    assert order_statuses() == [S.SUCCESS] * 6
    assert set(count_keys(playing).values()) == {1}
