"""Importing and exporting on the staff pages: upload, match, check, import, refused rows, and who may."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client

from subscriptions.importing import uploads
from subscriptions.importing.runs import continue_run
from subscriptions.models import AuditEntry, Customer, ImportPart, ImportRun, Merchant, Role
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
LIST = "/admin/subscriptions/importrun/"
UPLOAD = f"{LIST}upload/"
HEADER = "Customer ID,First name,Surname,E-mail,Shoe size"
LINES = [HEADER, "C-1,Ana,Ruiz,ana@mail.test,39", "C-2,Ben,Okoye,ben.mail.test,44", "C-3,Chi,Li,chi@mail.test,40"]


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


def a_file(content: str, name: str = "people.csv") -> BytesIO:
    file = BytesIO(content.encode())
    file.name = name
    return file


def upload(client: Client, *lines: str) -> ImportRun:
    answer = client.post(UPLOAD, {"file": a_file("\n".join(lines))})
    run = ImportRun.objects.latest("pk")
    assert answer["Location"] == f"{LIST}{run.pk}/change/"
    return run


def match(client: Client, run: ImportRun, **changes: str) -> str:
    """Press "Check the file"; the address that follows."""
    columns = {f"column_{place}": name for place, name in enumerate(run.columns)}
    answer = client.post(f"{LIST}{run.pk}/match/", {"kind": run.kind, **columns, **changes})
    return answer.get("Location", "")


def read_audit() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("sentence", flat=True))


def test_a_file_is_matched_checked_and_imported_without_its_bad_rows(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    run = upload(client, *LINES)
    page = client.get(f"{LIST}{run.pk}/change/", follow=True)
    text = visible_text(page)
    assert "people.csv" in text and "3 rows" in text and "ana@mail.test, ben.mail.test, chi@mail.test" in text
    assert "Still to choose" not in text
    assert 'value="merchant_user_id" selected' in page.content.decode()

    own = match(client, run)
    assert "0 of 3 rows checked." in visible_text(client.get(own))
    continue_run(run.pk)
    text = visible_text(client.get(own))
    assert "2 customers would be added or changed; 1 row would be left out." in text
    assert "Line 3 Email: “ben.mail.test” is not an e-mail address" in text
    assert not Customer.objects.exists()

    client.post(f"{LIST}{run.pk}/start/")
    continue_run(run.pk)
    assert "2 customers were added or changed; 1 row was left out. Download it, mend it, and" in visible_text(
        client.get(own)
    )
    assert Customer.objects.count() == 2
    assert read_audit() == ["Uploaded the file.", "Imported customers from people.csv: 3 rows."]
    listed = visible_text(client.get(LIST))
    assert "people.csv" in listed and "Imported" in listed
    run.refusals.all().delete()  # as they are after a month
    text = visible_text(client.get(own))
    assert "1 row was left out. Customers" in text and "Refused rows as CSV" not in text


def test_the_file_of_refused_rows_can_be_mended_and_imported_again(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    run = upload(client, *LINES)
    match(client, run)
    continue_run(run.pk)
    file = client.get(f"{LIST}{run.pk}/refused/").getvalue().decode()
    header, row, _ = file.split("\r\n")
    assert header == f"\ufeffProblem,Line,{HEADER}"
    assert row.endswith(",3,C-2,Ben,Okoye,ben.mail.test,44")
    again = upload(client, file)
    assert read_audit()[1:2] == ["Took the refused rows of people.csv as a file."]
    assert again.columns == ["", "", *run.columns]
    match(client, again)
    continue_run(again.pk)
    assert client.get(f"{LIST}{again.pk}/refused/").getvalue().decode().split("\r\n")[0] == header
    mended = upload(client, file.replace("ben.mail.test,44", "ben@mail.test,44"))
    match(client, mended)
    continue_run(mended.pk)
    assert "1 customer would be added or changed." in visible_text(client.get(f"{LIST}{mended.pk}/change/"))


def test_a_large_file_comes_in_parts_each_of_which_may_come_twice(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    content = "\n".join(LINES)
    key = client.post(UPLOAD, {"file": a_file(content[:40]), "number": 0, "more": 1}).json()["run"]
    for _ in range(2):
        client.post(UPLOAD, {"file": a_file(content[40:90]), "number": 1, "more": 1, "run": key})
    assert "people.csv" not in visible_text(client.get(LIST))
    client.post(UPLOAD, {"file": a_file(content[90:]), "number": 2, "run": key})
    run = ImportRun.objects.get()
    assert (run.pk, run.total, run.columns[:2]) == (key, 3, ["merchant_user_id", "first_name"])


def test_a_file_may_be_as_large_as_the_page_says_and_no_larger(
    merchant: Merchant, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST_FILE", 50)
    client = login(merchant)
    key = client.post(UPLOAD, {"file": a_file("x" * 40), "number": 0, "more": 1}).json()["run"]
    for _ in range(2):  # what comes again is no more than it was
        assert client.post(UPLOAD, {"file": a_file("x" * 10), "number": 1, "more": 1, "run": key}).status_code == 200
    answer = client.post(UPLOAD, {"file": a_file("x"), "number": 2, "more": 1, "run": key})
    assert (answer.status_code, "The file is larger than" in answer.json()["sentence"]) == (400, True)
    assert ImportPart.objects.count() == 2


@pytest.mark.parametrize(("columns", "taken"), [(300, 1), (301, 0)])
def test_a_file_with_very_many_columns_is_refused(merchant: Merchant, login: Login, columns: int, taken: int) -> None:
    file = a_file("\n".join([",".join(f"c{number}" for number in range(columns)), ",".join("1" * columns)]))
    answer = login(merchant).post(UPLOAD, {"file": file})
    assert ("more than 300 columns" in answer.content.decode(), ImportRun.objects.count()) == (not taken, taken)


def test_what_cannot_be_read_is_said_where_the_file_was_chosen(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert "Choose a file." in visible_text(client.post(UPLOAD, {}))
    text = visible_text(client.post(UPLOAD, {"file": a_file('a,b\n1,"2')}))
    assert "The file cannot be read. On line 2, this is not CSV" in text
    assert not ImportRun.objects.exists()
    answer = client.post(UPLOAD, {"file": a_file(""), "more": 1})
    assert (answer.status_code, answer.json()) == (400, {"sentence": "This file is empty; choose another one."})


def test_a_refused_file_leaves_nothing_to_the_next_one(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    key = client.post(UPLOAD, {"file": a_file("a,b\n1,"), "number": 0, "more": 1}).json()["run"]
    page = client.post(UPLOAD, {"file": a_file('"2'), "number": 1, "run": key}).content.decode()
    assert "this is not CSV" in page
    assert '<input type="hidden" name="run">' in page and '<input type="hidden" name="number">' in page
    assert not ImportPart.objects.exists()


def test_names_of_columns_become_no_formulas(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    run = upload(client, f"{HEADER},=1+1", *(f"{line},+1" for line in LINES[1:]))
    match(client, run)
    continue_run(run.pk)
    header, row, _ = client.get(f"{LIST}{run.pk}/refused/").getvalue().decode().split("\r\n")
    assert header.endswith(",Shoe size,'=1+1") and row.endswith(",44,'+1")


def test_a_missing_column_is_named_before_and_after_the_button(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    run = upload(client, *LINES)
    address = f"{LIST}{run.pk}/match/"
    assert "Still to choose: Product ID, Name, Price." in visible_text(client.get(f"{address}?kind=products"))
    assert match(client, run, column_3="") == ""
    answer = client.post(address, {"kind": "customers", "column_0": "merchant_user_id"})
    assert "Choose the column of the file that holds: First name, Last name, Email." in answer.content.decode()
    run.refresh_from_db()
    assert run.state == ImportRun.State.UPLOADED


def test_a_discarded_file_cannot_be_imported(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    run = upload(client, *LINES)
    client.post(f"{LIST}{run.pk}/discard/")
    assert "Nothing of it was imported." in visible_text(client.get(f"{LIST}{run.pk}/change/"))
    client.post(f"{LIST}{run.pk}/start/")
    run.refresh_from_db()
    assert (run.state, run.parts.count()) == (ImportRun.State.DISCARDED, 0)


@pytest.mark.parametrize(
    ("button", "state", "sentence"),
    [("stop", "importing", "Stopped the import."), ("discard", "checked", "Discarded the file.")],
)
def test_who_ended_an_import_is_written_down(
    merchant: Merchant, login: Login, button: str, state: str, sentence: str
) -> None:
    client = login(merchant)
    run = upload(client, *LINES)
    ImportRun.objects.update(state=state)
    client.post(f"{LIST}{run.pk}/{button}/")
    client.post(f"{LIST}{run.pk}/{button}/")
    assert read_audit() == ["Uploaded the file.", sentence]


def test_all_rows_are_exported_as_a_file_to_import_and_that_is_written_down(merchant: Merchant, login: Login) -> None:
    f.CustomerFactory(merchant=merchant, merchant_user_id="C-9")
    f.CustomerFactory(merchant_user_id="C-foreign")
    lines = login(merchant).get(f"{LIST}files/customers/").getvalue().decode().split("\r\n")
    assert lines[0].startswith("\ufeffmerchant_user_id,first_name,")
    assert [line.partition(",")[0] for line in lines[1:-1]] == ["C-9"]
    assert read_audit() == ["Took all customers as a file to import."]


@pytest.mark.parametrize("role", [Role.MARKETING, Role.SUPPORT, Role.READ_ONLY])
def test_only_owners_import_and_export_files(role: str, merchant: Merchant, login: Login) -> None:
    run = upload(login(merchant), *LINES)
    client = login(merchant, role)
    own = [f"{LIST}{run.pk}/{page}/" for page in ("change", "match", "start", "refused", "stop", "discard")]
    for address in (LIST, UPLOAD, f"{LIST}files/customers/", *own):
        assert client.get(address).status_code == 403
        assert client.post(address, {"file": a_file("a")}).status_code in (403, 405)


def test_the_imports_of_another_merchant_are_not_there(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    run = upload(login(f.MerchantFactory()), *LINES)
    for page in ("match", "start", "refused", "stop", "discard"):
        assert client.post(f"{LIST}{run.pk}/{page}/").status_code == 404
    assert client.post(UPLOAD, {"file": a_file("x"), "number": 1, "run": run.pk}).status_code == 404
    assert "people.csv" not in visible_text(client.get(LIST))
