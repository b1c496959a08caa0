"""The page of the revenue by links, and what it gives as CSV."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from oneclick.admin import revenue
from oneclick.analytics.gains import split_days
from oneclick.models import ActionToken, Click, SavedLink
from subscriptions.models import AuditEntry, Customer, Item, Role
from tests import factories as f
from tests.admin.conftest import World
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

PAGE, CSV = "/admin/link-revenue/", "/admin/link-revenue/csv/"
Login = Callable[..., Client]


@pytest.fixture(autouse=True)
def gains(noon: time_machine.Traveller, own: World, foreign: World) -> list[Item]:
    """A click on each of the last three days, each of which gained an item."""
    Click.objects.filter(merchant=own.merchant).delete()
    link = SavedLink.objects.create(merchant=own.merchant, name="=Come back", action="reactivate")
    return [create_gain(own, link, days) for days in range(3)]


def create_gain(own: World, link: SavedLink, days: int) -> Item:
    subscription = f.subscription_with_order(customer=own.rows[Customer])
    item: Item = subscription.items.get()
    token = ActionToken.objects.create(
        merchant=own.merchant,
        customer=own.rows[Customer],
        scope="subscription",
        subscription=subscription,
        expires_at=timezone.now(),
    )
    at = timezone.now() - timedelta(days=days)
    Click.objects.create(
        merchant=own.merchant,
        token=token,
        link=link,
        product=subscription.product,
        action="reactivate",
        outcome="success",
        opens=True,
        subscription=subscription,
        at=at,
    )
    item.first_placed, item.total_price = at + timedelta(hours=1), Decimal(10 + days)
    item.save()
    return item


def test_the_page_has_the_sum_and_a_line_for_each_item(own: World, gains: list[Item], login: Login) -> None:
    answer = login(own.merchant).get(PAGE)
    shown = visible_text(answer)
    assert "Value gained USD 33.00" in shown and "Orders gained 3 within 90 days" in shown
    assert [line["gain"].item for line in answer.context["lines"]] == gains
    assert f"USD 12.00 {own.rows[Customer]} =Come back Reactivate Nov 18, 2026 Nov 18, 2026" in shown
    for address in (f"customer/{own.rows[Customer].pk}", f"order/{gains[0].order_id}"):
        assert f'href="/admin/subscriptions/{address}/change/"' in answer.text


def test_a_page_has_whole_days_and_says_what_has_no_room(
    own: World, gains: list[Item], login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revenue, "ROWS", 2)
    client = login(own.merchant)
    first, second = client.get(PAGE), client.get(f"{PAGE}?page=2")
    assert [[line["gain"].item for line in each.context["lines"]] for each in (first, second)] == [gains[:2], gains[2:]]
    assert "Page 1 of 2 Older" in visible_text(first) and "Newer Page 2 of 2" in visible_text(second)
    monkeypatch.setattr(revenue, "MOST_ROWS", 1)
    answer = client.get(PAGE)
    assert [line["gain"].item for line in answer.context["lines"]] == gains[:1]
    assert "1 more of these days in the file" in visible_text(answer)


def test_days_are_put_together_until_they_have_enough_rows() -> None:
    one, two, three, four = (date(2026, 11, day) for day in (1, 2, 3, 4))
    assert split_days({one: 1, two: 0, three: 9, four: 1}, 10) == [[four, three], [one]]
    assert split_days({one: 50, two: 50}, 10) == [[two], [one]]
    assert split_days({one: 0}, 10) == []


def test_the_filters_of_the_analytics_choose_the_rows_too(own: World, gains: list[Item], login: Login) -> None:
    client, link = login(own.merchant), SavedLink.objects.get(name="=Come back")
    chosen = {
        f"?link={link.pk}": gains,
        "?link=none": [],
        "?action=delay": [],
        f"?product={gains[1].product_id}": [gains[1]],
        "?period=own&first=2026-11-18&last=2026-11-18": [gains[2]],
    }
    for query, items in chosen.items():
        answer = client.get(PAGE + query)
        assert [line["gain"].item for line in answer.context["lines"]] == items, query
        assert ("have gained no order yet" in visible_text(answer)) == (not items)
        assert len(client.get(CSV + query).getvalue().decode().splitlines()) == 1 + len(items)


def test_the_file_has_each_item_is_in_the_audit_and_has_no_formula(own: World, gains: list[Item], login: Login) -> None:
    answer = login(own.merchant).get(CSV)
    head, first, *_ = answer.getvalue().decode("utf-8-sig").splitlines()
    assert head == "clicked,link,action,customer,email,order,shop's order ID,product,placed,value USD"
    assert first == (
        f"2026-11-20 12:00:00,'=Come back,reactivate,{own.rows[Customer].merchant_user_id},{own.rows[Customer].email},"
        f"{gains[0].order.public_id.hex},,{gains[0].product.name},2026-11-20 13:00:00,10.00"
    )
    assert AuditEntry.objects.get(kind="export").sentence == "Took the revenue by links as a file: period=30."


@pytest.mark.parametrize("role", Role.values)
def test_every_role_reads_the_page_and_those_who_may_take_files_the_file(role: str, own: World, login: Login) -> None:
    client = login(own.merchant, role)
    before = read_all_rows()
    answer = client.get(PAGE)
    assert answer.status_code == 200 and "Foreign" not in answer.text
    may_take = role in (Role.OWNER, Role.MARKETING)
    assert ("Download as CSV" in answer.text) == may_take
    assert [client.post(address).status_code for address in (PAGE, CSV)] == [405, 405]
    assert [Client().get(address).status_code for address in (PAGE, CSV)] == [302, 302]
    assert read_all_rows() == before
    assert client.get(CSV).status_code == (200 if may_take else 403)


def test_another_merchants_clicks_are_nowhere(foreign: World, gains: list[Item], login: Login) -> None:
    assert login(foreign.merchant).get(PAGE).context["lines"] == []


def test_the_page_takes_as_many_queries_for_many_rows(
    own: World, gains: list[Item], login: Login, django_assert_num_queries: Callable[..., object]
) -> None:
    client, link = login(own.merchant), SavedLink.objects.get(name="=Come back")
    client.get(PAGE)
    for days in range(5):
        create_gain(own, link, days)
    with django_assert_num_queries(19):
        client.get(PAGE)
