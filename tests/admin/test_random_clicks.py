"""Random clicks, redemptions, undos, refusals and placements: every page and file of the figures equals the rows."""

import csv
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from random import Random
from typing import Any

import pytest
import time_machine
from django.db.models import Q
from django.test import Client
from django.utils.html import strip_tags

from oneclick.analytics import clicks
from oneclick.analytics.figures import Figures, Selection, click_figures, group_figures, sum_figures
from oneclick.analytics.gains import find_gains
from oneclick.analytics.roll_up import KEYS
from oneclick.analytics.visits import Visit
from oneclick.links.signed_links import sign_link
from oneclick.models import Action, ActionToken, SavedLink
from oneclick.redemption.link_actions import find_link_action
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.actions import placement_results, upcoming_order
from subscriptions.actions.subscription import cancel
from subscriptions.errors import NotFound, Refused
from subscriptions.models import Customer, Merchant, Order
from tests import factories as f
from tests.figures.folding import fold
from tests.oneclick.analytics.test_figures_from_scratch import by_key, count_by_hand
from tests.oneclick.shop import create_shop

ADDED = {"og_product_id": "HON-1", "og_every": "1", "og_every_period": "2"}
LINKS: list[tuple[str, str, dict[str, str]]] = [
    ("Later", Action.DELAY, {"days": "3"}),
    ("Later, too", Action.DELAY, {"days": "1"}),
    ("Not this time", Action.SKIP, {}),
    ("Come back", Action.REACTIVATE, {}),
    ("Honey", Action.UPSELL, {"og_product_id": "HON-1"}),
    ("Honey each week", Action.UPSELL, ADDED),
    ("Gone", Action.UPSELL, {"og_product_id": "gone"}),
]


def scope_of(link: SavedLink) -> str:
    return find_link_action(link.action, link.parameters).scope


class Clicking:
    """Customers of one merchant, one of them a test customer, who click at random."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        first = create_shop(1)
        self.merchant: Merchant = first.merchant
        self.customers: list[Customer] = [first.customer]
        for n in range(3):
            customer = f.CustomerFactory(merchant=self.merchant, is_test=n == 0)
            for _ in range(1 + n % 2):
                f.subscription_with_order(customer=customer)
            self.customers.append(customer)
        self.links = [
            SavedLink.objects.create(merchant=self.merchant, name=name, action=action, parameters=fields)
            for name, action, fields in LINKS
        ]

    def issue(self) -> Any:
        customer, choose = self.chance.choice(self.customers), self.chance.choice
        if self.chance.random() < 0.5:
            orders = list(Order.objects.open().filter(customer=customer).order_by("pk"))
            return manual_tokens.issue_token(choose(orders), actor=f.STAFF) if orders else None
        subscriptions = list(customer.subscriptions.live().order_by("pk"))
        return cancel(choose(subscriptions), actor=f.STAFF, reason="4|") if subscriptions else None

    def click(self) -> None:
        token = self.chance.choice(list(ActionToken.objects.filter(merchant=self.merchant).order_by("-pk")[:4]))
        link = self.chance.choice([*self.links, None])
        if self.chance.random() < 0.7:  # one that fits
            link = self.chance.choice([each for each in self.links if scope_of(each) == token.scope])
        action, fields = (link.action, link.parameters) if link else ("delay", {})
        machine = self.chance.random() < 0.2
        page = self.chance.choice([None, ""])
        visit = Visit(link=link.public_id.hex if link else "", page=page, likely_machine=machine)
        name = find_link_action(action, fields).name
        how = self.chance.random()
        if how < 0.1:
            return clicks.record_fetch(token, name, visit)
        if how < 0.2:
            return clicks.record_opening(token, name, visit)
        signed = {"og_link": link.public_id.hex, "og_sig": sign_link(link)} if link else {}
        for _ in range(self.chance.choice([1, 1, 2])):  # a double click
            redeem_token(encode_token(token), action, {**fields, **signed}, visit=visit)

    def undo(self) -> None:
        used = list(ActionToken.objects.filter(merchant=self.merchant).exclude(used_at=None).order_by("-used_at")[:2])
        if used:
            undo_redemption(encode_token(self.chance.choice(used), "undo"))

    def place(self) -> None:
        due = list(Order.objects.open().filter(merchant=self.merchant).order_by("place_date", "pk"))
        if due:
            order = self.chance.choice(due)
            upcoming_order.queue(order, actor=f.STAFF)
            placement_results.succeed(order, actor=f.STAFF, order_merchant_id=str(order.pk))


@pytest.fixture
def clicking(noon: time_machine.Traveller, db: None) -> Clicking:
    """Random acts over some days, folded now and then."""
    made = Clicking(11)
    acts = [made.issue] * 4 + [made.click] * 10 + [made.undo] * 2 + [made.place] * 3
    for step in range(120):
        noon.shift(timedelta(minutes=made.chance.choice([0, 1, 2, 500])))
        with suppress(Refused, NotFound):
            made.chance.choice(acts)() if step > 3 else made.issue()
        if step % 40 == 39:
            fold(made.merchant)
    return made


def test_all_cuts_of_the_figures_their_pages_and_files_equal_the_rows(
    clicking: Clicking, login: Callable[..., Client]
) -> None:
    merchant, client = clicking.merchant, login(clicking.merchant)
    today = calendar.today(merchant.time_zone)
    month = Selection(today - timedelta(days=29), today)
    rows = click_figures(merchant, month)
    assert by_key(rows) == count_by_hand(merchant, month)
    sums = sum_figures(rows)
    assert min(sums.acted, sums.undone, sums.replayed, sums.machines_acted, sums.kept, sums.orders) > 0
    assert len(sums.refused) > 2 and len({row.action for row in rows}) > 4 and len({row.link for row in rows}) > 5
    for name in KEYS:
        cut = click_figures(merchant, month, by=[name])
        assert {getattr(row, name): row.figures for row in cut} == group_figures(rows, name)
        for row in cut:
            assert_gains(merchant, choose_alone(month, name, getattr(row, name)), row.figures)
    assert_gains(merchant, month, sums)
    assert_latest_gains(merchant, month, sums)
    assert_pages(client, sums)
    assert_files(client, sums)


def choose_alone(month: Selection, name: str, value: Any) -> Selection:
    return Selection(value, value) if name == "day" else Selection(month.first, month.last, Q(**{name: value}))


def assert_gains(merchant: Merchant, chosen: Selection, expected: Figures) -> None:
    """The items behind the figures."""
    days = [chosen.first + timedelta(days=n) for n in range((chosen.last - chosen.first).days + 1)]
    gains = find_gains(merchant, days, chosen.only)
    assert len(gains) == expected.orders
    assert sum((gain.item.total_price for gain in gains), Decimal(0)) == expected.value


def assert_latest_gains(merchant: Merchant, chosen: Selection, expected: Figures) -> None:
    """The latest items are the first of all."""
    days = [chosen.first + timedelta(days=n) for n in range((chosen.last - chosen.first).days + 1)]
    found = find_gains(merchant, days, chosen.only)
    assert [gain.click.at for gain in found] == sorted((gain.click.at for gain in found), reverse=True)
    for most in (1, 2, expected.orders, expected.orders + 1):
        assert find_gains(merchant, days, chosen.only, most) == found[:most]


def assert_pages(client: Client, sums: Figures) -> None:
    page, home, revenue = (client.get(f"/admin/{name}") for name in ("numbers/", "", "link-revenue/"))
    for table in page.context["tables"]:
        assert sum_figures(table.lines) == sums, table.heading
    assert sum(n for _, n in page.context["refusals"]) == sums.refusals
    value = f"USD {sums.value:,.2f}"
    tiles = {title: strip_tags(str(figure)) for _, title, figure, _ in revenue.context["tiles"]}
    assert tiles["Value gained"] == value
    assert (tiles["Orders gained"], tiles["Orders kept"]) == (str(sums.orders), str(sums.kept))
    assert sum(line["gain"].item.total_price for line in revenue.context["lines"]) == sums.value
    assert value in [strip_tags(str(figure)) for _, _, figure, _ in home.context["link_tiles"]]
    assert 'href="/admin/link-revenue/?period=30"' in home.text


def assert_files(client: Client, sums: Figures) -> None:
    figures, gains = (read_file(client, f"/admin/{name}/csv/") for name in ("numbers", "link-revenue"))
    columns = {"opened": sums.opened, "acted": sums.acted, "refused": sums.refusals, "undone": sums.undone}
    columns |= {"likely machines": sums.machines, "orders gained": sums.orders, "orders kept": sums.kept}
    assert {name: sum(int(row[name]) for row in figures) for name in columns} == columns
    assert sum(Decimal(row["value gained USD"]) for row in figures) == sums.value
    for code, n in sums.refused.items():
        assert sum(int(row[f"refused: {code}"]) for row in figures) == n
    assert (len(gains), sum(Decimal(row["value USD"]) for row in gains)) == (sums.orders, sums.value)


def read_file(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(client.get(address).getvalue().decode("utf-8-sig"))))
