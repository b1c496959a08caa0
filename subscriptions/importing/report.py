"""The report of an import: what it found and did."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

MOST_SHOWN = 10


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


@dataclass(frozen=True, slots=True)
class Remark:
    """What people should know of rows that are imported all the same: what it is, where, and what to do."""

    what: str
    lines: Sequence[int] = ()
    advice: str = ""

    def __str__(self) -> str:
        if not self.lines:
            return self.what
        shown = ", ".join(map(str, self.lines[:MOST_SHOWN])) + (", …" if len(self.lines) > MOST_SHOWN else "")
        return f"{self.what}: {len(self.lines):,}, on lines {shown}. {self.advice}"


@dataclass
class Report:
    """What an import found: rows with `problems` cannot be imported, `remarks` only inform people."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def add_problem(self, line: int, column: str, sentence: str) -> None:
        self.problems.append(Problem(line, column, sentence))

    def add_remark(self, what: str, lines: Sequence[int] = (), advice: str = "") -> None:
        self.remarks.append(Remark(what, lines, advice))

    def add_outcome(self, other: "Report") -> None:
        """Count what `other` counts, and remark what it remarks."""
        for outcome, number in other.counts.items():
            self.counts[outcome] += number
        self.remarks += other.remarks

    @property
    def notices(self) -> list[str]:
        return [str(remark) for remark in self.remarks]

    def count(self, outcome: Outcome) -> None:
        self.counts[outcome] += 1

    def __str__(self) -> str:
        return ", ".join(f"{number:,} {outcome.value}" for outcome, number in self.counts.items())
