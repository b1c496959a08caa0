"""Charts that the server draws as plain SVG: no script, and a table below has the same figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

Moment = date | datetime
Counts = Mapping[Any, int]
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Unit:
    """What one place of a chart is, and how its moment is written: spoken, in full, briefly, and below the chart."""

    name: str
    spoken: str
    full: str
    brief: str
    tick: str


DAY = Unit("day", spoken="F j, Y", full="D, M j, Y", brief="D, M j", tick="M j")
HOUR = Unit("hour", spoken="F j, H:i", full="D, M j, H:i", brief="D, H:i", tick="H:i")


@dataclass(frozen=True, slots=True)
class Bar:
    """`x`, `width` and `height` are per cent of the place's width and height; `series` counts from 1."""

    series: int
    x: float
    width: float
    height: float

    @property
    def y(self) -> float:
        return round(100 - self.height, 2)


@dataclass(frozen=True, slots=True)
class Place:
    """`x` is where the day or hour begins, in per cent of the chart; `title` is the tooltip."""

    moment: Moment
    x: float
    title: str
    bars: list[Bar]
    figures: list[int]


def build_daily_chart(
    first: date, last: date, bars: Mapping[str, Counts], figures: Mapping[str, Counts] | None = None
) -> dict[str, Any]:
    """`build_chart` for every day from `first` to `last`."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return build_chart(DAY, days, bars, figures)


def build_chart(
    unit: Unit, moments: Sequence[Moment], bars: Mapping[str, Counts], figures: Mapping[str, Counts] | None = None
) -> dict[str, Any]:
    """The context of `admin/parts/chart.html`: a bar for each of `bars` at each of `moments`.

    `figures` are what the table shows besides the bars. Both are counts by moment under their headings.
    `totals` has the sum of each heading over these moments, for tiles beside the chart.
    """
    headings, columns = [*bars, *(figures or {})], [*bars.values(), *(figures or {}).values()]
    rows = [[counts.get(moment, 0) for counts in columns] for moment in moments]
    series = list(bars)
    top = find_scale_end(max(number for row in rows for number in row[: len(series)]))
    totals = [sum(numbers) for numbers in zip(*rows, strict=True)]
    width = 100 / len(moments)
    step = ceil(len(moments) / MOST_TICKS)
    return {
        "unit": unit,
        "places": [
            Place(
                moment=moment,
                x=round(n * width, 4),
                title=sum_up(series, row, ", "),
                bars=draw_bars(row[: len(series)], top),
                figures=row,
            )
            for n, (moment, row) in enumerate(zip(moments, rows, strict=True))
        ],
        "width": round(width, 4),
        "headings": headings,
        "series": series,
        "summary": sum_up(series, totals, " and "),
        "totals": totals,
        "top": top,
        "middle": top // 2,
        # Counted back from the last one, because people look for that.
        "ticks": [
            (moment, round((n + 0.5) * width, 4))
            for n, moment in enumerate(moments)
            if (len(moments) - 1 - n) % step == 0
        ],
    }


@dataclass(frozen=True, slots=True)
class Point:
    """A place of a line in per cent of the chart, measured from its top left corner; `from_x` is the one before it."""

    x: float
    y: float
    from_x: float
    from_y: float
    title: str


def build_line_chart(labels: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> dict[str, Any]:
    """The context of `admin/parts/line_chart.html`: lines of per cents over `labels`; None ends a line."""
    width = 100 / len(labels)
    step = ceil(len(labels) / MOST_TICKS)
    places = [round((n + 0.5) * width, 4) for n in range(len(labels))]
    return {
        "lines": [(title, draw_line(title, labels, places, percents)) for title, percents in series.items()],
        "ticks": [(label, places[n]) for n, label in enumerate(labels) if n % step == 0],
    }


def draw_line(
    title: str, labels: Sequence[str], places: Sequence[float], percents: Sequence[float | None]
) -> list[Point]:
    points: list[Point] = []
    for label, x, percent in zip(labels, places, percents, strict=True):
        if percent is None:
            break
        y = round(100 - percent, 2)
        before = points[-1] if points else None
        from_x, from_y = (before.x, before.y) if before else (x, y)
        points.append(Point(x, y, from_x, from_y, f"{title}, {label}: {percent:.1f}%"))
    return points


def sum_up(series: list[str], numbers: list[int], joint: str) -> str:
    """`9 cancelled, 4 reactivated`; further numbers are left out."""
    return joint.join(f"{number:,} {title.lower()}" for title, number in zip(series, numbers, strict=False))


def draw_bars(numbers: list[int], top: int) -> list[Bar]:
    """The bars of one place side by side, with a tenth of its width left free on either side."""
    width = 80 / len(numbers)
    return [
        Bar(series=n + 1, x=round(10 + n * width, 2), width=round(width, 2), height=round(100 * number / top, 2))
        for n, number in enumerate(numbers)
        if number
    ]


def find_scale_end(most: int) -> int:
    """The end of a scale for numbers up to `most`; it is even, so that its middle is a whole number too."""
    ends = (step * 10**zeros for zeros in count() for step in (2, 4, 6, 8, 10))
    return next(end for end in ends if end >= max(most, 4))
