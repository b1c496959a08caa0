"""Numbers and days come in their own order on the staff pages, not in that of their texts."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.test import Client

from oneclick.models import ActionToken, Click, SavedLink
from tests.admin.conftest import World

Login = Callable[..., Client]


@pytest.fixture
def owner(noon: time_machine.Traveller, own: World, login: Login) -> Client:
    Click.objects.filter(merchant=own.merchant).delete()
    return login(own.merchant)


@pytest.fixture
def click(own: World) -> Callable[..., Click]:
    token = ActionToken.objects.filter(merchant=own.merchant).first()

    def made(day: int = 20, outcome: str = "success", **fields: object) -> Click:
        at = datetime(2026, 11, day, 15, tzinfo=UTC)
        values = {"action": "reactivate", "opens": True, "at": at, **fields}
        return Click.objects.create(merchant=own.merchant, token=token, outcome=outcome, **values)

    return made


def read_csv(client: Client) -> list[list[str]]:
    return list(csv.reader(StringIO(client.get("/admin/numbers/csv/").getvalue().decode("utf-8-sig"))))


def create_links(own: World, **names: int) -> list[SavedLink]:
    return [
        SavedLink.objects.create(merchant=own.merchant, pk=pk, name=name, action="reactivate")
        for name, pk in names.items()
    ]


def test_the_days_of_the_csv_follow_the_calendar(owner: Client, click: Callable[..., Click]) -> None:
    for day in (10, 2, 11, 1):
        click(day)
    assert [row[0] for row in read_csv(owner)[1:]] == ["2026-11-01", "2026-11-02", "2026-11-10", "2026-11-11"]


def test_the_links_of_a_day_follow_their_numbers_after_clicks_without_one(
    owner: Client, own: World, click: Callable[..., Click]
) -> None:
    for link in [None, *create_links(own, second=1_000_000, first=999_999)]:
        click(link=link)
    assert [row[2] for row in read_csv(owner)[1:]] == ["Without a saved link", "first", "second"]


def test_the_refusals_of_the_csv_follow_the_alphabet(owner: Client, click: Callable[..., Click]) -> None:
    click(1, "token_already_used")
    click(2, "expired_token")
    assert read_csv(owner)[0][-2:] == ["refused: expired_token", "refused: token_already_used"]


def test_links_with_the_same_figures_follow_the_alphabet(
    owner: Client, own: World, click: Callable[..., Click]
) -> None:
    second, first = create_links(own, Beta=999_998, Alpha=999_999)
    click(1, link=second)
    click(2, link=first)
    click(2)
    click(3)
    answer = owner.get("/admin/numbers/")
    names = [name for name, _, _, _ in answer.context["tables"][0][2]]
    assert names == ["Without a saved link", "Alpha", "Beta"]


def test_reasons_that_are_as_frequent_follow_the_alphabet(owner: Client, click: Callable[..., Click]) -> None:
    for day, outcome in [(1, "token_already_used"), (2, "expired_token"), (3, "invalid_token"), (3, "invalid_token")]:
        click(day, outcome)
    shown = owner.get("/admin/numbers/").context["refusals"]
    assert [n for _, n in shown] == [2, 1, 1]
    assert [reason for reason, _ in shown[1:]] == ["The link had already been used", "The link had expired"]


def test_the_placement_log_cannot_be_sorted_by_the_text_of_a_code(owner: Client) -> None:
    changelist = owner.get("/admin/subscriptions/placementattempt/").context["cl"]
    fields = {name: changelist.get_ordering_field(name) for name in changelist.list_display}
    assert (fields["code_of"], fields["started"]) == (None, "started")
