"""How much the tests try: usually a sample that has each kind of case.

REPRISE_TESTS=all, as continuous integration has it, tries each case; REPRISE_TESTS=full also makes everything large.
"""

import os
import random
from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")
TRIED = os.environ.get("REPRISE_TESTS", "")


def scaled(usual: int, full: int) -> int:
    return full if TRIED == "full" else usual


def draw(cases: Sequence[T], one_in: int) -> list[T]:
    """One in so many of `cases`, by the seed of the run, in their order."""
    if TRIED:
        return list(cases)
    drawn = sorted(random.sample(range(len(cases)), -(-len(cases) // one_in)))
    return [cases[place] for place in drawn]


def is_drawn(name: str, one_in: int, seed: int) -> bool:
    """Whether the case of a test that is marked `sampled(one_in)` is tried in the run with this seed."""
    return bool(TRIED) or crc32(f"{seed} {name}".encode(errors="surrogatepass")) % one_in == 0
