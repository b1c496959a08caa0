"""Orders on their way to the platform: each try is claimed once, and no answer in hand is lost."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from subscriptions.actions import bulk_success, placement_results
from subscriptions.errors import Busy
from subscriptions.jobs import dispatch, record_results
from subscriptions.models import (
    Customer,
    GatewaySettings,
    Merchant,
    Order,
    OrderStatus,
    PlacementAttempt,
)
from subscriptions.placement.answers import Answer
from tests import factories as f
from tests.jobs.posts import claim, log, queued, statements, statuses
from tests.jobs.situations import DAY
from tests.placement.platform import Handler, Platform, platform
from tests.races import at_once, holding

pytestmark = pytest.mark.django_db(transaction=True)
S = OrderStatus


@pytest.fixture
def merchant(settings: Any) -> Merchant:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    made: Merchant = f.MerchantFactory(is_test=False, storefront_key="0123456789abcdef0123456789abcdef")
    return made


@pytest.fixture
def shop(merchant: Merchant) -> Iterator[Platform]:
    """The merchant's platform over real HTTP; every order is placed there."""
    with platform() as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        yield playing


def keys(shop: Platform) -> Counter[str]:
    return Counter(post.headers["Idempotency-Key"] for post in shop.posts)


LOST = {"started": datetime(2026, 11, 1, tzinfo=UTC)}


# Claims


def test_each_order_is_posted_once_under_its_public_id(merchant: Merchant, shop: Platform) -> None:
    made = queued(merchant, 10)
    dispatch.post(merchant.pk)
    dispatch.post(merchant.pk)
    assert keys(shop) == {each.public_id.hex: 1 for each in made}
    assert statuses() == [S.SUCCESS] * 10
    assert log() == [(1, "placed")] * 10


def test_workers_at_once_post_each_order_once(merchant: Merchant, shop: Platform) -> None:
    made = queued(merchant, 12)
    at_once(4, lambda: dispatch.post_all(Order.objects.filter(merchant=merchant)))
    assert keys(shop) == {each.public_id.hex: 1 for each in made}
    assert log() == [(1, "placed")] * 12


def test_one_worker_at_a_time_posts_for_a_merchant(merchant: Merchant, shop: Platform) -> None:
    queued(merchant)
    with dispatch._alone(merchant.pk) as mine:
        assert mine
        at_once(1, lambda: dispatch.post(merchant.pk))
        assert shop.posts == []
        other = f.MerchantFactory()
        with dispatch._alone(other.pk) as free:
            assert free
    at_once(1, lambda: dispatch.post(merchant.pk))
    assert len(shop.posts) == 1


def test_several_orders_are_posted_at_a_time(merchant: Merchant, settings: Any) -> None:
    settings.PLACEMENT_CONCURRENCY = 3
    together = threading.Barrier(3, timeout=20)

    def wait(handler: Handler) -> None:
        together.wait()
        handler.answer()

    with platform(wait) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        queued(merchant, 6)
        dispatch.post(merchant.pk)
    assert statuses() == [S.SUCCESS] * 6


def test_a_claim_is_on_record_before_its_post_leaves(merchant: Merchant) -> None:
    seen = []

    def look(handler: Handler) -> None:
        seen.extend(log())
        connection.close()
        handler.answer()

    with platform(look) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        queued(merchant)
        dispatch.post(merchant.pk)
    assert seen == [(1, "")]


def test_no_transaction_is_open_while_a_post_is_on_its_way(merchant: Merchant) -> None:
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

    with platform(look) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        queued(merchant)
        dispatch.post(merchant.pk)
    assert open_sessions == [0]


def test_a_turn_that_is_over_is_taken_up_by_a_fresh_task(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(merchant, 2)
    OrmQ.objects.all().delete()
    monkeypatch.setattr(dispatch, "TURN_SECONDS", -1)
    dispatch.post(merchant.pk)
    assert shop.posts == []
    (task,) = OrmQ.objects.all()
    assert task.task["args"] == (merchant.pk,)
    assert task.task["timeout"] == dispatch.MOST_SECONDS


def test_a_merchants_worker_posts_for_no_other_and_for_no_clock(merchant: Merchant, shop: Platform) -> None:
    (mine,) = queued(merchant)
    queued(f.MerchantFactory())
    (tester,) = queued(merchant)
    Customer.objects.filter(pk=tester.customer_id).update(is_test=True, clock=datetime(2026, 11, 20, tzinfo=UTC))
    dispatch.post(merchant.pk)
    assert keys(shop) == {mine.public_id.hex: 1}
    assert log() == [(1, "placed")]


def test_orders_that_come_to_wait_meanwhile_are_posted_too(merchant: Merchant) -> None:
    first, *_ = queued(merchant, 3)
    Order.objects.filter(pk=first.pk).update(status=S.SEND_NOW)

    def hand_over(handler: Handler) -> None:
        Order.objects.filter(pk=first.pk, status=S.SEND_NOW).update(status=S.PENDING_PLACEMENT)
        connection.close()
        handler.answer()

    with platform(hand_over) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        dispatch.post(merchant.pk)
    assert statuses() == [S.SUCCESS] * 3


def test_the_next_posts_leave_while_answers_are_noted(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PLACEMENT_CONCURRENCY = 1
    settle, begun = record_results.settle, []

    def slow(*given: Any) -> None:
        time.sleep(0.3)
        begun.append(len(shop.posts))
        settle(*given)

    monkeypatch.setattr(record_results, "settle", slow)
    queued(merchant, 5)
    dispatch.post(merchant.pk)
    assert all(posted > noted for noted, posted in enumerate(begun[:-1], start=1))


def test_a_claim_costs_five_statements_however_many_orders_it_takes(merchant: Merchant, shop: Platform) -> None:
    queued(merchant, 4)
    claims = dispatch._Queue(Order.objects.filter(merchant=merchant), 4)
    with CaptureQueriesContext(connection) as context:
        assert len(dispatch._claim(claims, 4)) == 4
    assert len(statements(context)) == 5


# Answers


@pytest.mark.parametrize("trouble", [Busy(), OperationalError("the database is away")])
def test_an_answer_in_hand_waits_for_the_customer_and_the_database(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    queued(merchant)
    settle, troubles = record_results.settle, [trouble, trouble]

    def later(attempt: PlacementAttempt, answer: Answer) -> None:
        if troubles:
            raise troubles.pop()
        settle(attempt, answer)

    monkeypatch.setattr(record_results, "settle", later)
    dispatch.post(merchant.pk)
    assert (statuses(), len(shop.posts)) == ([S.SUCCESS], 1)


def test_an_answer_that_cannot_be_noted_does_not_stop_the_others(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, *_ = queued(merchant, 3)
    place = bulk_success.place

    def fail(acts: Any, keys: Any) -> Any:
        if broken in [act.subject for act in acts]:
            raise ValueError("a fault")
        return place(acts, keys)

    monkeypatch.setattr(bulk_success, "place", fail)
    dispatch.post(merchant.pk)
    assert statuses() == [S.PENDING_PLACEMENT, S.SUCCESS, S.SUCCESS]
    assert log() == [(1, ""), (1, "placed"), (1, "placed")]


def test_a_gateway_that_breaks_leaves_an_unknown_outcome(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(merchant)

    def fail(*_: Any) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(dispatch, "gateway_of", fail)
    dispatch.post(merchant.pk)
    assert (statuses(), log()) == ([S.CONNECTION_ERROR_DURING_PLACEMENT], [(1, "no_answer")])


def test_answers_are_noted_though_the_database_has_no_more_orders_to_give(
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
    with platform(answer) as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        queued(merchant, 6)
        dispatch.post(merchant.pk)
    assert refused
    assert statuses() == [S.SUCCESS] * 6
    assert set(keys(playing).values()) == {1}


# The sweep


def test_what_a_dead_worker_left_is_posted_again_under_the_same_key(merchant: Merchant, shop: Platform) -> None:
    (made,) = queued(merchant)
    claim(made, **LOST)
    dispatch.sweep()
    assert log() == [(1, "no_answer")]
    dispatch.post(merchant.pk)
    assert keys(shop) == {made.public_id.hex: 1}
    assert shop.posts[0].headers["X-Reprise-Attempt"] == "2"
    assert (statuses(), log()) == ([S.SUCCESS], [(1, "no_answer"), (2, "placed")])


def test_a_try_under_way_is_not_taken_for_lost(merchant: Merchant, noon: Any) -> None:
    (made,) = queued(merchant)
    claim(made, started=datetime.now(UTC) - dispatch.LOST_AFTER)
    dispatch.sweep()
    assert log() == [(1, "")]
    noon.shift(1)
    dispatch.sweep()
    assert log() == [(1, "no_answer")]


def test_a_lost_try_of_an_order_declined_meanwhile_keeps_its_retry_date(merchant: Merchant) -> None:
    (made,) = queued(merchant)
    claim(made, **LOST)
    placement_results.decline(made, actor=f.STAFF, code="140", message="Declined.")
    dispatch.sweep()
    made.refresh_from_db()
    assert (made.status, made.tries) == (S.CREDIT_CARD_RETRY, 1)
    assert made.retry_at is not None


def test_a_lost_try_of_an_order_too_old_is_not_repeated(merchant: Merchant) -> None:
    (made,) = queued(merchant)
    claim(made, **LOST)
    Order.objects.filter(pk=made.pk).update(place_date=DAY - timedelta(days=200))
    dispatch.sweep()
    assert statuses() == [S.REJECTED]


def test_a_customer_held_by_another_write_does_not_keep_the_sweep_from_the_others(merchant: Merchant) -> None:
    first, second = queued(merchant, 2)
    claim(first, **LOST)
    claim(second, **LOST)
    with holding(Customer.objects.filter(pk=first.customer_id)):
        dispatch.sweep()
        assert log() == [(1, ""), (1, "no_answer")]
    dispatch.sweep()
    assert log() == [(1, "no_answer")] * 2


def test_sweeps_at_once_take_a_lost_try_up_once(merchant: Merchant, shop: Platform) -> None:
    (made,) = queued(merchant)
    claim(made, **LOST)
    at_once(3, dispatch.sweep)
    made.refresh_from_db()
    assert (made.tries, log()) == (2, [(1, "no_answer")])
    at_once(2, lambda: dispatch.post(merchant.pk))
    assert (statuses(), sum(keys(shop).values())) == ([S.SUCCESS], 1)


def test_the_sweep_rings_for_what_waits_but_not_for_clocks(merchant: Merchant) -> None:
    (made,) = queued(merchant)
    OrmQ.objects.all().delete()
    dispatch.sweep()
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(merchant.pk,)]
    OrmQ.objects.all().delete()
    Customer.objects.update(is_test=True, clock=datetime(2026, 11, 20, tzinfo=UTC))
    dispatch.sweep()
    assert OrmQ.objects.count() == 0


# Two at one try


def test_of_two_workers_that_want_one_order_one_has_it(
    merchant: Merchant, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(merchant)
    snapshots = dispatch.snapshots

    def slow(orders: Any) -> Any:
        time.sleep(0.3)
        return snapshots(orders)

    monkeypatch.setattr(dispatch, "snapshots", slow)
    claims = at_once(2, lambda: dispatch._claim(dispatch._Queue(Order.objects.filter(merchant=merchant), 5), 5))
    assert sorted(len(each) for each in claims) == [0, 1]
    assert log() == [(1, "")]
