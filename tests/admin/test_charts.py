"""The chart of days that staff pages share: every day has its place, the scale its end, the table all figures."""

from datetime import date

import pytest

from subscriptions.staff.charts import build_daily_chart, find_scale_end

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def test_every_day_has_its_bars_and_its_row_in_the_table() -> None:
    chart = build_daily_chart(FIRST, LAST, {"Opened": {FIRST: 3, LAST: 1}, "Acted": {LAST: 4}}, {"Refused": {LAST: 2}})
    days = chart["places"]
    assert [day.moment for day in days] == [date(2026, 11, n) for n in range(1, 31)]
    assert chart["headings"] == ["Opened", "Acted", "Refused"] and chart["series"] == ["Opened", "Acted"]
    assert [day.figures for day in days if any(day.figures)] == [[3, 0, 0], [1, 4, 2]]
    assert [(bar.series, bar.height, bar.y) for bar in days[0].bars] == [(1, 75, 25)]
    assert [(bar.series, bar.x, bar.width) for bar in days[-1].bars] == [(1, 10, 40), (2, 50, 40)]
    assert days[1].bars == []


def test_the_figures_are_summed_up_in_words() -> None:
    chart = build_daily_chart(
        FIRST, LAST, {"Opened": {FIRST: 1200, LAST: 1}, "Acted": {LAST: 4}}, {"Refused": {LAST: 2}}
    )
    assert chart["summary"] == "1,201 opened and 4 acted"
    assert chart["places"][-1].title == "1 opened, 4 acted"


@pytest.mark.parametrize(
    ("most", "end"), [(0, 4), (1, 4), (4, 4), (5, 6), (9, 10), (10, 10), (11, 20), (41, 60), (100, 100), (801, 1000)]
)
def test_the_scale_ends_at_an_even_number_above_every_bar(most: int, end: int) -> None:
    assert find_scale_end(most) == end


@pytest.mark.parametrize("last", [FIRST, date(2026, 11, 2), date(2026, 11, 7), LAST, date(2027, 12, 6)])
def test_at_most_seven_days_are_named_and_the_last_is_one(last: date) -> None:
    ticks = build_daily_chart(FIRST, last, {"Opened": {}})["ticks"]
    assert 1 <= len(ticks) <= 7
    assert ticks[-1][0] == last
