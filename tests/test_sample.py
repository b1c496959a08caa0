"""What a run leaves out of the widest tests, another run tries."""

import random

import pytest

from tests import scale

CASES = [f"case {number}" for number in range(90)]


@pytest.fixture(params=["", "all", "full"])
def tried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(scale, "TRIED", request.param)
    found: str = request.param
    return found


def marked_cases(seed: int) -> list[str]:
    return [case for case in CASES if scale.is_drawn(case, 3, seed)]


def test_a_run_tries_a_third_unless_all_is_asked_for(tried: str) -> None:
    assert (len(marked_cases(1)) == 90) is bool(tried)
    assert 15 < len(marked_cases(1)) < 45 or tried
    assert scale.draw(CASES, one_in=3) == CASES if tried else len(scale.draw(CASES, one_in=3)) == 30


def test_a_seed_draws_the_same_and_another_draws_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "TRIED", "")
    assert marked_cases(1) == marked_cases(1) != marked_cases(2)
    assert set(CASES) == {case for seed in range(40) for case in marked_cases(seed)}


def test_what_is_drawn_keeps_its_order_and_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "TRIED", "")
    random.seed(7)
    first = scale.draw(CASES, one_in=3)
    assert first == sorted(first, key=CASES.index) != scale.draw(CASES, one_in=3)
    assert scale.draw(["one"], one_in=3) == ["one"]
