"""One data set, and every figure of it that staff can see: cards, charts, tables and the CSV say the same."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils.html import strip_tags

from oneclick.analytics.visits import Visit
from oneclick.links import signed_links
from oneclick.models import ActionToken, SavedLink
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.success import Success
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.actions import customer as customer_actions
from subscriptions.actions import subscription as verbs
from subscriptions.actions import upcoming_order
from subscriptions.errors import Refused
from subscriptions.models import Customer, Merchant, Subscription
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
BEGIN = datetime(2026, 10, 22, 4, tzinfo=UTC)  # midnight in New York, in summer time, 30 days with today
CSV_COLUMNS = {
    "opened": "Opened",
    "acted": "Acted",
    "refused": "Refused",
    "undone": "Undone",
    "replayed": "Replayed",
    "likely machines": "Likely machines",
}


@pytest.fixture(params=[True, False], ids=["test merchant", "live merchant"])
def merchant(noon: time_machine.Traveller, db: None, request: pytest.FixtureRequest) -> Merchant:
    cache.clear()
    merchant: Merchant = f.MerchantFactory(is_test=request.param)
    return merchant


@pytest.fixture
def link(merchant: Merchant) -> SavedLink:
    return SavedLink.objects.create(merchant=merchant, name="Come back", action="reactivate")


def cancel(merchant: Merchant, at: datetime = NOON, **customer: Any) -> Subscription:
    """A customer's subscription, cancelled at that time."""
    subscription = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant, **customer))
    with time_machine.travel(at, tick=False):
        cancelled: Subscription = verbs.cancel(subscription, actor=f.STAFF).subject
    return cancelled


def click(subscription: Subscription, link: SavedLink, at: datetime = NOON) -> Success:
    token = ActionToken.objects.filter(subscription=subscription).order_by("pk")[0]
    fields = {"og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link)}
    with time_machine.travel(at, tick=False):
        return redeem_token(encode_token(token), "reactivate", fields, visit=Visit(link=link.public_id.hex))


@pytest.fixture
def history(merchant: Merchant, link: SavedLink) -> None:
    """Two weeks of an ordinary shop, and what must not count: test customers, other days, another merchant."""
    for back in (0, 1, 9, 10):
        click(cancel(merchant, NOON - timedelta(days=back)), link, NOON - timedelta(days=back, hours=-1))
    again = cancel(merchant)
    click(again, link)
    click(again, link, NOON + timedelta(seconds=1))  # replayed
    with pytest.raises(Refused):
        click(again, link, NOON + timedelta(minutes=1))
    undo_redemption(click(cancel(merchant), link).undo[0])
    with calendar.fixed_clock(BEGIN):
        verbs.reactivate(cancel(merchant, BEGIN), actor=f.STAFF)
    cancel(merchant, BEGIN - timedelta(seconds=1))
    click(cancel(merchant, is_test=True), link)
    ahead = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant, is_test=True))
    Customer.objects.filter(pk=ahead.customer_id).update(clock=NOON + timedelta(days=14))
    verbs.cancel(ahead, actor=f.STAFF)
    verbs.cancel(f.subscription_with_order(customer=f.CustomerFactory()), actor=f.STAFF)


def tiles(answer: Any) -> dict[str, str]:
    """The numbers by their titles, without the links around them."""
    names = ("tiles", "state_tiles", "period_tiles", "link_tiles")
    found = [tile for name in names for tile in answer.context.get(name) or []]
    return {title: strip_tags(str(number)) for _, title, number, _ in found}


def chart_sums(chart: dict[str, Any]) -> dict[str, str]:
    sums = Counter[str]()
    for day in chart["places"]:
        sums.update(dict(zip(chart["headings"], day.figures, strict=True)))
    return {heading: str(sums[heading]) for heading in chart["headings"]}


def csv_sums(client: Client, query: str) -> dict[str, str]:
    rows = list(csv.DictReader(StringIO(client.get(f"/admin/numbers/csv/{query}").getvalue().decode("utf-8-sig"))))
    return {title: str(sum(int(row[column]) for row in rows)) for column, title in CSV_COLUMNS.items()}


@pytest.mark.usefixtures("history")
def test_home_counts_every_change_of_its_30_days_once_on_the_card_and_in_the_chart(
    merchant: Merchant, login: Login
) -> None:
    home = login(merchant).get("/admin/")
    cards = tiles(home)
    # Six clicks, one of them undone, which cancels again, and one day that begins at midnight.
    assert (cards["Cancelled"], cards["Reactivated"], cards["Reactivated by a link"]) == ("8", "7", "6")
    sums = chart_sums(home.context["chart"])
    assert sums.pop("New") == cards["New subscriptions"]
    assert {title: cards[title] for title in sums} == sums
    assert home.context["chart"]["summary"] == "8 cancelled and 7 reactivated"
    assert "Reactivated by a link 6" in visible_text(home)


@pytest.mark.usefixtures("history")
def test_home_and_analytics_agree_on_the_reactivations_by_links(
    merchant: Merchant, link: SavedLink, login: Login
) -> None:
    client = login(merchant)
    found = {
        "home": tiles(client.get("/admin/"))["Reactivated by a link"],
        "analytics": tiles(client.get("/admin/numbers/?action=reactivate"))["Acted"],
        "its saved link": {
            title: number
            for _, title, number, _ in client.get(f"/admin/oneclick/savedlink/{link.pk}/change/").context["analytics"][
                "tiles"
            ]
        }["Acted"],
        "csv": csv_sums(client, "?action=reactivate")["Acted"],
    }
    assert found == dict.fromkeys(found, "6")


@pytest.mark.usefixtures("history")
def test_the_cards_the_chart_the_tables_and_the_csv_of_analytics_agree(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    page = client.get("/admin/numbers/")
    expected = {"Opened": "8", "Acted": "6", "Refused": "1", "Undone": "1", "Replayed": "1", "Likely machines": "0"}
    assert {title: tiles(page)[title] for title in expected} == expected
    assert chart_sums(page.context["chart"]) == expected
    assert csv_sums(client, "") == expected
    for heading, _, lines in page.context["tables"]:
        sums = Counter[str]()
        for _, figures, _, _ in lines:
            names = {"Refused": "refusals", "Likely machines": "machines"}
            sums.update({title: getattr(figures, names.get(title, title.lower())) for title in expected})
        assert {title: str(sums[title]) for title in expected} == expected, heading
    assert [n for _, n in page.context["refusals"]] == [1]


@pytest.mark.usefixtures("history")
def test_test_customers_are_in_no_figure_and_not_in_the_latest_activity(merchant: Merchant, login: Login) -> None:
    home = login(merchant).get("/admin/")
    cards = tiles(home)
    live = Subscription.objects.live().filter(merchant=merchant, customer__is_test=False).count()
    assert live == 6
    assert (cards["Active subscriptions"], cards["Subscribers"]) == ("6", "6")
    latest = home.context["latest"]
    assert len(latest) == 8
    assert not any(activity.customer.is_test for activity in latest)
    assert max(activity.at for activity in latest) == NOON + timedelta(hours=1)
    assert "Dec. 4" not in visible_text(home)


def test_orders_of_test_customers_are_no_upcoming_orders(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    for is_test in (False, True):
        for days in (0, 1, 1, 2):
            customer = f.CustomerFactory(merchant=merchant, is_test=is_test)
            f.subscription_with_order(customer=customer, place_date=NOON.date() + timedelta(days=days))
    home = client.get("/admin/")
    assert tiles(home)["Orders due tomorrow"] == "2"
    assert "Orders due tomorrow 2 USD 50.00" in visible_text(home)


def test_an_order_that_waits_for_stock_is_neither_upcoming_nor_the_next(merchant: Merchant, login: Login) -> None:
    client, customer = login(merchant), f.CustomerFactory(merchant=merchant)
    subscription = f.subscription_with_order(customer=customer, place_date=NOON.date())
    subscription.product.live = False
    subscription.product.save()
    upcoming_order.set_aside(subscription.items.get().order, actor=f.STAFF)
    assert tiles(client.get("/admin/"))["Orders due tomorrow"] == "0"
    (row,) = client.get("/admin/subscriptions/customer/").context["cl"].result_list
    assert row.next_order.place_date == (NOON + timedelta(days=14)).date()
    page = visible_text(client.get(f"/admin/subscriptions/customer/{customer.pk}/change/"))
    assert "Friday, November 20, 2026 Upcoming Out of stock ID content_copy USD 25.00" in page
    assert "Friday, December 4, 2026 edit Upcoming ID content_copy USD 25.00" in page


def test_a_customer_who_becomes_a_test_customer_leaves_the_figures(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    customer = f.CustomerFactory(merchant=merchant)
    before = tiles(client.get("/admin/"))["Active subscriptions"]
    customer_actions.mark_as_test(customer, actor=f.STAFF)
    f.subscription_with_order(customer=customer)
    assert tiles(client.get("/admin/"))["Active subscriptions"] == before == "0"
