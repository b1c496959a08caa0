"""The page about growth knows every table, and each key and statement that stands in the way of distribution."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client

from oneclick.models import ActionToken
from subscriptions import api_keys
from subscriptions.actions.subscription import cancel
from subscriptions.jobs import dispatch, runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import JobRun, Merchant, Order
from tests import factories as f
from tests.integrations.outbox.sending import Scripted, drain
from tests.jobs.queued_orders import PLACED, create_queued_orders
from tests.oneclick.redemption.clicking import click_token
from tests.round_trips import round_trips

PAGE = (settings.BASE_DIR / "docs/operators/growth.md").read_text()
OURS = re.compile(r"\b(?:subscriptions|oneclick|integrations)_(?!pacewindow|heartbeat)[a-z]+\b")
# Equal to a value, or to that of another table.
BY_MERCHANT = re.compile(
    r'\bmerchant_id"? (= (%s|\d+|ANY|"?\w+"?\."?merchant_id\b)|IN )|subscriptions_merchant"\."id" = %s'
)


def cells_of(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    lines = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_each_table_is_on_the_page_once() -> None:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert Counter(name for row in cells_of("Tables") for name in names_in(row[0])) == Counter(tables)


@pytest.mark.django_db
def test_the_page_says_how_many_keys_lack_the_merchant() -> None:
    query = PAGE.partition("```sql\n")[2].partition("```")[0]
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    counted = Counter(kind for kind, _ in found)
    assert {name: int(row[1]) for row in cells_of("Keys") for name in names_in(row[0])} == counted, found


@pytest.mark.django_db
def test_the_page_says_how_many_statements_lack_the_merchant(noon: object, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its thread would not see the rows of this transaction.
    monkeypatch.setattr(dispatch, "_send", lambda request: PLACED)
    merchant: Merchant = f.MerchantFactory(is_test=True)
    paths = (click, remind, place, deliver, show_list)
    found = {path.__name__: statements_without_merchant(path(merchant)) for path in paths}
    promised = {name: int(row[1].split()[0]) for row in cells_of("Statements") for name in names_in(row[0])}
    assert found.keys() == promised.keys()
    assert {name: lacking for name, lacking in found.items() if len(lacking) > promised[name]} == {}


def statements_without_merchant(path: Callable[[], object]) -> list[str]:
    """Those that read or change a merchant's rows, each once."""
    with round_trips() as sent:
        path()
    return sorted({sql for sql in sent.statements if OURS.search(sql) and not has_merchant(sql)})


def has_merchant(sql: str) -> bool:
    if sql.startswith("INSERT") and "SELECT" not in sql:
        return "merchant_id" in sql
    return bool(BY_MERCHANT.search(sql))


def click(merchant: Merchant) -> Callable[[], object]:
    cancel(f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)), actor=f.STAFF)
    token = ActionToken.objects.get()
    return lambda: click_token(token)


def remind(merchant: Merchant) -> Callable[[], object]:
    f.subscription_with_order(date(2026, 11, 25), customer=f.CustomerFactory(merchant=merchant))
    run = runs.begin_run(merchant, JOBS["reminders"])
    JobRun.objects.update(lease_until=None)
    return lambda: runs.continue_run(run.pk)


def place(merchant: Merchant) -> Callable[[], object]:
    create_queued_orders(merchant)
    return lambda: dispatch.post_orders(Order.objects.filter(merchant=merchant))


def deliver(merchant: Merchant) -> Callable[[], object]:
    lane = f.ConnectionFactory(merchant=merchant)
    cancel(f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)), actor=f.STAFF)
    return lambda: drain(lane, Scripted())


def show_list(merchant: Merchant) -> Callable[[], object]:
    _, key = api_keys.create_api_key(merchant, "Test", ["read", "bulk"])
    return lambda: Client(headers={"x-api-key": key}).get("/api/orders/").json()["results"]
