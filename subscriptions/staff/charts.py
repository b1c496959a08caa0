"""A chart of days, drawn by the server as plain SVG: it needs no script, and a table beside it says the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from math import ceil
from typing import Any

Counts = Mapping[date, int]
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """`x`, `width` and `height` are per cent of the day's place; `series` counts from 1."""

    series: int
    x: float
    width: float
    height: float

    @property
    def y(self) -> float:
        return round(100 - self.height, 2)


@dataclass(frozen=True, slots=True)
class Day:
    """`x` is where the day's place begins, in per cent of the chart; `title` is what the pointer shows."""

    day: date
    x: float
    title: str
    bars: list[Bar]
    figures: list[int]


def build_daily_chart(
    first: date, last: date, bars: Mapping[str, Counts], figures: Mapping[str, Counts] | None = None
) -> dict[str, Any]:
    """The context of `admin/parts/chart.html`: a bar for each of `bars` on every day from `first` to `last`.

    `figures` are what the table shows besides the bars. Both are counts by day under their headings.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    columns = {**bars, **(figures or {})}
    top = round_up(max(counts.get(day, 0) for counts in bars.values() for day in days))
    totals = {title: sum(counts.get(day, 0) for day in days) for title, counts in bars.items()}
    step = ceil(len(days) / MOST_TICKS)
    width = 100 / len(days)
    return {
        "days": [
            Day(
                day=day,
                x=round(n * width, 4),
                title=sum_up({title: counts.get(day, 0) for title, counts in bars.items()}, ", "),
                bars=draw_bars([counts.get(day, 0) for counts in bars.values()], top),
                figures=[counts.get(day, 0) for counts in columns.values()],
            )
            for n, day in enumerate(days)
        ],
        "width": round(width, 4),
        "headings": list(columns),
        "series": list(bars),
        "summary": sum_up(totals, " and "),
        "top": top,
        "middle": top // 2,
        # Ticks are counted from the last day back, which is the one people look for.
        "ticks": [(day, round((n + 0.5) * width, 4)) for n, day in enumerate(days) if (len(days) - 1 - n) % step == 0],
    }


def sum_up(counts: Mapping[str, int], joint: str) -> str:
    """`9 cancelled, 4 reactivated`."""
    return joint.join(f"{number:,} {title.lower()}" for title, number in counts.items())


def draw_bars(numbers: list[int], top: int) -> list[Bar]:
    """The bars of one day, side by side, with a tenth of its place left free on either side."""
    width = 80 / len(numbers)
    return [
        Bar(series=n + 1, x=round(10 + n * width, 2), width=round(width, 2), height=round(100 * number / top, 2))
        for n, number in enumerate(numbers)
        if number
    ]


def round_up(most: int) -> int:
    """The end of the scale: an even number, so that its middle is one that can be counted."""
    ends = (step * 10**zeros for zeros in count() for step in (2, 4, 6, 8, 10))
    return next(end for end in ends if end >= max(most, 4))
