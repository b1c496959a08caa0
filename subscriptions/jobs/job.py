"""The definition of a daily job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from subscriptions import calendar
from subscriptions.errors import NotFound, Refused
from subscriptions.models import Customer, Merchant


class Days(NamedTuple):
    """The days a run works for: its own, `last`, and after an outage those before it that no finished run covered."""

    first: date
    last: date

    def each(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Job:
    """A job is due once on each of its days, at an hour of the merchant's day.

    `hour` gives that hour (0 to 23), or None for a merchant without this job. `days` are days of the month; empty
    means all. For merchants where `hourly` is true, the job is due again at each later full hour of the day. A late run
    may begin until the hour `ends` of the day, or for `lasts` after the job's moment; after that it is missed.

    `affected_customers(customers, days)` narrows the customers of one merchant to those for whom work is due.
    `perform(keys, merchant, days)` does the work for at most `at_once` of them, inside the caller's transaction, and
    returns how much it did. Running it again for the same customer does nothing.
    """

    name: str
    title: str
    hour: Callable[[Merchant], int | None]
    affected_customers: Callable[[QuerySet[Customer], Days], QuerySet[Customer]]
    perform: Callable[[Sequence[int], Merchant, Days], int]
    days: tuple[int, ...] = ()
    hourly: Callable[[Merchant], bool] | None = None
    ends: int | None = None
    lasts: timedelta = timedelta(days=1)
    at_once: int = 1

    def moment(self, merchant: Merchant, day: date) -> datetime | None:
        """When the job is due on `day` in the merchant's zone; None if it is not."""
        hour = self.hour(merchant)
        if hour is None or (self.days and day.day not in self.days):
            return None
        return calendar.local_hour(day, hour, merchant.time_zone)

    def repeats(self, merchant: Merchant, day: date) -> list[datetime]:
        """When the job is due again later on `day`, if it is hourly for this merchant."""
        moment = self.moment(merchant, day)
        if moment is None or self.hourly is None or not self.hourly(merchant):
            return []
        # An hour that the clocks skip becomes the one after it.
        hours = {calendar.local_hour(day, hour, merchant.time_zone) for hour in range(24)}
        return sorted(hour for hour in hours if hour > moment)

    def deadline(self, merchant: Merchant, day: date) -> datetime:
        """Until when the run of `day` may begin: at least an hour after its moment."""
        moment = self.moment(merchant, day)
        assert moment is not None
        if self.ends is None:
            return moment + self.lasts
        return max(calendar.local_hour(day, self.ends, merchant.time_zone), moment + timedelta(hours=1))


def try_action(action: Callable[[], object]) -> bool:
    """Run `action`; False if it is refused or its row is gone: the data changed, or another process did it first."""
    try:
        action()
    except (NotFound, Refused):
        return False
    return True
