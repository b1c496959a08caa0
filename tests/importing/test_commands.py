from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.importer import import_file
from subscriptions.importing.products import PRODUCTS
from subscriptions.importing.report import Outcome
from subscriptions.importing.subscriptions import SUBSCRIPTIONS
from subscriptions.importing.table import Table
from subscriptions.models import Customer, Item, Merchant, Subscription
from tests.factories import MerchantFactory

SAMPLES: Path = settings.BASE_DIR / "samples"
TABLES = {"products": PRODUCTS, "customers": CUSTOMERS, "subscriptions": SUBSCRIPTIONS}
HEADER = "merchant_user_id,first_name,last_name,email"


def call(noun: str, path: Path, merchant: str, *flags: str) -> str:
    out = StringIO()
    call_command(f"import_{noun}", str(path), f"--merchant={merchant}", *flags, stdout=out)
    return out.getvalue().strip()


def test_the_samples_come_in_and_a_second_time_change_nothing(merchant: Merchant) -> None:
    sizes = {"products": 40, "customers": 300, "subscriptions": 384}
    for noun, size in sizes.items():
        path = SAMPLES / f"{noun}.csv"
        assert call(noun, path, merchant.public_id.hex, "--dry-run") == (
            f"Dry run, nothing was written. Would have imported {noun}: {size} created, 0 updated, 0 unchanged."
        )
        assert call(noun, path, merchant.name) == f"Imported {noun}: {size} created, 0 updated, 0 unchanged."
        assert call(noun, path, merchant.name) == f"Imported {noun}: 0 created, 0 updated, {size} unchanged."
    live = merchant.subscriptions.filter(cancelled=None).count()
    assert Item.objects.filter(upcoming=True).count() == live > 250
    assert merchant.orders.count() < live


@pytest.mark.parametrize("again", [False, True])
def test_the_number_of_queries_does_not_grow_with_the_rows(merchant: Merchant, tmp_path: Path, again: bool) -> None:
    for noun, table in TABLES.items():
        lines = (SAMPLES / f"{noun}.csv").read_text().splitlines()
        few = tmp_path / f"{noun}.csv"
        # The first records hold no line breaks.
        few.write_text("\n".join(lines[: 41 if noun == "products" else 4]))
        other = MerchantFactory()
        counts = []
        for owner, path in ((other, few), (merchant, SAMPLES / f"{noun}.csv")):
            _prepare(owner, noun, table if again else None)
            with CaptureQueriesContext(connection) as queries:
                assert not import_file(table, path, owner).problems
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 20, noun


def test_changed_subscriptions_take_no_more_queries_when_there_are_more_of_them(
    merchant: Merchant, tmp_path: Path
) -> None:
    whole = (SAMPLES / "subscriptions.csv").read_text().splitlines()
    for owner in (merchant, other := MerchantFactory()):
        _prepare(owner, "subscriptions", SUBSCRIPTIONS)
        Subscription.objects.filter(merchant=owner, prepaid_orders_per_billing=None).update(quantity=77)
    few = tmp_path / "few.csv"
    few.write_text("\n".join(whole[:12]))
    counts = []
    for owner, path in ((other, few), (merchant, SAMPLES / "subscriptions.csv")):
        with CaptureQueriesContext(connection) as queries:
            assert import_file(SUBSCRIPTIONS, path, owner).counts[Outcome.UPDATED] > 5
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25


def _prepare(owner: Merchant, noun: str, itself: Table | None) -> None:
    before = list(TABLES)[: list(TABLES).index(noun)]
    for name in before:
        import_file(TABLES[name], SAMPLES / f"{name}.csv", owner)
    if itself:
        import_file(itself, SAMPLES / f"{noun}.csv", owner)


def test_bad_rows_end_the_command_and_are_all_listed(
    merchant: Merchant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("\n".join([HEADER, *(f"C-{n},Ana,Ruiz,nowhere" for n in range(120))]))
    with pytest.raises(CommandError, match=r"^Problems: 120, on lines: 120\. Nothing was imported\.$") as error:
        call("customers", path, merchant.name)
    assert error.value.returncode == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("line 2, email:")
    assert (len(lines), lines[-1]) == (101, "… and 20 more.")
    assert not Customer.objects.exists()


def test_a_missing_file_and_an_unknown_merchant_are_reported(merchant: Merchant, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        call("customers", tmp_path / "none.csv", merchant.name)
    with pytest.raises(CommandError, match=f"There is no merchant “Nobody”.*{merchant.public_id.hex}"):
        call("customers", SAMPLES / "customers.csv", "Nobody")


def test_a_name_of_two_merchants_asks_for_the_public_id(merchant: Merchant) -> None:
    MerchantFactory(name=merchant.name)
    with pytest.raises(CommandError, match="There is more than one merchant"):
        call("customers", SAMPLES / "customers.csv", merchant.name)
    assert not Subscription.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_second_simultaneous_import_gives_up_with_a_message() -> None:
    merchant = MerchantFactory()
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM subscriptions_merchant WHERE id = %s FOR NO KEY UPDATE", [merchant.pk])
        with pytest.raises(CommandError, match=r"Another import or change is under way; try again"):
            call("products", SAMPLES / "products.csv", merchant.name)
    finally:
        other.close()
    assert call("products", SAMPLES / "products.csv", merchant.name).startswith("Imported products: 40 created")
