"""How much a test tries: usually a sample that has each kind of case, with REPRISE_TESTS=full all of it."""

import os


def scaled(usual: int, full: int) -> int:
    return full if os.environ.get("REPRISE_TESTS") == "full" else usual
