"""Leases with fencing tokens, as columns of the rows that workers claim."""

from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar
from uuid import uuid4

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone


class LeaseLost(Exception):
    """Another worker has claimed the row, or the lease was taken away; nothing was written."""


class Leased(models.Model):
    """A row that one worker at a time works on.

    Each write below takes `changes`, further columns of the same statement. They are not set on the instance.
    """

    # Longer than a worker may take from one write to the next. The row of a killed worker is idle for this long.
    lease_length: ClassVar[timedelta] = timedelta(seconds=30)

    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False, help_text="Attempts whose worker died or failed.")

    class Meta:
        abstract = True

    @classmethod
    def new_lease(cls) -> dict[str, Any]:
        """The columns of a lease that begins now, for a row that the worker itself makes."""
        return {"lease_token": uuid4(), "lease_until": timezone.now() + cls.lease_length}

    def held(self) -> QuerySet[Self]:
        """This row while the lease is valid; nothing once it is lost."""
        return type(self)._base_manager.filter(pk=self.pk, lease_token=self.lease_token)

    def renew(self, **changes: Any) -> None:
        """Hold the row for another lease. Raises `LeaseLost`.

        Inside a transaction the row also stays locked, so that no worker can claim it before the commit.
        """
        until = timezone.now() + self.lease_length
        _write(self.held(), lease_until=until, **changes)
        self.lease_until = until

    def keep(self) -> None:
        """`renew` if half of the lease is over: for loops that call it often. Raises `LeaseLost`."""
        if self.lease_until is None or timezone.now() > self.lease_until - self.lease_length / 2:
            self.renew()

    def release(self, rest: timedelta | None = None, **changes: Any) -> None:
        """Give the row back; no worker may claim it while it rests. Raises `LeaseLost`."""
        until = timezone.now() + rest if rest else None
        _write(self.held(), lease_token=None, lease_until=until, **changes)


class LeasedRun(Leased):
    """Work that goes through many things in the order of their keys."""

    cursor = models.BigIntegerField(default=0, editable=False, help_text="The key done last; work goes on after it.")

    class Meta:
        abstract = True

    def advance(self, cursor: int, **changes: Any) -> None:
        """Move the cursor and renew the lease. Belongs in the transaction of the effect. Raises `LeaseLost`."""
        until = timezone.now() + self.lease_length
        _write(self.held().filter(cursor=self.cursor), cursor=cursor, lease_until=until, **changes)
        self.cursor, self.lease_until = cursor, until


class LeasedQueue(Leased):
    """Work that is never finished, as new things keep coming."""

    wake_requested = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True

    def begin_round(self) -> None:
        """Renew the lease before reading the work that waits; a wake-up from now on means that there may be more.

        Raises `LeaseLost`.
        """
        self.renew(wake_requested=False)

    def release(self, rest: timedelta | None = None, **changes: Any) -> None:
        # Unless `changes` says otherwise, the next wake-up must queue a task of its own.
        super().release(rest, **{"wake_requested": False} | changes)

    def release_if_idle(self) -> bool:
        """Give the queue back unless a wake-up came since `begin_round`; if one did, begin another round."""
        idle = self.held().filter(wake_requested=False)
        return bool(idle.update(lease_token=None, lease_until=None))


L = TypeVar("L", bound=Leased)


def unleased_rows(rows: QuerySet[L]) -> QuerySet[L]:
    """Those of `rows` that a worker may claim now.

    A lease that lasts longer than any can was given before the clock fell back. With clocks that differ by a lease's
    length a valid one may seem so too; but then others seem over before they are, and the token stops both.
    """
    now = timezone.now()
    impossible = Q(lease_token__isnull=False, lease_until__gt=now + 2 * rows.model.lease_length)
    return rows.filter(Q(lease_until=None) | Q(lease_until__lte=now) | impossible)


def claim_lease(rows: QuerySet[L], pk: int, **changes: Any) -> L | None:
    """Claim the row `pk` and set `changes` on it; None if it is not among `rows`, is leased, or is locked.

    A lease that ended without a release counts in `attempts`.
    """
    with transaction.atomic():
        # no_key, because an insert that refers to this row locks its key, and the row would look claimed.
        free = unleased_rows(rows).select_for_update(skip_locked=True, no_key=True, of=("self",))
        row = free.filter(pk=pk).first()
        if row is None:
            return None
        changes |= {"attempts": row.attempts + (row.lease_token is not None), **row.new_lease()}
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
    return row


def _write(rows: QuerySet[Any], **changes: Any) -> None:
    if not rows.update(**changes):
        raise LeaseLost
