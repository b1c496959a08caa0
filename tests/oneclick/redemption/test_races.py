"""Simultaneous clicks and actions of staff, each on its own connection."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection
from django.test import Client

from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.redemption.locked_token import TOKEN
from oneclick.redemption.redeem import redeem_token
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import checks, customer_lock
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.errors import DomainError
from subscriptions.models import Activity, Customer, Item, Order, Subscription
from tests.factories import STAFF
from tests.oneclick.shop import DAY, Shop, reload_row
from tests.oneclick.shop import create_shop as make_shop
from tests.races import run_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
ORDER_CLICKS: list[tuple[str, dict[str, str]]] = [
    ("delay", {"days": "7"}),
    ("skip", {}),
    ("upsell", {"og_product_id": "HON-1"}),
    ("upsell", {"og_product_id": "HON-1", "og_every": "1", "og_every_period": "3"}),
]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture(autouse=True)
def many_requests(settings: Any) -> None:
    settings.ONE_CLICK_RATE = 10_000
    cache.clear()


def test_of_two_hundred_simultaneous_clicks_on_twenty_tokens_twenty_act() -> None:
    shops = [make_shop() for _ in range(10)]
    OneClickSettings.objects.update(replay_seconds=0)
    given = [(encode_token(shop.subscription_token()), [("reactivate", {})]) for shop in shops]
    given += [(encode_token(shop.order_token()), ORDER_CLICKS) for shop in shops]
    clicks = [(text, *random.choice(choices)) for text, choices in given for _ in range(10)]
    random.shuffle(clicks)
    before = Activity.objects.count()
    told: list[tuple[str, int, str]] = []

    def work() -> None:
        client = Client()
        while clicks:
            try:
                text, action, fields = clicks.pop()
            except IndexError:
                return
            told.append((text, *answer_to(client, text, action, fields)))

    run_at_once(50, work)
    assert Counter((status, error) for _, status, error in told) == {(200, ""): 20, (400, "token_already_used"): 180}
    assert {text for text, status, _ in told if status == 200} == {text for text, _ in given}
    assert Activity.objects.count() == before + 20
    assert Click.objects.filter(outcome="success", replayed=False).count() == 20
    assert ActionToken.objects.filter(used_at__isnull=False).count() == 20


def answer_to(client: Client, text: str, action: str, fields: dict[str, str]) -> tuple[int, str]:
    """Status and error code, once no other click locks the customer."""
    while True:
        answer = client.post(f"/one_click/{action}/", {"token": text, **fields})
        if answer.status_code != 503:
            return answer.status_code, answer.json().get("error", "")


@pytest.mark.parametrize(("action", "fields"), ORDER_CLICKS)
def test_a_simultaneous_click_and_cancellation_end_consistently(action: str, fields: dict[str, str]) -> None:
    shop = make_shop(subscriptions=1)
    token, subscription = shop.order_token(), shop.subscriptions[0]
    pending = [
        lambda: shop.post(action, token, **fields).json().get("error", "done"),
        lambda: outcome_of(lambda: cancel(subscription, actor=STAFF)),
    ]
    assert "done" in run_at_once(2, lambda: pending.pop()())
    made = Subscription.objects.exclude(pk=subscription.pk).first()
    assert_consistent(shop)
    assert not reload_row(subscription).live and not subscription.items.filter(upcoming=True).exists()
    clicked = reload_row(token).used_at is not None
    assert Click.objects.get().outcome == ("success" if clicked else "expired_token")
    assert (made is not None) == (clicked and "og_every" in fields)


def test_a_simultaneous_reactivation_and_cancellation_end_consistently() -> None:
    shop = make_shop(subscriptions=1)
    token, subscription = shop.subscription_token(), shop.subscriptions[0]
    pending = [
        lambda: shop.post("reactivate", token).json().get("error", "done"),
        lambda: outcome_of(lambda: cancel(subscription, actor=STAFF)),
    ]
    told = sorted(run_at_once(2, lambda: pending.pop()()))
    assert_consistent(shop)
    # The click acted in either order; staff found nothing to cancel or cancelled the reactivated subscription.
    assert told == (["done", "subscription_not_active"] if reload_row(subscription).live else ["done", "done"])


def test_two_staff_members_and_a_click_leave_one_reactivation() -> None:
    shop = make_shop(subscriptions=1)
    token, subscription = shop.subscription_token(), shop.subscriptions[0]
    pending = [lambda: shop.post("reactivate", token).json().get("error", "done")]
    pending += [lambda: outcome_of(lambda: reactivate(subscription, actor=STAFF))] * 2
    told = sorted(run_at_once(3, lambda: pending.pop()()))
    assert told == ["done", "subscription_already_active", "subscription_already_active"]
    assert_consistent(shop)


def outcome_of(act: Callable[[], Any]) -> str:
    try:
        act()
    except DomainError as refusal:
        return refusal.code
    return "done"


def assert_consistent(shop: Shop) -> None:
    """Each live subscription has one upcoming item, on an open order; no order is empty."""
    live = set(shop.customer.subscriptions.live().values_list("pk", flat=True))
    coming = Item.objects.filter(upcoming=True, subscription__isnull=False)
    assert sorted(coming.values_list("subscription", flat=True)) == sorted(live)
    assert all(item.order.is_open for item in coming.select_related("order"))
    assert all(order.items.exists() for order in Order.objects.open())


# One after the other, step by step


@contextmanager
def click_stopped_half_way(token: ActionToken, monkeypatch: pytest.MonkeyPatch) -> Iterator[Future[Any]]:
    """A delay that has read its order and not yet moved it; it continues when the block ends."""
    reached, go_on = threading.Event(), threading.Event()
    check = checks.require_today_or_later

    def stop(*args: Any) -> Any:
        reached.set()
        assert go_on.wait(10)
        return check(*args)

    def click() -> Any:
        try:
            return redeem_token(encode_token(token), "delay", {"days": "7"})
        finally:
            connection.close()

    monkeypatch.setattr(checks, "require_today_or_later", stop)
    with ThreadPoolExecutor(1) as pool:
        clicked = pool.submit(click)
        assert reached.wait(10)
        yield clicked
        go_on.set()


def cancel_in_a_thread(pool: ThreadPoolExecutor, subscription: Subscription) -> Future[Any]:
    def run() -> None:
        try:
            cancel(subscription, actor=STAFF)
        finally:
            connection.close()

    return pool.submit(run)


def is_lock_awaited() -> bool:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return True
    return False


def test_staff_wait_for_a_click_in_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(subscriptions=1)
    token = shop.order_token()
    with ThreadPoolExecutor(1) as pool:
        with click_stopped_half_way(token, monkeypatch) as clicked:
            cancelled = cancel_in_a_thread(pool, shop.subscriptions[0])
            assert is_lock_awaited()
            assert not cancelled.done()
        assert clicked.result(10).message == "Your order was delayed. Its new date is December 8, 2026."
        cancelled.result(10)
    assert not Order.objects.exists()
    verbs = list(Activity.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["token.issue", "order.change_date", "subscription.cancel"]


def test_without_the_lock_a_click_acts_on_an_order_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the race above is real. Here only the database's constraint stops the click."""

    def read_token(**given: Any) -> ActionToken:
        return ActionToken.objects.select_related("customer__merchant__one_click").get(**given)

    def read_customer(**given: Any) -> Customer:
        return Customer.objects.select_related("merchant").get(**given)

    shop = make_shop(subscriptions=1)
    token = shop.order_token()
    monkeypatch.setattr(TOKEN, "get", read_token)
    monkeypatch.setattr(customer_lock.CUSTOMER_BY_KEY, "get", read_customer)
    with click_stopped_half_way(token, monkeypatch) as clicked, ThreadPoolExecutor(1) as pool:
        cancel_in_a_thread(pool, shop.subscriptions[0]).result(10)
        assert not Order.objects.filter(place_date=DAY).exists()
    with pytest.raises(IntegrityError):
        clicked.result(10)
