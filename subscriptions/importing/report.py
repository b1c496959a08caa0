"""The report of an import: what it found and did."""

from dataclasses import dataclass, field
from enum import Enum


class Outcome(Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be imported. `line` is the line on which its record begins, in the file."""

    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.sentence}"


@dataclass
class Report:
    """If there is any problem, nothing is written; `notices` only inform people."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def add_problem(self, line: int, column: str, sentence: str) -> None:
        self.problems.append(Problem(line, column, sentence))

    def count(self, outcome: Outcome) -> None:
        self.counts[outcome] += 1

    def __str__(self) -> str:
        return ", ".join(f"{number:,} {outcome.value}" for outcome, number in self.counts.items())
