"""Home says what needs a person, with its money and its button, and every number leads to its rows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from integrations.models import Connection, Delivery
from subscriptions.actions import placement_results, upcoming_order
from subscriptions.actions import subscription as verbs
from subscriptions.figures.business import read_business
from subscriptions.models import CheckoutRequest, JobRun, Merchant, Order, OrderStatus
from subscriptions.staff import needs
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.fixture
def merchant(noon: time_machine.Traveller, db: None) -> Merchant:
    cache.clear()
    merchant: Merchant = f.MerchantFactory()
    return merchant


def order_with(merchant: Merchant, status: int, **changes: Any) -> Order:
    order: Order = (
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant, is_test=changes.pop("is_test", False)))
        .items.get()
        .order
    )
    Order.objects.filter(pk=order.pk).update(status=status, **{"updated": NOON, **changes})
    return order


def test_orders_that_need_a_person_are_summed_by_status_and_lead_to_their_list(
    merchant: Merchant, login: Login
) -> None:
    order_with(merchant, 14, updated=NOON - timedelta(days=3))
    order_with(merchant, 14)
    order_with(merchant, 14, is_test=True)
    order_with(merchant, 19)
    order_with(merchant, 3)
    order_with(merchant, 3, updated=NOON - timedelta(days=8))
    client = login(merchant)
    found = client.get("/admin/").context["needs"]
    assert [(need.title, need.count, need.amount, need.since) for need in found] == [
        ("Orders whose answer was not understood", 2, "USD 50.00", NOON - timedelta(days=3)),
        ("Orders waiting for your decision", 1, "USD 25.00", NOON),
        ("Rejected orders", 1, "USD 25.00", NOON),
    ]
    shown = [len(client.get(need.url).context["cl"].result_list) for need in found]
    assert shown == [need.count for need in found]


def test_counting_ends_at_a_limit(merchant: Merchant, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "MOST_COUNTED", 1)
    monkeypatch.setattr("subscriptions.admin.home.needs.MOST_COUNTED", 1)
    for _ in range(3):
        order_with(merchant, 14)
    page = visible_text(login(merchant).get("/admin/"))
    assert "Orders whose answer was not understood 1+" in page
    assert "at least USD 50.00" in page


@pytest.mark.parametrize(("done_days_ago", "shown"), [(None, True), (3, True), (2, False), (0, False)])
def test_a_missed_run_is_shown_until_a_later_one_has_done_its_work(
    merchant: Merchant, login: Login, done_days_ago: int | None, shown: bool
) -> None:
    today = NOON.date()
    JobRun.objects.create(merchant=merchant, job="reminders", local_date=today - timedelta(days=2), state="missed")
    if done_days_ago is not None:
        day = today - timedelta(days=done_days_ago)
        JobRun.objects.update_or_create(merchant=merchant, job="reminders", local_date=day, defaults={"state": "done"})
    page = visible_text(login(merchant).get("/admin/"))
    assert ("Missed or failed: Order reminders" in page) is shown
    assert ("Run now" in page) is shown


def test_failed_checkouts_paused_connections_and_failures_by_cause_each_have_their_button(
    merchant: Merchant, login: Login
) -> None:
    CheckoutRequest.objects.create(
        merchant=merchant, merchant_order_id="S-1", actor={}, body={}, answer={}, reason="No such product."
    )
    paused = f.ConnectionFactory(merchant=merchant, name="Klaviyo", paused_reason="The key was refused.")
    sends = f.ConnectionFactory(merchant=merchant, name="Warehouse")
    event = verbs.cancel(
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)), actor=f.STAFF
    ).events[0]
    Delivery.objects.filter(event=event, connection=sends).update(
        state=Delivery.State.DEAD, error="HTTP 400", finished=timezone.now()
    )
    titles = ["Failed checkouts", "Klaviyo is paused", "Failed deliveries to Warehouse"]
    buttons = {"owner": ["Resume", "Send again"], "support": ["Send again"], "read_only": []}
    for role, expected in buttons.items():
        found = login(merchant, role).get("/admin/").context["needs"]
        assert [need.title for need in found] == titles
        assert [button["title"] for need in found for button in need.buttons] == expected
    assert Connection.objects.get(pk=paused.pk).paused_reason


def test_recovered_and_lost_revenue_is_that_of_its_orders(
    merchant: Merchant, noon: time_machine.Traveller, login: Login
) -> None:
    returned, failed, gone, refused, normal = (
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)) for _ in range(5)
    )
    verbs.cancel(returned, actor=f.STAFF)
    verbs.reactivate(returned, actor=f.STAFF)
    noon.shift(timedelta(minutes=1))
    for subscription in (returned, failed, gone, normal, refused):
        order = subscription.items.get(upcoming=True).order
        upcoming_order.queue(order, actor=f.STAFF)
        if subscription == failed:
            placement_results.decline(order, actor=f.STAFF, code="140", message="Declined")
            upcoming_order.queue(order, actor=f.STAFF)
        if subscription == refused:
            placement_results.reject(order, actor=f.STAFF, code="110", message="Wrong number")
        else:
            placement_results.succeed(order, actor=f.STAFF, order_merchant_id="M")
    verbs.cancel(gone, actor=f.STAFF, reason="4|too much")
    found = read_business(merchant, NOON.date(), NOON.date())
    assert found.recovered == {"payment": Decimal(25), "reactivated": Decimal(25)}
    assert found.lost == {"cancelled": Decimal(25), "rejected": Decimal(25)}
    assert found.reasons == {"": 1, "4": 1}
    client = login(merchant)
    home = client.get("/admin/?period=7")
    [tile] = [tile for tile in home.context["period_tiles"] if tile[1] == "Recovered revenue"]
    assert strip_tags(tile[2]) == "USD 50.00"
    listed = client.get(address_of(tile[2])).context["cl"].result_list
    assert {order.pk for order in listed} == {
        order.pk
        for order in Order.objects.filter(status=OrderStatus.SUCCESS, items__subscription__in=[returned, failed])
    }


def test_each_number_leads_to_as_many_rows(merchant: Merchant, login: Login) -> None:
    for is_test in (True, False):
        customer = f.CustomerFactory(merchant=merchant, is_test=is_test)
        f.subscription_with_order(customer=customer, place_date=NOON.date() + timedelta(days=1))
        back = f.subscription_with_order(customer=customer)
        verbs.cancel(back, actor=f.STAFF)
        verbs.reactivate(back, actor=f.STAFF)
        verbs.cancel(f.subscription_with_order(customer=customer), actor=f.STAFF)
    client = login(merchant)
    home = client.get("/admin/")
    numbers = {
        title: (strip_tags(number), len(client.get(address_of(number)).context["cl"].result_list))
        for _, title, number, _ in [*home.context["state_tiles"], *home.context["period_tiles"]]
        if "href" in number and "USD" not in number and "numbers/" not in number
    }
    expected = {"Active subscriptions": 2, "Subscribers": 1, "Orders due tomorrow": 1}
    expected |= {"New subscriptions": 0, "Reactivated": 1, "Cancelled": 2}
    assert numbers == {title: (str(n), n) for title, n in expected.items()}


def address_of(number: str) -> str:
    found = re.search('href="([^"]+)"', number)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("query", "days"),
    [("", 30), ("?period=7", 7), ("?period=90", 90), ("?period=own&first=2026-11-01&last=2026-11-10", 10)],
)
def test_the_days_are_chosen(merchant: Merchant, login: Login, query: str, days: int) -> None:
    home = login(merchant).get(f"/admin/{query}")
    assert len(home.context["chart"]["places"]) == days
