"""The analytics page of links, and what it gives as CSV."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from oneclick.admin import analytics
from oneclick.models import Action, ActionToken, Click, LandingPage, SavedLink
from subscriptions.models import Product, Role
from tests import factories as f
from tests.admin.conftest import World
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

PAGE, CSV = "/admin/numbers/", "/admin/numbers/csv/"
HEAD = (
    "day,action,link,landing page,product,opened,acted,refused,undone,replayed,likely machines,"
    "likely machines that acted,orders kept,orders gained,value gained USD"
)
TOO_FAR = "Choose days within the last 400; older clicks are not kept."
Login = Callable[..., Client]


@pytest.fixture
def owner(noon: time_machine.Traveller, own: World, foreign: World, login: Login) -> Client:
    Click.objects.filter(merchant=own.merchant).delete()
    return login(own.merchant)


@pytest.fixture
def link(own: World) -> SavedLink:
    return SavedLink.objects.create(merchant=own.merchant, name='=cmd|"x"', action=Action.REACTIVATE)


@pytest.fixture
def click(own: World) -> Callable[..., Click]:
    token = ActionToken.objects.filter(merchant=own.merchant).first()

    def made(outcome: str = "success", days: int = 0, **fields: object) -> Click:
        values = {"action": "reactivate", "opens": True, "at": timezone.now() - timedelta(days=days), **fields}
        return Click.objects.create(merchant=own.merchant, token=token, outcome=outcome, **values)

    return made


def rows(client: Client, query: str = "") -> list[list[str]]:
    return list(csv.reader(StringIO(client.get(CSV + query).getvalue().decode("utf-8-sig"))))


def test_without_a_click_the_page_says_when_figures_appear(owner: Client) -> None:
    shown = visible_text(owner.get(PAGE))
    assert "No link was opened in these days. Figures appear with the first click." in shown
    assert "By link" not in shown
    assert rows(owner) == [HEAD.split(",")]


def test_the_page_shows_totals_days_reasons_and_tables(owner: Client, click: Callable[..., Click]) -> None:
    click()
    click("opened")
    click("token_already_used", days=1)
    click("missing_og_product_id", days=1)
    click("fetched", likely_machine=True)
    answer = owner.get(PAGE)
    shown = visible_text(answer)
    assert "Opened 4 by people, as far as we can tell" in shown
    assert "Acted 1 25% of those opened" in shown
    assert "Refused 2 reasons below" in shown
    assert "Likely machines 1 0 acted; in no other figure" in shown
    assert "Value gained USD 0.00" in shown
    assert "The link had already been used 1" in shown and "The link has no product 1" in shown
    assert "Fri, Nov 20, 2026 2 1 0 0 0 1" in shown and "Thu, Nov 19, 2026 2 0 2 0 0 0" in shown
    assert "Without a saved link 4 1 2 0 0 1 0 0 USD 0.00" in shown
    assert "Reactivate 4 1 2 0 0 1 0 0 USD 0.00" in shown
    assert "Your shop's pages and the API 4 1 2 0 0 1 0 0 USD 0.00" in shown
    assert answer.content.count(b"<rect ") == 3
    heads = [f'<thead><tr><th scope="col">{name}</th>' for name in ("Day", "Link", "Action", "Product")]
    assert [answer.content.decode().count(head) for head in heads] == [1, 1, 1, 1]


def test_days_action_link_and_page_can_be_chosen(
    owner: Client, own: World, link: SavedLink, click: Callable[..., Click]
) -> None:
    page, product = LandingPage.objects.get(merchant=own.merchant), own.rows[Product]
    click(link=link)
    click(action="skip", landing_page=page, product=product)
    click(days=10)
    chosen = {
        "": "3",
        "?period=7": "2",
        "?period=own&first=2026-11-10&last=2026-11-10": "1",
        "?action=skip": "1",
        f"?link={link.pk}": "1",
        "?link=none": "2",
        f"?landing_page={page.pk}": "1",
        "?landing_page=none&action=skip": None,
        f"?product={product.pk}": "1",
    }
    for query, acted in chosen.items():
        shown = visible_text(owner.get(PAGE + query))
        assert (f"Acted {acted} " if acted else "No link was opened") in shown, query
        assert sum(int(row[6]) for row in rows(owner, query)[1:]) == int(acted or 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?period=own", "Enter a first and a last day, in this order."),
        ("?period=own&first=2026-11-10&last=2026-11-09", "Enter a first and a last day, in this order."),
        ("?period=own&first=0001-01-01&last=0001-01-02", TOO_FAR),
        ("?period=own&first=2025-10-15&last=2026-11-09", TOO_FAR),
        ("?period=own&first=2026-11-20&last=2026-11-21", TOO_FAR),
        ("?period=own&first=9999-12-30&last=9999-12-31", TOO_FAR),
        ("?period=own&first=soon&last=2026-11-09", "Enter a valid date."),
        ("?period=8", "Select a valid choice. 8 is not one of the available choices."),
        ("?action=explode", "Select a valid choice."),
    ],
)
def test_an_impossible_choice_is_reported_and_30_days_are_shown(
    owner: Client, click: Callable[..., Click], query: str, said: str
) -> None:
    click(days=29)
    click(days=30)
    shown = visible_text(owner.get(PAGE + query))
    assert said in shown and "October 22, 2026 to November 20, 2026" in shown and "Acted 1 " in shown


def test_another_merchants_links_and_pages_cannot_be_chosen(owner: Client, foreign: World) -> None:
    theirs = [foreign.rows[model].pk for model in (SavedLink, LandingPage, Product)]
    for query in (f"?link={theirs[0]}", f"?landing_page={theirs[1]}", f"?product={theirs[2]}"):
        answer = owner.get(PAGE + query)
        assert "Select a valid choice." in visible_text(answer)
        assert b"Foreign" not in answer.getvalue()


def test_the_csv_has_a_row_per_day_action_link_and_page_and_no_formula(
    owner: Client, own: World, link: SavedLink, click: Callable[..., Click]
) -> None:
    LandingPage.objects.filter(merchant=own.merchant).update(name="@SUM(A1)")
    page = LandingPage.objects.get(merchant=own.merchant)
    click(link=link, landing_page=page)
    click("success", link=link, landing_page=page, opens=False, replayed=True)
    click("expired_token", days=1)
    answer = owner.get(CSV)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.getvalue().startswith(b"\xef\xbb\xbfday,")
    assert answer["Content-Disposition"] == 'attachment; filename="one-click-2026-10-22-2026-11-20.csv"'
    none = ["Without a saved link", "Your shop's pages and the API", "Orders of several products"]
    assert rows(owner) == [
        [*HEAD.split(","), "refused: expired_token"],
        ["2026-11-19", "reactivate", *none, "1", "0", "1", "0", "0", "0", "0", "0", "0", "0", "1"],
        [
            *("2026-11-20", "reactivate", '\'=cmd|"x"', "'@SUM(A1)", none[2], "1", "1"),
            *("0", "0", "1", "0", "0", "0", "0", "0", "0"),
        ],
    ]


def test_names_in_tables_lead_to_their_figures_alone_and_what_has_no_room_is_one_line(
    owner: Client, own: World, link: SavedLink, click: Callable[..., Click], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics, "MOST_LINES", 2)
    products = [f.ProductFactory(merchant=own.merchant, name=name) for name in ("Ale", "Beer", "Cider")]
    for n, product in enumerate(products):
        for _ in range(n + 1):
            click(product=product, link=link)
    click(action="undo", outcome="undo_too_late", opens=False)
    tables = {table.heading: table.lines for table in owner.get(f"{PAGE}?period=90").context["tables"]}
    period = "?period=90&"
    cider, beer, others = tables["By product"]
    assert (cider[0], cider.figures.acted, cider.url) == ("Cider", 3, f"{period}product={products[2].pk}")
    assert beer.url == f"{period}product={products[1].pk}"
    assert (others[0], others.figures.acted, others.figures.refusals, others.url) == ("2 others", 1, 1, "")
    assert [line.url for line in tables["By link"]] == [f"{period}link={link.pk}", f"{period}link=none"]
    assert [line.url for line in tables["By action"]] == [f"{period}action=reactivate", ""]
    shown = visible_text(owner.get(PAGE + cider.url))
    assert "Product: Cider close" in shown and "Acted 3 " in shown


def test_what_machines_did_is_in_no_other_figure(owner: Client, click: Callable[..., Click]) -> None:
    click()
    for outcome in ("success", "expired_token", "opened"):
        click(outcome, likely_machine=True)
    shown = visible_text(owner.get(PAGE))
    assert "Opened 1 " in shown and "Acted 1 100% of those opened" in shown and "Refused 0 " in shown
    assert "Likely machines 3 1 acted; in no other figure" in shown
    assert [row[10:12] for row in rows(owner)[1:]] == [["3", "1"]]


def test_a_saved_links_page_has_its_analytics(owner: Client, link: SavedLink, click: Callable[..., Click]) -> None:
    click(link=link)
    click("expired_token", link=link)
    click()
    answer = owner.get(f"/admin/oneclick/savedlink/{link.pk}/change/")
    shown = visible_text(answer)
    assert "Analytics of the last 30 days" in shown and "Opened 2 " in shown and "Acted 1 50% of those opened" in shown
    assert "The link had expired 1" in shown
    assert f"/admin/numbers/?link={link.pk}".encode() in answer.content


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_read_the_page_and_nothing_changes(role: str, own: World, foreign: World, login: Login) -> None:
    client = login(own.merchant, role)
    before = read_all_rows()
    for address in (PAGE, CSV):
        answer = client.get(address)
        assert answer.status_code == 200
        body = answer.getvalue()
        assert b"Foreign" not in body and b"@shop.test" not in body
        assert client.post(address).status_code == 405
        assert Client().get(address).status_code == 302
    assert read_all_rows() == before
    assert b'href="/admin/numbers/"' in client.get("/admin/").content


def test_the_page_takes_as_many_queries_with_many_clicks_as_with_one(
    owner: Client, click: Callable[..., Click], django_assert_num_queries: Callable[..., object]
) -> None:
    for days in range(20):
        click(days=days)
    with django_assert_num_queries(19):
        owner.get(PAGE)
