"""The app package for Gladly's App Platform, as a ZIP file. It is the same for every merchant."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from django.conf import settings

APP = Path(__file__).parent / "app"
UI_FORMS = Path("ui/forms")


def package_name() -> str:
    """The name that Gladly's own tool would give the file: `{author}-{appName}-{version}.zip`."""
    manifest = json.loads((APP / "manifest.json").read_text())
    return f"{manifest['author']}-{manifest['appName']}-{manifest['version']}.zip"


def package_files() -> list[Path]:
    """The files that Gladly gets, relative to `APP`: neither the tests of the templates nor our README."""
    files = sorted(path.relative_to(APP) for path in APP.rglob("*") if path.is_file())
    return [path for path in files if "_test_" not in path.parts and path.suffix != ".md" and _is_wanted(path)]


def build_package() -> bytes:
    """Always the same bytes for the same files: no times, no compression."""
    content = BytesIO()
    with ZipFile(content, "w") as package:
        for path in package_files():
            package.writestr(ZipInfo(path.as_posix()), (APP / path).read_bytes())
    return content.getvalue()


def _is_wanted(path: Path) -> bool:
    return settings.GLADLY_PACKAGE_UI_FORMS or not path.is_relative_to(UI_FORMS)
