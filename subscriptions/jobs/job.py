"""What a daily job is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from subscriptions import calendar
from subscriptions.errors import Refused
from subscriptions.models import Customer, Merchant


@dataclass(frozen=True, slots=True)
class Job:
    """Due once on each of its days at an hour of the merchant's.

    `hour` gives that hour (0 to 23), or None for a merchant without this job. `days` are days of the month; empty
    means all. `hourly` says for whom it comes round at each later full hour of the day as well. `ends` is the hour of
    the day, or `lasts` the time from the job's moment, until which a late run may begin; after that it is missed.

    `concerned(customers, day)` narrows customers of one merchant down to those with something to do. `act(keys,
    merchant, day)` does it for at most `at_once` of them, in the transaction it is called in, and returns how much it
    did; it finds nothing to do for a customer it was done for.
    """

    name: str
    title: str
    hour: Callable[[Merchant], int | None]
    concerned: Callable[[QuerySet[Customer], date], QuerySet[Customer]]
    act: Callable[[Sequence[int], Merchant, date], int]
    days: tuple[int, ...] = ()
    hourly: Callable[[Merchant], bool] | None = None
    ends: int | None = None
    lasts: timedelta = timedelta(days=1)
    at_once: int = 1

    def moment(self, merchant: Merchant, day: date) -> datetime | None:
        """When it is due on `day` of the merchant's; None when it is not."""
        hour = self.hour(merchant)
        if hour is None or (self.days and day.day not in self.days):
            return None
        return calendar.local_hour(day, hour, merchant.time_zone)

    def repeats(self, merchant: Merchant, day: date) -> list[datetime]:
        """When it comes round again later on `day`, where it is due that day and hourly."""
        moment = self.moment(merchant, day)
        if moment is None or self.hourly is None or not self.hourly(merchant):
            return []
        # An hour that the clocks skip is the one after it.
        hours = {calendar.local_hour(day, hour, merchant.time_zone) for hour in range(24)}
        return sorted(hour for hour in hours if hour > moment)

    def deadline(self, merchant: Merchant, day: date) -> datetime:
        """Until when a run of `day` may begin, an hour at the least."""
        moment = self.moment(merchant, day)
        assert moment is not None
        if self.ends is None:
            return moment + self.lasts
        return max(calendar.local_hour(day, self.ends, merchant.time_zone), moment + timedelta(hours=1))


def done(act: Callable[[], object]) -> bool:
    """Whether `act` could be done; when it is refused, somebody was quicker or things have changed."""
    try:
        act()
    except Refused:
        return False
    return True
