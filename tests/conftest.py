import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The folder of interface descriptions that tests marked `contract` are held against."""
    folder = Path(os.environ.get("REPRISE_CONTRACTS", "../shared/contracts"))
    if not folder.is_dir():
        reason = f"no interface descriptions in {folder}; set REPRISE_CONTRACTS"
        if os.environ.get("REPRISE_CONTRACTS_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
