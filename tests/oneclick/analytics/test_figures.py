"""Every figure of the analytics, from clicks made in the test."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.db.models import Q

from oneclick.analytics import clicks
from oneclick.analytics.figures import Figures, Selection, click_figures, group_figures, sum_figures
from oneclick.analytics.visits import Visit
from oneclick.models import ActionToken, Click, LandingPage, OneClickSettings, SavedLink
from oneclick.redemption.redeem import DIRECT, redeem_token
from oneclick.redemption.success import Success
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.actions import placement_results, upcoming_order
from subscriptions.errors import Refused
from subscriptions.models import Customer, Merchant, Order
from tests.factories import STAFF, MerchantFactory
from tests.oneclick.shop import Shop

TODAY = date(2026, 11, 20)


@pytest.fixture
def wanted() -> Selection:
    return Selection(TODAY - timedelta(days=6), TODAY)


def click_token(token: ActionToken, action: str, visit: Visit = DIRECT, **fields: str) -> Success:
    return redeem_token(encode_token(token), action, fields, visit=visit)


def count_figures(merchant: Merchant, wanted: Selection) -> Figures:
    return sum_figures(click_figures(merchant, wanted))


def place_order(order: Order, day: date) -> None:
    """Send the order on its day; the platform accepts it."""
    with calendar.fixed_clock(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
        upcoming_order.queue(order, actor=STAFF)
        placement_results.succeed(order, actor=STAFF, order_merchant_id="M-1")


def test_without_clicks_all_figures_are_zero(shop: Shop, wanted: Selection) -> None:
    assert click_figures(shop.merchant, wanted) == []
    assert count_figures(shop.merchant, wanted) == Figures()


def test_clicks_replays_refusals_and_undos_are_counted_apart(shop: Shop, wanted: Selection) -> None:
    token = shop.order_token()
    done = click_token(token, "delay", days="7")
    click_token(token, "delay", days="7")
    with pytest.raises(Refused, match="previously used"):
        click_token(token, "skip")
    assert done.undo
    undo_redemption(done.undo[0])
    with pytest.raises(Refused):
        undo_redemption(done.undo[0])
    expected = Figures(
        opened=3,
        acted=1,
        undone=1,
        replayed=1,
        refused=Counter({"token_already_used": 1, "undo_already_done": 1}),
    )
    assert count_figures(shop.merchant, wanted) == expected
    by_action = group_figures(click_figures(shop.merchant, wanted), "action")
    assert {name: (row.opened, row.acted, row.refusals) for name, row in by_action.items()} == {
        "delay": (2, 1, 0),
        "skip": (1, 0, 1),
        "undo": (0, 0, 1),
    }


def test_clicks_are_counted_by_link_and_landing_page_of_their_own_merchant(shop: Shop, wanted: Selection) -> None:
    link = SavedLink.objects.create(merchant=shop.merchant, name="Later", action="delay")
    foreign = SavedLink.objects.create(merchant=MerchantFactory(), name="Foreign", action="delay")
    page = LandingPage.objects.get(merchant=shop.merchant)
    visits = [
        Visit(link=link.public_id.hex, page=""),
        Visit(link=link.public_id.hex, page="welcome"),
        Visit(link=foreign.public_id.hex, page="nowhere"),
        Visit(link="rubbish"),
    ]
    for visit in visits:
        click_token(shop.order_token(), "delay", visit, days="1")
    found = click_figures(shop.merchant, wanted)
    assert {key: row.acted for key, row in group_figures(found, "link").items()} == {link.pk: 2, None: 2}
    assert {key: row.acted for key, row in group_figures(found, "landing_page").items()} == {page.pk: 2, None: 2}
    chosen = Selection(wanted.first, wanted.last, Q(link=link))
    assert count_figures(shop.merchant, chosen).acted == 2
    assert click_figures(foreign.merchant, wanted) == []


def test_a_day_is_one_of_the_merchants_zone(shop: Shop, noon: time_machine.Traveller, wanted: Selection) -> None:
    Merchant.objects.update(time_zone="Pacific/Auckland")
    shop.merchant.refresh_from_db()
    for hour in (10, 11):  # midnight there is at 11:00 UTC
        noon.move_to(datetime(2026, 11, 19, hour, 30, tzinfo=UTC))
        click_token(shop.order_token(), "delay", days="1")
    by_day = group_figures(click_figures(shop.merchant, wanted), "day")
    assert {day: row.acted for day, row in by_day.items()} == {date(2026, 11, 19): 1, date(2026, 11, 20): 1}
    assert count_figures(shop.merchant, Selection(TODAY, TODAY)).acted == 1
    assert count_figures(shop.merchant, Selection(TODAY - timedelta(days=3), TODAY - timedelta(days=1))).acted == 1


def test_a_fetched_page_counts_as_a_likely_machines_until_a_person_is_seen(shop: Shop, wanted: Selection) -> None:
    token = shop.order_token()
    clicks.record_fetch(token, "delay", Visit())
    clicks.record_fetch(token, "delay", Visit())
    assert count_figures(shop.merchant, wanted) == Figures(machines=2)
    clicks.record_opening(token, "delay", Visit(opens=False, fetched=True))
    assert count_figures(shop.merchant, wanted) == Figures(opened=1, machines=1)
    click_token(token, "delay", Visit(opens=False), days="7")
    assert count_figures(shop.merchant, wanted) == Figures(opened=1, acted=1, machines=1)


def test_a_machine_that_runs_the_script_stays_a_machine(shop: Shop, wanted: Selection) -> None:
    token = shop.order_token()
    clicks.record_fetch(token, "delay", Visit())
    clicks.record_opening(token, "delay", Visit(opens=False, fetched=True, likely_machine=True))
    clicks.record_opening(token, "delay", Visit(likely_machine=True))
    assert count_figures(shop.merchant, wanted) == Figures(machines=2)


def test_orders_of_a_reactivated_subscription_count_as_revenue_for_90_days(shop: Shop, wanted: Selection) -> None:
    click_token(shop.subscription_token(), "reactivate")
    assert count_figures(shop.merchant, wanted).orders == 0
    order = shop.subscriptions[0].items.get(upcoming=True).order
    place_order(order, TODAY + timedelta(days=1))
    gained = count_figures(shop.merchant, wanted)
    assert (gained.orders, gained.value) == (1, Decimal("12.50"))
    following = shop.subscriptions[0].items.get(upcoming=True).order
    place_order(following, TODAY + timedelta(days=89))
    gained = count_figures(shop.merchant, wanted)
    assert (gained.orders, gained.value) == (2, Decimal("25.00"))
    late = shop.subscriptions[0].items.get(upcoming=True).order
    place_order(late, TODAY + timedelta(days=91))
    assert count_figures(shop.merchant, wanted) == gained


def test_an_order_counts_for_the_last_click_before_it(
    shop: Shop, noon: time_machine.Traveller, wanted: Selection
) -> None:
    click_token(shop.subscription_token(), "reactivate")
    noon.shift(timedelta(hours=1))
    again = shop.subscription_token()
    noon.move_to(datetime(2026, 11, 21, 17, tzinfo=UTC))
    click_token(again, "reactivate")
    place_order(shop.subscriptions[0].items.get(upcoming=True).order, TODAY + timedelta(days=2))
    both = Selection(wanted.first, TODAY + timedelta(days=1))
    by_day = group_figures(click_figures(shop.merchant, both), "day")
    assert {day: (row.acted, row.orders) for day, row in by_day.items()} == {
        TODAY: (1, 0),
        TODAY + timedelta(days=1): (1, 1),
    }


def test_an_undone_click_counts_no_revenue(shop: Shop, wanted: Selection) -> None:
    done = click_token(shop.order_token(), "product_upsell", og_product_id="HON-1")
    assert done.undo
    undo_redemption(done.undo[0])
    place_order(shop.order, shop.order.place_date)
    assert (count_figures(shop.merchant, wanted).acted, count_figures(shop.merchant, wanted).orders) == (1, 0)


def test_an_upsell_counts_its_own_item_and_a_subscription_each_of_its_items(shop: Shop, wanted: Selection) -> None:
    click_token(shop.order_token(), "product_upsell", og_product_id="HON-1", og_quantity="2")
    often = {"og_product_id": "HON-1", "og_every": "4", "og_every_period": "1"}
    click_token(shop.order_token(), "subscription_upsell", **often)
    place_order(shop.order, shop.order.place_date)
    by_action = group_figures(click_figures(shop.merchant, wanted), "action")
    assert {name: (row.orders, row.value) for name, row in by_action.items()} == {
        "product_upsell": (1, Decimal("16.00")),
        "subscription_upsell": (1, Decimal("8.00")),
    }
    following = Order.objects.open().filter(items__product=shop.product).get()
    place_order(following, following.place_date)
    by_action = group_figures(click_figures(shop.merchant, wanted), "action")
    assert by_action["subscription_upsell"].value == Decimal("16.00")


@pytest.mark.parametrize("action", ["delay", "skip"])
def test_a_delayed_order_or_the_one_after_a_skip_counts_as_retained_once_placed(
    shop: Shop, wanted: Selection, action: str
) -> None:
    click_token(shop.order_token(), action)
    assert count_figures(shop.merchant, wanted) == Figures(opened=1, acted=1)
    place_order(shop.order, shop.order.place_date)
    assert count_figures(shop.merchant, wanted) == Figures(opened=1, acted=1, kept=1)


@pytest.mark.parametrize("is_test", [True, False], ids=["test merchant", "live merchant"])
def test_the_clicks_of_test_customers_do_not_count(shop: Shop, wanted: Selection, is_test: bool) -> None:
    shop.merchant.is_test = is_test
    click_token(shop.order_token(), "delay")
    assert count_figures(shop.merchant, wanted).acted == 1
    Customer.objects.update(is_test=True)
    assert click_figures(shop.merchant, wanted) == []


def test_a_click_keeps_nothing_of_the_visitor(shop: Shop) -> None:
    columns = {field.name for field in Click._meta.get_fields()}
    assert columns == {
        *("id", "merchant", "token", "link", "landing_page", "action", "outcome", "opens", "replayed"),
        *("likely_machine", "subscription", "item", "order", "product", "at"),
    }


def test_the_figures_take_three_queries_however_many_clicks(
    shop: Shop, wanted: Selection, django_assert_num_queries: Callable[..., object]
) -> None:
    OneClickSettings.objects.update(replay_seconds=0)
    for _ in range(5):
        click_token(shop.order_token(), "delay", days="1")
    with django_assert_num_queries(3 + 3):  # begin, plan afresh, and end
        click_figures(shop.merchant, wanted)


def test_the_figures_are_planned_for_their_days_however_often_a_connection_asks(shop: Shop, wanted: Selection) -> None:
    for _ in range(12):
        click_figures(shop.merchant, wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(generic_plans) FROM pg_prepared_statements "
            "WHERE statement LIKE '%oneclick_click%GROUP BY%' AND custom_plans > 1"
        )
        assert cursor.fetchone() == (2, 0)
