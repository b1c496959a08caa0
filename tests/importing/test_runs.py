"""Imports in the browser: two bad rows do not stop the others, whatever dies on the way nothing is there twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from common.work import turn
from subscriptions.errors import Busy, DomainError
from subscriptions.importing import run_chunks, runs
from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.table import Table
from subscriptions.importing.tables import TABLES
from subscriptions.importing.uploads import add_part, begin_upload, finish_upload
from subscriptions.models import Customer, ImportPart, ImportRun, Merchant, Subscription
from tests.factories import STAFF, CustomerFactory, MerchantFactory, subscription_with_order
from tests.rows import read_all_rows

HEADER = "Customer ID,First name,Surname,E-mail,Shoe size"
GOOD = ["C-1,Ana,Ruiz,ana@mail.test,39", "C-2,Ben,Okoye,ben@mail.test,44", "C-3,Chi,Li,chi@mail.test,40"]
BAD = ["C-4,Dan,Roe,dan.mail.test,41", "C-1,Eva,Moss,eva@mail.test,4111 1111 1111 1111"]
State = ImportRun.State
Upload = Callable[..., ImportRun]


@pytest.fixture
def upload(merchant: Merchant) -> Upload:
    """Upload a file of these lines, in parts of `part` bytes."""

    def run(*lines: str, part: int = 50, encoding: str = "utf-8") -> ImportRun:
        content = "\n".join(lines).encode(encoding)
        made = begin_upload(merchant, "people.csv", STAFF)
        for number, start in enumerate(range(0, len(content), part)):
            add_part(made, number, content[start : start + part])
        finish_upload(made)
        return reread(made)

    return run


def reread(run: ImportRun) -> ImportRun:
    run.refresh_from_db()
    return run


def check(run: ImportRun) -> ImportRun:
    runs.start_check(run, run.kind, run.columns)
    runs.continue_run(run.pk)
    return reread(run)


def import_rows(run: ImportRun) -> ImportRun:
    runs.start_import(check(run))
    runs.continue_run(run.pk)
    return reread(run)


def counts(run: ImportRun) -> tuple[int, ...]:
    """New, changed, unchanged and refused rows."""
    return (run.created_rows, run.updated_rows, run.unchanged_rows, run.refused_rows)


def refusals(run: ImportRun) -> list[tuple[int, list[str], str]]:
    return list(run.refusals.order_by("line").values_list("line", "cells", "reason"))


def test_what_a_file_holds_is_guessed_by_its_header(upload: Upload) -> None:
    run = upload(HEADER, *GOOD)
    assert (run.state, run.kind, run.total) == (State.UPLOADED, "customers", 3)
    assert run.columns == ["merchant_user_id", "first_name", "last_name", "email", ""]


def test_columns_are_matched_as_in_the_last_file_with_this_header(upload: Upload) -> None:
    lines = ["a,b,c,d", "C-1,Ana,Ruiz,ana@mail.test"]
    chosen = ["merchant_user_id", "first_name", "last_name", "email"]
    first, _ = upload(*lines), upload(*lines)
    runs.start_check(first, "customers", chosen)
    again, refused_rows, other = upload(*lines), upload("Problem,Line,a,b,c,d", ",2,C-1,"), upload("a,b,c", "1,2,3")
    assert (again.kind, again.columns) == ("customers", chosen)
    assert (refused_rows.kind, refused_rows.columns) == ("customers", ["", "", *chosen])
    assert other.columns == ["", "", ""]
    runs.start_check(refused_rows, "customers", ["", "", *chosen])
    assert upload(*lines).columns == chosen


def test_another_merchants_choice_is_not_taken(upload: Upload) -> None:
    other = ImportRun(merchant=MerchantFactory(), file_name="a.csv", actor=STAFF.as_json(), state=State.DONE)
    other.header, other.columns = ["a", "b"], ["email", ""]
    other.save()
    assert upload("a,b", "1,2").columns == ["", ""]


def test_a_check_counts_and_keeps_nothing(upload: Upload) -> None:
    CustomerFactory(merchant=Merchant.objects.get(), merchant_user_id="C-2", first_name="Other")
    run = upload(HEADER, *GOOD, *BAD)
    before = read_all_rows()["Customer"]
    assert (check(run).state, counts(run)) == (State.CHECKED, (2, 1, 0, 2))
    assert read_all_rows()["Customer"] == before


def test_two_bad_rows_do_not_stop_the_others_and_say_why(upload: Upload) -> None:
    run = import_rows(upload(HEADER, GOOD[0], BAD[0], GOOD[1], BAD[1], GOOD[2]))
    assert (run.state, counts(run)) == (State.DONE, (3, 0, 0, 2))
    assert list(Customer.objects.order_by("pk").values_list("merchant_user_id", "email")) == [
        ("C-1", "ana@mail.test"),
        ("C-2", "ben@mail.test"),
        ("C-3", "chi@mail.test"),
    ]
    assert refusals(run) == [
        (
            3,
            ["C-4", "Dan", "Roe", "dan.mail.test", "41"],
            "Email: “dan.mail.test” is not an e-mail address; write it like ana@shop.com.",
        ),
        # The card number in a column that is not imported is not kept either.
        (
            5,
            ["C-1", "Eva", "Moss", "eva@mail.test", "…"],
            "Customer ID: “C-1” is on line 2 already; keep one of the two.",
        ),
    ]
    assert not ImportPart.objects.exists()


def test_the_same_file_again_makes_no_doubles(upload: Upload) -> None:
    import_rows(upload(HEADER, *GOOD))
    before = read_all_rows()["Customer"]
    assert counts(import_rows(upload(HEADER, *GOOD))) == (0, 0, 3, 0)
    assert read_all_rows()["Customer"] == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_spreadsheets_arrive_whole_in_parts(upload: Upload, encoding: str) -> None:
    lines = [
        "sep=;",
        "Customer ID;First name;Surname;E-mail",
        'C-1;"Zoë\nAnn";Ruiz;zoe@mail.test',
        ";;;",
        "",
        "C-2;Ben;Okoye;nowhere",
    ]
    run = import_rows(upload(*lines, part=7, encoding=encoding))
    assert (run.total, counts(run), [line for line, *_ in refusals(run)]) == (2, (1, 0, 0, 1), [7])
    assert Customer.objects.get().first_name == "Zoë\nAnn"


def test_rows_that_only_the_stored_ones_refuse_are_skipped_too(upload: Upload, merchant: Merchant) -> None:
    subscription = subscription_with_order(customer=CustomerFactory(merchant=merchant))
    ids = f"{subscription.customer.merchant_user_id},{subscription.product.external_product_id}"
    start = timezone.now().date()
    run = import_rows(
        upload(
            "id,customer id,product id,every,unit,started,quantity",
            f"S-1,{ids},1,month,{start},1",
            f"S-2,C-nobody,{ids.split(',')[1]},1,month,{start},1",
            f"S-3,{ids},1,month,{start},999999",
            f"S-4,{ids},2,weeks,{start},3",
        )
    )
    assert (run.kind, counts(run)) == ("subscriptions", (2, 0, 0, 2))
    assert [line for line, *_ in refusals(run)] == [3, 4]
    found = Subscription.objects.exclude(external_id=None).order_by("external_id")
    assert [(each.external_id, each.quantity) for each in found] == [("S-1", 1), ("S-4", 3)]


def test_keys_are_compared_across_chunks_and_turns(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_chunks, "CHUNK", 2)
    run = upload(HEADER, *GOOD, *BAD)
    check(run)
    runs.start_import(run)
    monkeypatch.setattr(turn, "TURN_SECONDS", -1.0)
    for cursor in (2, 4, 5):
        runs.continue_run(run.pk)
        assert reread(run).cursor == cursor
    assert run.state == State.IMPORTING
    runs.continue_run(run.pk)
    assert (reread(run).state, counts(run)) == (State.DONE, (3, 0, 0, 2))
    assert refusals(run)[1][2].endswith("is on line 2 already; keep one of the two.")


def break_save(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the save of customer C-2 fail."""

    def save(merchant: Merchant, rows: Any, report: Any, progress: Any) -> None:
        CUSTOMERS.save(merchant, rows, report, progress)
        if any(row.values["merchant_user_id"] == "C-2" for row in rows):
            raise error

    monkeypatch.setitem(TABLES, "customers", Table(CUSTOMERS.noun, CUSTOMERS.key, CUSTOMERS.columns, save))


def test_a_row_with_an_unforeseen_error_does_not_take_the_others_along(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_save(monkeypatch, RuntimeError("unforeseen"))
    run = import_rows(upload(HEADER, *GOOD))
    assert counts(run) == (2, 0, 0, 1)
    assert set(Customer.objects.values_list("merchant_user_id", flat=True)) == {"C-1", "C-3"}
    assert "fault" in refusals(run)[0][2]


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_worker_died_goes_on_behind_what_was_committed(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_chunks, "CHUNK", 1)
    run = upload(HEADER, *GOOD)
    check(run)
    runs.start_import(run)
    with monkeypatch.context() as patch:
        break_save(patch, OperationalError("the database went away"))
        for _ in range(runs.TRIES):
            with pytest.raises(OperationalError):
                runs.continue_run(run.pk)
            assert (reread(run).cursor, counts(run)) == (1, (1, 0, 0, 0))
            ImportRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    runs.continue_run(run.pk)
    assert (reread(run).state, counts(run)) == (State.DONE, (3, 0, 0, 0))


@pytest.mark.django_db(transaction=True)
def test_a_run_that_keeps_failing_ends(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    run = upload(HEADER, *GOOD)
    runs.start_check(run, run.kind, run.columns)
    break_save(monkeypatch, OperationalError("the database went away"))
    for _ in range(runs.TRIES + 1):
        with pytest.raises(OperationalError):
            runs.continue_run(run.pk)
        ImportRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    runs.continue_run(run.pk)
    assert (reread(run).state, run.parts.count(), run.examples) == (State.FAILED, 0, [])


def test_a_run_waits_while_another_write_holds_its_merchant(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    run = upload(HEADER, *GOOD)
    runs.start_check(run, run.kind, run.columns)
    with monkeypatch.context() as patch:
        break_save(patch, Busy())
        runs.continue_run(run.pk)
    assert (reread(run).state, run.cursor, run.attempts, run.lease_token) == (State.CHECKING, 0, 0, None)
    assert run.lease_until and run.lease_until > timezone.now()
    ImportRun.objects.update(lease_until=None)
    runs.continue_run(run.pk)
    assert (reread(run).state, counts(run)) == (State.CHECKED, (3, 0, 0, 0))


def test_a_stopped_run_keeps_what_it_has_imported(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_chunks, "CHUNK", 1)
    monkeypatch.setattr(turn, "TURN_SECONDS", -1.0)
    run = upload(HEADER, *GOOD)
    ImportRun.objects.filter(pk=run.pk).update(state=State.CHECKED)
    runs.start_import(run)
    runs.continue_run(run.pk)
    runs.stop_import(run)
    runs.continue_run(run.pk)
    assert (reread(run).state, counts(run), Customer.objects.count()) == (State.STOPPED, (1, 0, 0, 0), 1)
    with pytest.raises(DomainError):
        runs.start_import(run)


def test_a_discarded_file_is_deleted(upload: Upload) -> None:
    run = check(upload(HEADER, *GOOD, *BAD))
    runs.discard_file(run)
    assert (reread(run).state, run.examples, run.parts.count()) == (State.DISCARDED, [], 0)
    with pytest.raises(DomainError):
        runs.discard_file(run)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([HEADER], "It needs a first row with the names of its columns, and rows below it."),
        ([HEADER, 'C-1,"Ana,Ruiz'], "On line 2, this is not CSV (unexpected end of data)"),
        (["\0"], "On line 1, there is a NUL character"),
    ],
)
def test_what_is_no_csv_file_is_refused_at_once(upload: Upload, lines: list[str], sentence: str) -> None:
    with pytest.raises(DomainError, match="The file cannot be read") as caught:
        upload(*lines)
    assert sentence in caught.value.sentence


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["merchant_user_id", "first_name", "", "email", ""], "Choose the column of the file that holds: Last name."),
        (
            ["merchant_user_id", "first_name", "last_name", "email", "email"],
            "Two columns are to hold “Email”; choose one.",
        ),
    ],
)
def test_columns_must_be_matched_before_the_check(upload: Upload, columns: list[str], sentence: str) -> None:
    run = upload(HEADER, *GOOD)
    with pytest.raises(DomainError) as caught:
        runs.start_check(run, "customers", columns)
    assert (caught.value.sentence, reread(run).state) == (sentence, State.UPLOADED)
