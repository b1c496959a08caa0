"""Owners import files in a browser: from Home to the end in six clicks, and files larger than a request may be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from subscriptions.importing.runs import continue_run
from subscriptions.models import Customer, ImportRun, Merchant
from tests import factories as f
from tests.browser.conftest import record_posts
from tests.browser.staff import Staff

HEADER = "Customer ID,First name,Surname,E-mail,Notes"
LINES = [
    HEADER,
    "C-1,Ana,Ruiz,ana@mail.test,",
    "C-2,Ben,Okoye,ben.mail.test,",
    "C-3,Chi,Li,chi@mail.test,",
    "C-1,Dan,Roe,dan@mail.test,",
]


@pytest.fixture
def owner(page: Page, portal: str, merchant: Merchant) -> Iterator[Staff]:
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    yield Staff(page, portal)


def choose(owner: Staff, path: Path) -> None:
    """Choose a file: one click, on its field."""
    owner.page.get_by_label("CSV file with").set_input_files(path)
    owner.clicks += 1


def test_a_file_with_two_bad_rows_is_imported_in_six_clicks(owner: Staff, merchant: Merchant, tmp_path: Path) -> None:
    before = Customer.objects.filter(merchant=merchant).count()
    path = tmp_path / "people.csv"
    path.write_text("\n".join(LINES))
    owner.click("Import and export", "link")
    owner.click("Import a file", "link")
    choose(owner, path)
    owner.click("Upload")
    expect(owner.page.get_by_label("E-mail")).to_have_value("email")
    owner.click("Check the file")
    owner.sees("0 of 4 rows checked.")
    run = ImportRun.objects.get()
    continue_run(run.pk)
    owner.sees("2 customers would be added or changed; 2 rows would be left out.")
    owner.sees("“ben.mail.test” is not an e-mail address")
    owner.click("Import 2 customers")
    owner.sees("0 of 4 rows imported.")
    assert owner.clicks == 6
    continue_run(run.pk)
    owner.sees("2 customers were added or changed; 2 rows were left out.")
    assert Customer.objects.filter(merchant=merchant).count() == before + 2
    with owner.page.expect_download() as download:
        owner.click("Refused rows as CSV", "link")
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == f"Problem,Line,{HEADER}"
    assert [line.rpartition(",3,")[2] or line for line in lines[1:2]] == ["C-2,Ben,Okoye,ben.mail.test,"]


def test_a_file_larger_than_a_request_comes_in_parts(owner: Staff, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    rows = [f"C-{number},Ana,Ruiz,ana{number}@mail.test,{'é' * 30_000}" for number in range(80)]
    path.write_text("\n".join([HEADER, *rows]))
    owner.page.goto(f"{owner.portal}/admin/subscriptions/importrun/upload/")
    posts = record_posts(owner.page)
    choose(owner, path)
    owner.click("Upload")
    owner.sees("80 rows")
    assert len(posts) == -(-path.stat().st_size // (2 * 1024 * 1024)) == 3
    run = ImportRun.objects.get()
    content = b"".join(bytes(part.content) for part in run.parts.order_by("number"))
    assert content == path.read_bytes()


def test_a_file_that_is_no_csv_file_is_refused_beside_its_field(owner: Staff, tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\xff\xfe\xfd" * 100)
    owner.page.goto(f"{owner.portal}/admin/subscriptions/importrun/upload/")
    choose(owner, path)
    owner.click("Upload")
    expect(owner.page.get_by_role("alert")).to_contain_text("The file cannot be read.")
