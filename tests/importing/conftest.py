from collections.abc import Callable
from pathlib import Path

import pytest

from subscriptions.importing.importer import import_file
from subscriptions.importing.report import Report
from subscriptions.importing.table import Table
from subscriptions.models import Merchant
from tests.factories import MerchantFactory

Load = Callable[..., Report]


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = MerchantFactory()
    return made


@pytest.fixture
def load(merchant: Merchant, tmp_path: Path) -> Load:
    """Import a table from text: one string for each line."""

    def run(table: Table, *lines: str, dry_run: bool = False, encoding: str = "utf-8") -> Report:
        path = tmp_path / "rows.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return import_file(table, path, merchant, dry_run=dry_run)

    return run
