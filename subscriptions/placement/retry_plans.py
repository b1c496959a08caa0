"""When an order that failed is tried again, and when it is given up. Days are the merchant's own."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from subscriptions.calendar import add_frequency
from subscriptions.models import RetryPlan

DAYS = {RetryPlan.CLASSIC: (3, 6), RetryPlan.OPTIMIZER: (1, 3, 6, 10, 15)}
INSTRUCTION_TIME = timedelta(hours=24)
UNKNOWN_DAYS = timedelta(days=90)


def retry_days(plan: str, manual: Sequence[int] = ()) -> Sequence[int]:
    """The days after the first decline on which `plan` tries again; `manual` are the merchant's own for that plan."""
    return manual if plan == RetryPlan.MANUAL else DAYS.get(RetryPlan(plan), ())


def next_retry_day(days: Sequence[int], declined_on: date, declines: int, today: date) -> date | None:
    """The day of the next try after the `declines`-th decline, the first of which was on `declined_on`.

    A try that came late moves those after it only as far as it must: never to today. None: that was the last one.
    """
    if declines > len(days):
        return None
    return max(declined_on + timedelta(days[declines - 1]), today + timedelta(1))


def waits_for_instruction(plan: str) -> bool:
    """Whether somebody outside says what becomes of a declined order."""
    return plan == RetryPlan.EXTERNAL


def instruction_deadline(declined_at: datetime) -> datetime:
    """Until when the instruction for an order declined at that moment is waited for."""
    return declined_at + INSTRUCTION_TIME


def gives_up_after_errors(generic_error_count: int, limit: int) -> bool:
    """Whether so many temporary errors, the present one among them, have used up `limit` further tries."""
    return generic_error_count > limit


def gives_up_after_unknown(first_tried: date, frequencies: Iterable[tuple[int, int]], today: date) -> bool:
    """Whether an order of unknown outcome has been tried for 90 days, or for one frequency of a subscription in it.

    `frequencies` are pairs of `every` and `every_period`; the shortest counts.
    """
    ends = [first_tried + UNKNOWN_DAYS, *(add_frequency(first_tried, *frequency) for frequency in frequencies)]
    return today >= min(ends)
