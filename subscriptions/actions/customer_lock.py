"""The lock that every action on a customer or their data takes: the customer's own row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, OperationalError, models, transaction
from psycopg.errors import LockNotAvailable

from common.db import AnyOf, Param, Query, insert
from subscriptions import calendar
from subscriptions.errors import Busy, NotFound, refused
from subscriptions.models import Customer, Merchant

LockedRow = TypeVar("LockedRow", bound=models.Model)

# `no_key` lets other transactions insert rows that point at the customer.
CUSTOMER_BY_KEY = Query(
    lambda: (
        Customer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("merchant")
        .filter(pk=Param("pk"), merchant=Param("merchant"))
    )
)
CUSTOMERS = Query(lambda: _customers_to_lock(skip_locked=False))
FREE_CUSTOMERS = Query(lambda: _customers_to_lock(skip_locked=True))

_held: ContextVar[Sequence[Customer]] = ContextVar("held_customers", default=())


@contextmanager
def lock_customer(query: Query[LockedRow], **params: Any) -> Iterator[LockedRow]:
    """A transaction that holds one customer, for several actions that must succeed or fail together.

    `query` finds a row by `params` and locks it: the customer's own row, as `CUSTOMER_BY_KEY` does, or a row with a
    `customer`. The block gets that row. Actions on the customer inside the block join its transaction, so a refusal
    must leave the whole block, or half of the work would stay. Raises `Busy` after waiting two seconds for another
    write (`lock_timeout` of the database session), and `NotFound`, also for an erased customer.
    """
    _must_hold_no_customer()
    with transaction.atomic():
        try:
            with busy_when_locked():
                row = query.get(**params)
        except ObjectDoesNotExist as error:
            raise NotFound("not_found", "There is no such customer.") from error
        customer: Customer = row if isinstance(row, Customer) else row.customer  # type: ignore[attr-defined]  # see above
        if customer.erased_at:
            raise NotFound("not_found", "This customer was erased.")
        with _holding([customer]):
            yield row


@contextmanager
def lock_customers(merchant: Merchant, keys: Sequence[int], *, only_free: bool = False) -> Iterator[Sequence[Customer]]:
    """Like `lock_customer`, for several customers of one merchant; the block gets the locked customers.

    `only_free` leaves out customers that another write holds. Rows are locked in key order, so two such blocks cannot
    deadlock. Refused when the customers' test clocks differ. A nested block gets those of its customers that the outer
    block holds, and locks no others.
    """
    wanted = set(keys)
    if held := [customer for customer in _held.get() if customer.pk in wanted]:
        yield held
        return
    _must_hold_no_customer()
    with transaction.atomic():
        with busy_when_locked():
            customers = (FREE_CUSTOMERS if only_free else CUSTOMERS).all(keys=list(keys), merchant=merchant.pk)
        merchant = Merchant.objects.get(pk=merchant.pk)  # the caller's copy may be out of date
        for customer in customers:
            customer.merchant = merchant
        with _holding(customers):
            yield customers


@contextmanager
def create_locked_customer(merchant: Merchant, **fields: Any) -> Iterator[Customer]:
    """Like `lock_customer`, for a new customer with these columns. Refused when its `merchant_user_id` is taken."""
    _must_hold_no_customer()
    with transaction.atomic():
        try:
            with transaction.atomic():
                # Made inside, so that its times are not earlier than its transaction: see `api.changes`.
                customer = Customer(merchant=merchant, **fields)
                with _holding([customer]):
                    insert(customer)
        except IntegrityError as error:
            raise refused("customer_exists", id=fields["merchant_user_id"]) from error
        with _holding([customer]):
            yield customer


@contextmanager
def hold_customer(key: int, merchant: int) -> Iterator[Customer]:
    """The customer with this key: held by the block around this one, or else locked for this block alone."""
    for customer in _held.get():
        if (customer.pk, customer.merchant_id) == (key, merchant):
            yield customer
            return
    with lock_customer(CUSTOMER_BY_KEY, pk=key, merchant=merchant) as customer:
        yield customer


def _must_hold_no_customer() -> None:
    if _held.get():
        raise RuntimeError("an action may hold one customer only: locking a second could deadlock")


@contextmanager
def _holding(customers: Sequence[Customer]) -> Iterator[None]:
    """Inside the block, actions on these customers join the transaction and use the time of their test clock."""
    clocks = {customer.clock for customer in customers} or {None}
    if len(clocks) > 1:
        raise refused("clocks_differ")
    token = _held.set(customers)
    try:
        with calendar.fixed_clock(clocks.pop()):
            yield
    finally:
        _held.reset(token)


@contextmanager
def busy_when_locked() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy from error
        raise


def _customers_to_lock(*, skip_locked: bool) -> models.QuerySet[Customer]:
    found = Customer.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    return found.filter(pk=AnyOf("keys"), merchant=Param("merchant"), erased_at=None).order_by("pk")
