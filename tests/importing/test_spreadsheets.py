"""Files as spreadsheets and shop platforms write them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.importer import import_file
from subscriptions.importing.subscriptions import SUBSCRIPTIONS
from subscriptions.models import Customer, Merchant, Order, Subscription
from tests.factories import AddressFactory, CustomerFactory, PaymentFactory, ProductFactory
from tests.importing.conftest import Load

HEADER = "merchant_user_id,first_name,last_name,email"
ANA = "C-1,Ana,Ruiz,ana@mail.test"
TERMS = "external_id,merchant_user_id,external_product_id,every,every_period,start_date"
EMPTY = "line 1: the file is empty; it needs a header row and one row for each customer."
SEPARATOR = "“sep=” must name a comma, a semicolon, a tab or | as the separator."


def problems(load: Load, *lines: str, **options: str) -> list[str]:
    return [str(problem) for problem in load(CUSTOMERS, *lines, **options).problems]


@pytest.fixture
def subscriber(merchant: Merchant) -> Customer:
    made: Customer = CustomerFactory(merchant=merchant, merchant_user_id="C-1")
    AddressFactory(customer=made)
    PaymentFactory(customer=made)
    ProductFactory(merchant=merchant, external_product_id="P-1")
    return made


@pytest.mark.usefixtures("subscriber")
@time_machine.travel("2026-11-20 12:00:00+00:00", tick=False)
@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-05T02:30:00Z", date(2026, 12, 4)),
        ("2026-12-05T04:59:59Z", date(2026, 12, 4)),
        ("2026-12-05T05:00:00Z", date(2026, 12, 5)),
        ("2026-12-05T02:30:00+00:00", date(2026, 12, 4)),
        ("2026-12-05 02:30:00 +0000", date(2026, 12, 4)),
        ("2026-12-05 02:30:00 UTC", date(2026, 12, 4)),
        ("2026-12-05T23:30:00-08:00", date(2026, 12, 6)),
        ("2026-12-05T02:30:00", date(2026, 12, 5)),
        ("2026-12-05 23:59:59", date(2026, 12, 5)),
        ("2026-12-05", date(2026, 12, 5)),
    ],
)
def test_a_moment_with_an_offset_is_on_its_day_in_the_merchants_zone(load: Load, written: str, day: date) -> None:
    report = load(SUBSCRIPTIONS, f"{TERMS},next_order_date", f"S-1,C-1,P-1,1,months,2026-11-01,{written}")
    assert report.problems == []
    assert Order.objects.get().place_date == day


@pytest.mark.usefixtures("subscriber")
@time_machine.travel("2026-11-20 12:00:00+00:00", tick=False)
def test_the_other_dates_of_a_row_are_read_in_the_merchants_zone_too(load: Load) -> None:
    load(
        SUBSCRIPTIONS,
        f"{TERMS},cancelled,created",
        "S-1,C-1,P-1,1,months,2026-11-01T03:00:00Z,2026-11-10 08:00:00 -0500,2026-11-02 08:00:00 GMT",
    )
    row = Subscription.objects.get()
    assert (row.start_date, row.cancelled, row.created) == (
        date(2026, 10, 31),
        datetime(2026, 11, 10, 13, tzinfo=UTC),
        datetime(2026, 11, 2, 8, tzinfo=UTC),
    )


@pytest.mark.usefixtures("subscriber")
@pytest.mark.parametrize(
    ("column", "written", "sentence"),
    [
        ("next_order_date", "46361", "“46361” is a spreadsheet's number of a day; write it like 2026-01-31."),
        ("next_order_date", "12/05/2026", "“12/05/2026” is not a date; write it like 2026-01-31."),
        ("next_order_date", "2026-12-05Z", "“2026-12-05Z” is not a date; write it like 2026-01-31."),
        ("created", "46361.5", "“46361.5” is a spreadsheet's number of a day; write it like 2026-01-31 14:30:00."),
    ],
)
def test_a_date_that_may_be_another_is_refused_in_words(load: Load, column: str, written: str, sentence: str) -> None:
    report = load(SUBSCRIPTIONS, f"{TERMS},{column}", f"S-1,C-1,P-1,1,months,2026-11-01,{written}")
    assert [str(problem) for problem in report.problems] == [f"line 2, {column}: {sentence}"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("directive", "delimiter"),
    [("sep=;", ";"), ("SEP=,", ","), ('"sep=;"', ";"), ("sep=\t", "\t"), ("sep=|", "|"), ("sep=; ", ";")],
)
def test_a_first_line_may_name_the_separator(load: Load, directive: str, delimiter: str, encoding: str) -> None:
    lines = (line.replace(",", delimiter) for line in (HEADER, ANA))
    assert problems(load, directive, *lines, encoding=encoding) == []
    assert Customer.objects.get().full_name == "Ana Ruiz"


def test_a_named_separator_counts_whatever_the_header_holds(load: Load) -> None:
    assert (
        problems(load, "sep=;", "merchant_user_id;first_name;last_name;email;a,b,c,d,e,f", "C-1;Ana;Ruiz;a@b.test;")
        == []
    )


def test_lines_are_counted_from_the_one_that_names_the_separator(load: Load) -> None:
    assert problems(load, "sep=;", HEADER.replace(",", ";"), "C-1;Ana;Ruiz;nowhere") == [
        "line 3, email: “nowhere” is not an e-mail address; write it like ana@shop.com."
    ]
    (missing,) = problems(load, "", "sep=,", "merchant_user_id,first_name,last_name", "C-1,Ana,Ruiz")
    assert missing.startswith("line 3, email: this column is missing")


@pytest.mark.parametrize("directive", ["sep=", "sep=;;", "sep=x", "sep=:"])
def test_a_separator_that_is_none_is_refused(load: Load, directive: str) -> None:
    assert problems(load, directive, HEADER, ANA) == [f"line 1: {SEPARATOR}"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_unicode_text_of_a_spreadsheet_is_read(load: Load, encoding: str) -> None:
    lines = (line.replace(",", "\t") for line in (HEADER, "C-1,Zoë,Ruiz,zoe@mail.test"))
    assert problems(load, *lines, encoding=encoding) == []
    assert Customer.objects.get().first_name == "Zoë"


def test_half_of_a_utf16_file_is_refused(merchant: Merchant, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(f"{HEADER}\n{ANA}".encode("utf-16")[:-1])
    (problem,) = import_file(CUSTOMERS, path, merchant).problems
    assert "save the file as “CSV UTF-8” and try again" in str(problem)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(merchant: Merchant, tmp_path: Path, line_end: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(line_end.join(["sep=;", "", HEADER.replace(",", ";"), ANA.replace(",", ";")]).encode())
    assert import_file(CUSTOMERS, path, merchant).problems == []
    assert Customer.objects.get().email == "ana@mail.test"


@pytest.mark.parametrize("before", [["", ""], ["  "], [",,,"]])
def test_blank_lines_before_the_header_are_skipped(load: Load, before: list[str]) -> None:
    assert problems(load, *before, HEADER, "C-1,Ana,Ruiz,nowhere") == [
        f"line {len(before) + 2}, email: “nowhere” is not an e-mail address; write it like ana@shop.com."
    ]


def test_names_of_columns_are_read_without_odd_blanks_and_marks(load: Load) -> None:
    assert problems(load, "\ufeffmerchant user\u00a0id, First  Name ,LAST_NAME,Email", ANA) == []
    assert Customer.objects.get().merchant_user_id == "C-1"


def test_a_column_that_two_spellings_name_is_there_twice(load: Load) -> None:
    assert problems(load, "sep=,", f"{HEADER},E-MAIL,Email", f"{ANA},,") == [
        "line 2, email: this column appears twice; keep one."
    ]


def test_empty_cells_behind_a_row_do_not_count(load: Load) -> None:
    assert problems(load, HEADER, f"{ANA}, ,", ",,,,,", "C-2,Bo,Lind,bo@mail.test,x") == [
        "line 4: the row has 5 fields and the header 4; check commas and quotes."
    ]


def test_digits_that_a_spreadsheet_was_told_to_keep_are_kept(load: Load) -> None:
    assert problems(load, HEADER, '="00123",Ana,"=""Ruiz""",ana@mail.test') == []
    row = Customer.objects.get()
    assert (row.merchant_user_id, row.last_name) == ("00123", "Ruiz")


def test_an_id_that_a_spreadsheet_has_shortened_is_refused(load: Load) -> None:
    assert problems(load, HEADER, "1.23457E+11,Ana,Ruiz,ana@mail.test") == [
        "line 2, merchant_user_id: “1.23457E+11” is what a spreadsheet made of a long number; "
        "format its column as text."
    ]


@pytest.mark.parametrize("content", ["", "\n\n", "sep=;", "sep=;\n\n"])
def test_a_file_without_a_header_is_empty(load: Load, content: str) -> None:
    assert problems(load, content) == [EMPTY]
