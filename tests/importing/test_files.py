from pathlib import Path

import pytest

from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.importer import import_file
from subscriptions.importing.report import Outcome
from subscriptions.models import Address, Customer, Merchant
from tests.importing.conftest import Load

HEADER = "merchant_user_id,first_name,last_name,email"
ANA = "C-1,Ana,Ruiz,ana@mail.test"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_and_without_a_byte_order_mark(load: Load, encoding: str) -> None:
    assert not load(CUSTOMERS, HEADER, "C-1,Zoë,Ruiz,zoe@mail.test", encoding=encoding).problems
    assert Customer.objects.get().first_name == "Zoë"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_are_distinguished(load: Load, delimiter: str) -> None:
    report = load(CUSTOMERS, HEADER.replace(",", delimiter), ANA.replace(",", delimiter))
    assert report.problems == []
    assert Customer.objects.get().email == "ana@mail.test"


def test_columns_come_in_any_order_and_unknown_ones_are_noticed(load: Load) -> None:
    report = load(CUSTOMERS, "Email,shoe size,Last Name,first_name,merchant_user_id", "ana@mail.test,39,Ruiz,Ana,C-1")
    assert report.problems == []
    assert report.notices == ["Ignored columns: shoe_size."]
    assert Customer.objects.get().full_name == "Ana Ruiz"


def test_quoted_fields_keep_commas_quotes_and_line_breaks(load: Load) -> None:
    columns = f"{HEADER},shipping_address,shipping_address2,shipping_city,shipping_state_province_code"
    report = load(
        CUSTOMERS,
        f"{columns},shipping_zip_postal_code,shipping_country_code",
        f'{ANA},"1 Main St, rear","The ""Corner""',
        'Ring twice",Boise,ID,83702,us',
    )
    assert report.problems == []
    address = Address.objects.get()
    assert (address.address, address.address2) == ("1 Main St, rear", 'The "Corner"\nRing twice')
    assert (address.country_code, address.first_name) == ("US", "Ana")


def test_a_bad_row_is_named_by_the_line_its_record_begins_on(load: Load) -> None:
    report = load(
        CUSTOMERS,
        HEADER,
        'C-1,"Ana',
        'Maria",Ruiz,ana@mail.test',
        "",
        "C-2,Bo,Lind,nowhere",
        "C-3,Cy,Moss,x@@y",
    )
    assert [str(problem) for problem in report.problems] == [
        "line 5, email: “nowhere” is not an e-mail address; write it like ana@shop.com.",
        "line 6, email: “x@@y” is not an e-mail address; write it like ana@shop.com.",
    ]
    assert not Customer.objects.exists()


def test_one_bad_row_keeps_all_rows_out(load: Load) -> None:
    report = load(CUSTOMERS, HEADER, ANA, "C-2,,Lind,bo@mail.test")
    assert [str(problem) for problem in report.problems] == [
        "line 3, first_name: the cell is empty; every row needs a value here."
    ]
    assert not Customer.objects.exists()


def test_a_row_with_too_many_or_too_few_fields_is_refused(load: Load) -> None:
    report = load(CUSTOMERS, HEADER, f"{ANA},more", "C-2,Bo")
    assert [str(problem) for problem in report.problems] == [
        "line 2: the row has 5 fields and the header 4; check commas and quotes.",
        "line 3: the row has 2 fields and the header 4; check commas and quotes.",
    ]


def test_an_id_that_comes_twice_is_refused(load: Load) -> None:
    report = load(CUSTOMERS, HEADER, ANA, "C-1,Bo,Lind,bo@mail.test")
    assert [str(problem) for problem in report.problems] == [
        "line 3, merchant_user_id: “C-1” is on line 2 already; keep one of the two."
    ]


def test_a_missing_column_is_named_with_those_that_are_there(load: Load) -> None:
    report = load(CUSTOMERS, "merchant_user_id,first_name,last_name", "C-1,Ana,Ruiz")
    assert [str(problem) for problem in report.problems] == [
        "line 1, email: this column is missing; the header has: merchant_user_id, first_name, last_name."
    ]


def test_a_column_that_is_there_twice_is_refused(load: Load) -> None:
    report = load(CUSTOMERS, f"{HEADER},email", f"{ANA},other@mail.test")
    assert [str(problem) for problem in report.problems] == ["line 1, email: this column appears twice; keep one."]


def test_text_that_is_not_utf8_is_refused_with_its_line(load: Load) -> None:
    report = load(CUSTOMERS, HEADER, "C-1,Zoë,Ruiz,zoe@mail.test", encoding="latin-1")
    assert [str(problem) for problem in report.problems] == [
        "line 2: the text is not UTF-8; save the file as “CSV UTF-8” and try again."
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("bad_line", [400, 4000, 4999])
def test_the_line_that_is_no_text_is_named_in_a_large_file_too(
    merchant: Merchant, tmp_path: Path, bad_line: int, line_end: str
) -> None:
    lines = [f"C-{number},Zoë,Ruiz,zoe@mail.test".encode() for number in range(5000)]
    lines[bad_line - 1] = "Zoë".encode("latin-1")
    path = tmp_path / "rows.csv"
    path.write_bytes(line_end.encode().join([HEADER.encode(), *lines[1:]]))
    (problem,) = import_file(CUSTOMERS, path, merchant).problems
    assert (problem.line, problem.sentence[:23]) == (bad_line, "the text is not UTF-8; ")


def test_an_empty_file_is_refused(load: Load) -> None:
    assert [str(problem) for problem in load(CUSTOMERS, "").problems] == [
        "line 1: the file is empty; it needs a header row and one row for each customer."
    ]


def test_a_quote_that_never_closes_is_refused_where_it_opens(load: Load) -> None:
    report = load(CUSTOMERS, HEADER, ANA, 'C-2,"Bo,Lind,bo@mail.test')
    assert [problem.line for problem in report.problems] == [3]
    assert "check that every quote that opens also closes" in str(report.problems[0])
    assert not Customer.objects.exists()


def test_a_nul_character_is_refused(load: Load) -> None:
    report = load(CUSTOMERS, HEADER, "C-1,A\0na,Ruiz,ana@mail.test")
    assert [problem.line for problem in report.problems] == [2]


def test_a_header_without_rows_imports_nothing(load: Load) -> None:
    assert str(load(CUSTOMERS, HEADER)) == "0 created, 0 updated, 0 unchanged"


def test_a_dry_run_counts_and_writes_nothing(load: Load, merchant: Merchant) -> None:
    report = load(CUSTOMERS, HEADER, ANA, dry_run=True)
    assert report.counts == {Outcome.CREATED: 1, Outcome.UPDATED: 0, Outcome.UNCHANGED: 0}
    assert not merchant.customers.exists()
