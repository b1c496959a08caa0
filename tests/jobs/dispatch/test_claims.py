"""Each attempt of an order is claimed once, before it is sent."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from common.work import claim_lease, turn
from subscriptions.jobs import dispatch, record_results
from subscriptions.models import Customer, GatewaySettings, Merchant, Order, OrderDispatch
from tests import factories as f
from tests.jobs.dispatch.platform_keys import S, count_keys
from tests.jobs.queued_orders import attempt_log, create_queued_orders, order_statuses, sql_statements
from tests.placement.platform import Handler, Platform, running_platform
from tests.races import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def claim_dispatch(merchant: Merchant) -> OrderDispatch | None:
    return claim_lease(dispatch._dispatch_rows([merchant.pk]), merchant.pk)


def test_each_order_is_sent_once_under_its_public_id(merchant: Merchant, shop: Platform) -> None:
    made = create_queued_orders(merchant, 10)
    dispatch.dispatch_orders(merchant.pk)
    dispatch.dispatch_orders(merchant.pk)
    assert count_keys(shop) == {each.public_id.hex: 1 for each in made}
    assert order_statuses() == [S.SUCCESS] * 10
    assert attempt_log() == [(1, "placed")] * 10


def test_simultaneous_workers_send_each_order_once(merchant: Merchant, shop: Platform) -> None:
    made = create_queued_orders(merchant, 12)
    run_at_once(4, lambda: dispatch.post_orders(Order.objects.filter(merchant=merchant)))
    assert count_keys(shop) == {each.public_id.hex: 1 for each in made}
    assert attempt_log() == [(1, "placed")] * 12


def test_one_worker_at_a_time_sends_for_a_merchant(merchant: Merchant, shop: Platform) -> None:
    create_queued_orders(merchant)
    held = claim_dispatch(merchant)
    assert held
    run_at_once(1, lambda: dispatch.dispatch_orders(merchant.pk))
    assert shop.posts == []
    assert claim_dispatch(f.MerchantFactory())
    held.release()
    run_at_once(1, lambda: dispatch.dispatch_orders(merchant.pk))
    assert len(shop.posts) == 1
    assert OrderDispatch.objects.get(pk=merchant.pk).lease_token is None


def test_a_dead_workers_merchant_is_free_again_after_its_lease(merchant: Merchant, shop: Platform, noon: Any) -> None:
    create_queued_orders(merchant)
    claim_dispatch(merchant)
    noon.shift(59)
    dispatch.dispatch_orders(merchant.pk)
    assert shop.posts == []
    noon.shift(1)
    dispatch.dispatch_orders(merchant.pk)
    assert len(shop.posts) == 1


def test_a_worker_keeps_its_lease_while_replies_are_slow(
    merchant: Merchant, noon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "LOOK_SECONDS", 0.01)

    def answer_late(handler: Handler) -> None:
        for _ in range(3):
            noon.shift(40)
            time.sleep(0.2)
        others.append(claim_dispatch(merchant))
        connection.close()
        handler.answer()

    others: list[OrderDispatch | None] = []
    with running_platform(answer_late) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        create_queued_orders(merchant)
        dispatch.dispatch_orders(merchant.pk)
    assert (others, order_statuses()) == ([None], [S.SUCCESS])


def test_a_worker_that_lost_its_lease_claims_no_more_and_records_what_it_has_sent(
    merchant: Merchant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLACEMENT_CONCURRENCY = 1
    monkeypatch.setattr(OrderDispatch, "keep", OrderDispatch.renew)

    def answer(handler: Handler) -> None:
        OrderDispatch.objects.update(**OrderDispatch.new_lease())  # another worker's
        connection.close()
        handler.answer()

    with running_platform(answer) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        create_queued_orders(merchant, 4)
        OrmQ.objects.all().delete()
        dispatch.dispatch_orders(merchant.pk)
    assert attempt_log() == [(1, "placed")] * 2  # two are claimed at a time
    assert OrmQ.objects.count() == 0
    assert OrderDispatch.objects.get().lease_token


def test_several_orders_are_sent_at_a_time(merchant: Merchant, settings: Any) -> None:
    settings.PLACEMENT_CONCURRENCY = 3
    together = threading.Barrier(3, timeout=20)

    def wait(handler: Handler) -> None:
        together.wait()
        handler.answer()

    with running_platform(wait) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        create_queued_orders(merchant, 6)
        dispatch.dispatch_orders(merchant.pk)
    assert order_statuses() == [S.SUCCESS] * 6


def test_a_claim_is_committed_before_its_order_is_sent(merchant: Merchant) -> None:
    seen = []

    def look(handler: Handler) -> None:
        seen.extend(attempt_log())
        connection.close()
        handler.answer()

    with running_platform(look) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        create_queued_orders(merchant)
        dispatch.dispatch_orders(merchant.pk)
    assert seen == [(1, "")]


def test_no_transaction_is_open_while_an_order_is_being_sent(merchant: Merchant) -> None:
    open_sessions = []

    def look(handler: Handler) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%%'"
            )
            open_sessions.append(cursor.fetchone()[0])
        connection.close()
        handler.answer()

    with running_platform(look) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        create_queued_orders(merchant)
        dispatch.dispatch_orders(merchant.pk)
    assert open_sessions == [0]


def test_a_fresh_task_continues_after_the_turn(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_queued_orders(merchant, 2)
    OrmQ.objects.all().delete()
    monkeypatch.setattr(turn, "TURN_SECONDS", -1)
    dispatch.dispatch_orders(merchant.pk)
    assert shop.posts == []
    (task,) = OrmQ.objects.all()
    assert task.task["args"] == (merchant.pk,)
    assert task.task["timeout"] == dispatch.MOST_SECONDS


def test_a_merchants_worker_sends_nothing_of_other_merchants_or_test_clocks(merchant: Merchant, shop: Platform) -> None:
    (mine,) = create_queued_orders(merchant)
    create_queued_orders(f.MerchantFactory())
    (tester,) = create_queued_orders(merchant)
    Customer.objects.filter(pk=tester.customer_id).update(is_test=True, clock=datetime(2026, 11, 20, tzinfo=UTC))
    dispatch.dispatch_orders(merchant.pk)
    assert count_keys(shop) == {mine.public_id.hex: 1}
    assert attempt_log() == [(1, "placed")]


def test_orders_queued_meanwhile_are_sent_too(merchant: Merchant) -> None:
    first, *_ = create_queued_orders(merchant, 3)
    Order.objects.filter(pk=first.pk).update(status=S.SEND_NOW)

    def hand_over(handler: Handler) -> None:
        Order.objects.filter(pk=first.pk, status=S.SEND_NOW).update(status=S.PENDING_PLACEMENT)
        connection.close()
        handler.answer()

    with running_platform(hand_over) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        dispatch.dispatch_orders(merchant.pk)
    assert order_statuses() == [S.SUCCESS] * 3


def test_the_next_orders_are_sent_while_results_are_recorded(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PLACEMENT_CONCURRENCY = 1
    settle, begun = record_results.record_result, []

    def slow(*given: Any) -> None:
        time.sleep(0.3)
        begun.append(len(shop.posts))
        settle(*given)

    monkeypatch.setattr(record_results, "record_result", slow)
    create_queued_orders(merchant, 5)
    dispatch.dispatch_orders(merchant.pk)
    assert all(posted > noted for noted, posted in enumerate(begun[:-1], start=1))


def test_a_claim_costs_five_statements_however_many_orders_it_takes(merchant: Merchant, shop: Platform) -> None:
    create_queued_orders(merchant, 4)
    claims = dispatch._Queue(Order.objects.filter(merchant=merchant), 4)
    with CaptureQueriesContext(connection) as context:
        assert len(dispatch._claim(claims, 4)) == 4
    assert len(sql_statements(context)) == 5


def test_of_two_workers_that_claim_one_order_one_gets_it(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_queued_orders(merchant)
    snapshots = dispatch.take_snapshots

    def slow(orders: Any) -> Any:
        time.sleep(0.3)
        return snapshots(orders)

    monkeypatch.setattr(dispatch, "take_snapshots", slow)
    claims = run_at_once(2, lambda: dispatch._claim(dispatch._Queue(Order.objects.filter(merchant=merchant), 5), 5))
    assert sorted(len(each) for each in claims) == [0, 1]
    assert attempt_log() == [(1, "")]
