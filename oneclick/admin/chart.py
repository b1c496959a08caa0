"""A chart of days as plain SVG: no script draws it, and the table behind it says the same."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from oneclick.analytics.figures import Figures

HEIGHT = 100
DAY = 10  # the width of a day, of which its two bars leave a fifth free
BAR = 4


@dataclass(frozen=True, slots=True)
class Bar:
    kind: str
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    figures: Figures
    bars: list[Bar]


def chart(by_day: dict[date, Figures], first: date, last: date) -> dict[str, Any]:
    """The context of its template; every day from `first` to `last` has a place."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = [by_day.get(day, Figures()) for day in days]
    top = scale(max(max(figures.opened, figures.acted) for figures in found))
    drawn = [Day(day, figures, bars(figures, n, top)) for n, (day, figures) in enumerate(zip(days, found, strict=True))]
    return {
        "days": drawn,
        "width": DAY * len(days),
        "height": HEIGHT,
        "bar": BAR,
        "top": top,
        "middle": days[len(days) // 2] if len(days) > 2 else None,
    }


def bars(figures: Figures, place: int, top: int) -> list[Bar]:
    numbers = {"opened": figures.opened, "acted": figures.acted}
    heights = [(kind, HEIGHT * number / top) for kind, number in numbers.items()]
    return [
        Bar(kind, DAY * place + 1 + BAR * n, round(HEIGHT - height, 2), round(height, 2))
        for n, (kind, height) in enumerate(heights)
        if height
    ]


def scale(most: int) -> int:
    """The next of 4, 5, 10, 20, 50, 100 and so on."""
    steps = (step * 10**zeros for zeros in count() for step in (1, 2, 5))
    return 4 if most <= 4 else next(step for step in steps if step >= most)
