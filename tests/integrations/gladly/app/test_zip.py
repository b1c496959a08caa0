"""The ZIP file for Gladly: the files of the package, always the same bytes, and nothing of ours."""

from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from django.core.management import call_command

from integrations.gladly.package import APP, build_package, package_name
from tests.integrations.gladly.app.checks import find_problems

MOST_BYTES = 5_000_000


def unpacked(folder: Path) -> set[str]:
    with ZipFile(BytesIO(build_package())) as package:
        package.extractall(folder)
        return set(package.namelist())


def test_the_file_has_the_package_without_its_tests_and_readme(tmp_path: Path) -> None:
    names = unpacked(tmp_path)
    assert len(names) == 34
    assert {"manifest.json", "actions/cancel_subscription/config.json", "ui/forms/cancelOrder/form.gtpl"} <= names
    assert not [name for name in names if "_test_" in name or name.endswith(".md")]
    assert all((tmp_path / name).read_bytes() == (APP / name).read_bytes() for name in names)
    # But for the missing datasets it keeps all rules.
    left = [found for found in find_problems(tmp_path) if "no dataset" not in found]
    assert left == ["ui/forms/skipNextOrder: the action gets [] and takes ['orderId', 'subscriptionId']"]


def test_the_file_is_small_and_always_the_same(tmp_path: Path) -> None:
    made = build_package()
    assert len(made) < MOST_BYTES
    (APP / "manifest.json").touch()
    assert build_package() == made


def test_forms_are_left_out_where_gladly_has_none(settings: Any, tmp_path: Path) -> None:
    settings.GLADLY_PACKAGE_UI_FORMS = False
    names = unpacked(tmp_path)
    assert not [name for name in names if name.startswith("ui/forms")]
    assert {"ui/admin/form.json", "ui/templates/subscriptions/flexible.card"} <= names
    assert [found for found in find_problems(tmp_path) if "no dataset" not in found] == []


def test_a_command_writes_the_file(tmp_path: Path) -> None:
    said = StringIO()
    call_command("gladly_app", str(tmp_path), stdout=said)
    assert Path(said.getvalue().strip()) == tmp_path / "example.com-reprise-1.0.0.zip"
    assert (tmp_path / package_name()).read_bytes() == build_package()
