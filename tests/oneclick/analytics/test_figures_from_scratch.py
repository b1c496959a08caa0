"""The figures against a count in plain Python that reads every row."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q

from oneclick.analytics.figures import Figures, Row, Selection, click_figures, group_figures, sum_figures
from oneclick.analytics.roll_up import KEYS
from oneclick.models import ActionToken, Click, SavedLink
from oneclick.models.click import NON_REFUSALS
from subscriptions.models import Customer, Item, Merchant, Order, OrderStatus, Subscription
from tests.factories import (
    CustomerFactory,
    LandingPageFactory,
    MerchantFactory,
    OrderFactory,
    ProductFactory,
    SubscriptionFactory,
)

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
OUTCOMES = ["success", "success", "success", "opened", "fetched", "undone", "expired_token", "token_already_used"]
WEEKS = Selection(TODAY - timedelta(days=40), TODAY - timedelta(days=3))


class Past:
    """Six customers of a merchant, one of them a test customer, with random clicks and orders."""

    def __init__(self, merchant: Merchant, seed: int) -> None:
        self.merchant, self.chance = merchant, Random(seed)
        self.links = [None, *(SavedLink.objects.create(merchant=merchant, name=name, action="skip") for name in "AB")]
        self.pages = [None, LandingPageFactory(merchant=merchant, slug="more", is_default=False)]
        self.product, other = ProductFactory(merchant=merchant), ProductFactory(merchant=merchant)
        self.products = [None, self.product.pk, other.pk]
        for n in range(6):
            self.customer(CustomerFactory(merchant=merchant, is_test=n == 0))

    def at(self, days: int) -> datetime:
        return NOW - timedelta(minutes=self.chance.randrange(days * 24 * 60))

    def customer(self, customer: Customer) -> None:
        subscription = SubscriptionFactory(customer=customer, product=self.product)
        orders = [OrderFactory(customer=customer, place_date=TODAY - timedelta(days=n)) for n in range(8)]
        for order in orders:
            order.status = self.chance.choice([OrderStatus.SUCCESS, OrderStatus.CANCELLED])
            order.cancelled = NOW if order.status == OrderStatus.CANCELLED else None
            order.save()
        lines = [self.line(order, subscription if n % 2 else None) for n, order in enumerate(orders)]
        for _ in range(60):
            self.click(customer, subscription, lines)

    def line(self, order: Order, subscription: Subscription | None) -> Item:
        placed = self.at(60) if order.status == OrderStatus.SUCCESS else None
        what = {"order": order, "subscription": subscription, "product": self.product, "upcoming": False}
        amount = {"price": 5, "total_price": Decimal(self.chance.randrange(500, 900)) / 100}
        return Item.objects.create(
            merchant=self.merchant, **what, **amount, one_time=subscription is None, first_placed=placed
        )

    def click(self, customer: Customer, subscription: Subscription, lines: list[Item]) -> None:
        choose = self.chance.choice
        undone = NOW if self.chance.random() < 0.2 else None
        expires = {"expires_at": NOW, "used_at": NOW, "undone_at": undone}
        token = ActionToken.objects.create(
            merchant=self.merchant, customer=customer, scope="subscription", subscription=subscription, **expires
        )
        line = choose(lines)
        gains = [{"subscription": subscription}, {"item": line}, {"order": line.order}]
        outcome = choose(OUTCOMES)
        way = {"link": choose(self.links), "landing_page": choose(self.pages), "action": choose(["delay", "skip"])}
        way["product_id"] = choose(self.products)
        kind = {"replayed": self.chance.random() < 0.1, "likely_machine": self.chance.random() < 0.2}
        came_of_it = choose(gains) if outcome == "success" and not kind["replayed"] else {}
        Click.objects.create(
            merchant=self.merchant,
            token=token,
            outcome=outcome,
            opens=self.chance.random() < 0.7,
            at=self.at(60),
            **way,
            **kind,
            **came_of_it,
        )


def count_by_hand(merchant: Merchant, wanted: Selection) -> dict[tuple[object, ...], Figures]:
    """By day, action, link, landing page and product."""
    clicks = [
        click
        for click in Click.objects.select_related("token__customer", "item__order", "order")
        if click.merchant_id == merchant.pk and not click.token.customer.is_test
    ]
    found: dict[tuple[object, ...], Figures] = {}
    for click in clicks:
        day = click.at.astimezone(ZoneInfo(merchant.time_zone)).date()
        if wanted.first <= day <= wanted.last and click.outcome != "undone":
            key = (day, click.action, click.link_id, click.landing_page_id, click.product_id)
            found.setdefault(key, Figures()).add(figures_of_click(click, clicks))
    return found


def figures_of_click(click: Click, clicks: list[Click]) -> Figures:
    acted = click.outcome == "success" and not click.replayed
    if click.likely_machine:
        return Figures(machines=1, machines_acted=int(acted))
    figures = Figures(
        opened=int(click.opens),
        acted=int(acted),
        undone=int(acted and click.token.undone_at is not None),
        replayed=int(click.replayed),
    )
    if click.outcome not in NON_REFUSALS:
        figures.refused = Counter([click.outcome])
    if is_not_undone(click):
        figures.kept = int(click.order is not None and click.order.status == OrderStatus.SUCCESS)
        gained = [line.total_price for line in Item.objects.all() if is_result_of(line, click, clicks)]
        figures.orders, figures.value = len(gained), sum(gained, Decimal(0))
    return figures


def is_not_undone(click: Click) -> bool:
    acted = click.outcome == "success" and not click.replayed and not click.likely_machine
    return acted and click.token.undone_at is None


def is_result_of(line: Item, click: Click, clicks: list[Click]) -> bool:
    placed = line.first_placed
    if placed is None or not click.at <= placed < click.at + timedelta(days=90):
        return False
    if click.item_id:
        return bool(click.item_id == line.pk)
    acts = [other for other in clicks if is_not_undone(other) and other.subscription_id == line.subscription_id]
    before = [other for other in acts if other.subscription_id and other.at <= placed]
    return bool(before) and max(before, key=lambda other: other.at) == click


@pytest.mark.django_db
@pytest.mark.parametrize("is_test", [True, False], ids=["test merchant", "live merchant"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_agree_with_a_count_by_hand(noon: object, seed: int, is_test: bool) -> None:
    merchant = MerchantFactory(is_test=is_test)
    past = Past(merchant, seed)
    Past(MerchantFactory(is_test=is_test), seed + 10)
    found = by_key(click_figures(merchant, WEEKS))
    expected = count_by_hand(merchant, WEEKS)
    assert found == expected
    sums = sum_figures(click_figures(merchant, WEEKS))
    assert min(sums.undone, sums.replayed, sums.machines_acted, sums.refusals, sums.kept, sums.orders) > 0
    for name in KEYS:
        cut = click_figures(merchant, WEEKS, by=[name])
        assert {getattr(row, name): row.figures for row in cut} == group_figures(click_figures(merchant, WEEKS), name)
        assert sum_figures(cut) == sums
    for place, name, value in [(2, "link", past.links[1].pk), (4, "product", past.product.pk)]:
        chosen = Selection(WEEKS.first, WEEKS.last, Q(**{name: value}))
        assert by_key(click_figures(merchant, chosen)) == {
            key: row for key, row in expected.items() if key[place] == value
        }


def by_key(found: list[Row]) -> dict[tuple[object, ...], Figures]:
    return {(row.day, row.action, row.link, row.landing_page, row.product): row.figures for row in found}
