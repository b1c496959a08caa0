"""The page of delivery health: its numbers lead to lists with as many rows, and failures are sent again by cause."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations import replays
from integrations.models import Connection, Delivery, Replay
from subscriptions.models import Merchant, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.admin.test_query_counts import count_queries
from tests.integrations.deliveries import count_minute, make_delivery

Login = Callable[..., Client]
PAGE = "/admin/delivery/"
NUMBER = re.compile(r'<a class="[^"]*text-link[^"]*" href="(/admin/integrations/delivery/\?[^"]*)">([\d,]+)')


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant, first_name="Ana", last_name="Ruiz")


def fill(merchant: Merchant) -> tuple[Connection, Connection]:
    one, two = (f.ConnectionFactory(merchant=merchant, name=name) for name in ("One", "Two"))
    for _ in range(3):
        make_delivery(one)
        make_delivery(two, state="dead", error="Invalid email (/data/1/x) [1f]")
    make_delivery(two, state="dead", error="Never.")
    make_delivery(two, state="unknown", error="Sent twice without an answer.")
    for _ in range(2):
        make_delivery(one, state="done")
    count_minute(one, timezone.now(), delivered=2, lag_total=3, lag_longest=2)
    return one, two


def test_each_number_leads_to_a_list_with_as_many_rows(merchant: Merchant, client: Client) -> None:
    fill(merchant)
    numbers = {unescape(link): int(n) for link, n in NUMBER.findall(client.get(PAGE).text)}
    assert sorted(numbers.values()) == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 5, 5]
    for link, number in numbers.items():
        listed = client.get(link)
        assert (link, listed.status_code, listed.text.count('class="data-row')) == (link, 200, number)


def test_the_page_has_the_figures_of_each_connection_and_of_all(merchant: Merchant, client: Client) -> None:
    fill(merchant)
    shown = visible_text(client.get(PAGE))
    assert "Waiting 3" in shown and "Delivered 2 last 24 hours" in shown and "Failed 5 not sent again yet" in shown
    assert "One Healthy Nothing was sent yet. 0 s 3" in shown
    assert "Invalid email (/data/…/x)… Two" in shown and "3 deliveries Send again" in shown.replace("send Send", "Send")
    assert "Outcome unknown" in shown


def test_without_connections_the_page_says_what_that_means(client: Client) -> None:
    shown = visible_text(client.get(PAGE))
    assert "No connections yet: events are recorded but not sent anywhere." in shown and "Add connection" in shown


def test_the_page_takes_as_many_queries_however_much_there_is(merchant: Merchant, client: Client) -> None:
    fill(merchant)
    few = count_queries(client, PAGE)
    for n in range(4):
        extra = f.ConnectionFactory(merchant=merchant, name=f"Extra {n}")
        for cause in ("a", "b", "c"):
            make_delivery(extra, state="dead", error=cause)
        Replay.objects.create(merchant=merchant, connection=extra, last=1, started_by="Ana")
    assert count_queries(client, PAGE) == few <= 9


def start(client: Client, connection: Connection, cause: str, state: str = "dead") -> Any:
    return client.post(f"{PAGE}replay/", {"connection": connection.pk, "cause": cause, "state": state})


def test_all_of_one_cause_is_sent_again_with_progress(merchant: Merchant, client: Client) -> None:
    _, two = fill(merchant)
    cause = "Invalid email (/data/…/x)…"
    dialog = client.get(f"{PAGE}replay/", {"connection": two.pk, "cause": cause, "state": "dead"})
    assert f"Send again: {cause} Sends what failed at Two for this cause again" in visible_text(dialog)
    assert start(client, two, cause).status_code == 302
    assert "Counting the deliveries… Two Started" in visible_text(client.get(PAGE))
    replays.continue_replay(Replay.objects.get().pk)
    shown = visible_text(client.get(PAGE))
    assert "3 of 3 deliveries queued again." in shown and "by Ana Ruiz" in shown
    counts = [Delivery.objects.filter(connection=two, state=state).count() for state in ("pending", "dead", "unknown")]
    assert counts == [3, 1, 1]


def test_the_dialog_warns_where_the_outcome_is_unknown(merchant: Merchant, client: Client) -> None:
    _, two = fill(merchant)
    dialog = client.get(f"{PAGE}replay/", {"connection": two.pk, "cause": "x", "state": "unknown"})
    assert "a receiver that does not drop repeated events may act on them twice." in visible_text(dialog)


def test_another_merchants_connection_is_not_found(merchant: Merchant, client: Client) -> None:
    foreign = f.ConnectionFactory()
    make_delivery(foreign, state="dead", error="No.")
    assert client.get(f"{PAGE}replay/?connection={foreign.pk}&cause=No.").status_code == 404
    assert start(client, foreign, "No.").status_code == 404
    assert not Replay.objects.exists()
    assert "No." not in visible_text(client.get(PAGE))


@pytest.mark.parametrize(("field", "value"), [("connection", "x"), ("state", "done"), ("connection", "99999999999")])
def test_what_cannot_be_sent_again_is_not_found(client: Client, field: str, value: str) -> None:
    assert client.post(f"{PAGE}replay/", {field: value}).status_code == 404


def test_those_who_only_read_see_the_page_without_a_button(merchant: Merchant, login: Login) -> None:
    _, two = fill(merchant)
    reader = login(merchant, Role.READ_ONLY)
    page = reader.get(PAGE).text
    assert "Send again" not in page and "Send all again" not in page and "/admin/integrations/connection/" not in page
    assert start(reader, two, "Never.").status_code == 403
    assert reader.get(f"{PAGE}replay/").status_code == 403


def test_home_has_the_same_figures(merchant: Merchant, client: Client) -> None:
    fill(merchant)
    home = visible_text(client.get("/admin/"))
    assert "3 waiting · 0 failed" in home and "0 waiting · 5 failed" in home
