"""When placement tries a failed order again, and when it gives up. Days are days in the merchant's time zone."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from subscriptions.calendar import add_frequency
from subscriptions.models import RetryPlan

DAYS = {RetryPlan.CLASSIC: (3, 6), RetryPlan.OPTIMIZER: (1, 3, 6, 10, 15)}
INSTRUCTION_TIME = timedelta(hours=24)
LONGEST_UNKNOWN = timedelta(days=90)


def retry_days(plan: str, manual: Sequence[int] = ()) -> Sequence[int]:
    """The days after the first decline on which `plan` tries again; the merchant sets those of a `manual` plan."""
    return manual if plan == RetryPlan.MANUAL else DAYS.get(RetryPlan(plan), ())


def next_retry_day(days: Sequence[int], declined_on: date, declines: int, today: date) -> date | None:
    """The day of the next try after `declines` declines, the first of which was on `declined_on`.

    After a late try, the next one keeps its day if that is still to come; otherwise it is tomorrow. None once all tries
    are used up.
    """
    if declines > len(days):
        return None
    return max(declined_on + timedelta(days[declines - 1]), today + timedelta(1))


def waits_for_instruction(plan: str) -> bool:
    """Whether an external system decides what happens to a declined order."""
    return plan == RetryPlan.EXTERNAL


def instruction_deadline(declined_at: datetime) -> datetime:
    """When an order declined at `declined_at` is rejected if no instruction comes."""
    return declined_at + INSTRUCTION_TIME


def gives_up_after_errors(generic_error_count: int, limit: int) -> bool:
    """Whether this many temporary errors, the latest included, have used up `limit` further tries."""
    return generic_error_count > limit


def gives_up_after_unknown(first_tried: date, frequencies: Iterable[tuple[int, int]], today: date) -> bool:
    """Whether an order of unknown outcome has been tried for 90 days, or for the shortest frequency if that is less.

    `frequencies` are the pairs of `every` and `every_period` of the subscriptions in it.
    """
    limits = [first_tried + LONGEST_UNKNOWN, *(add_frequency(first_tried, *frequency) for frequency in frequencies)]
    return today >= min(limits)
