"""The only way to change the domain.

A body wrapped by `action` runs in one transaction that holds the customer's row, after its guards have passed.
It changes rows and returns the sentence of its activity. The core writes that one activity and the events the
body announced, and hands them to the sinks, all in the same transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, OperationalError, models, transaction
from django.utils.module_loading import import_string
from psycopg.errors import LockNotAvailable

from subscriptions import calendar
from subscriptions.actions.subjects import Subject, reload_subject
from subscriptions.actors import Actor
from subscriptions.errors import Busy, NotFound, refused
from subscriptions.events import payloads
from subscriptions.models import (
    Activity,
    Customer,
    Event,
    Item,
    Merchant,
    Order,
    Subscription,
)
from subscriptions.models.making import copy_of, new
from subscriptions.models.prepared import Among, Given, Prepared, insert, insert_all

Held = TypeVar("Held", bound=models.Model)
P = ParamSpec("P")
Sink = Callable[[list[Event]], None]


CUSTOMER_BY_KEY = Prepared(
    # No key update: other transactions may go on inserting rows that point at this customer.
    lambda: (
        Customer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("merchant")
        .filter(pk=Given("pk"), merchant=Given("merchant"))
    )
)
CUSTOMERS = Prepared(lambda: _customers(skip_locked=False))
FREE_CUSTOMERS = Prepared(lambda: _customers(skip_locked=True))

_held: ContextVar[Sequence[Customer]] = ContextVar("held_customers", default=())


@dataclass
class ActionContext(Generic[Subject]):
    """One act under way: who does it, to what, and what came of it. `before` is the subject as it was."""

    verb: str
    actor: Actor
    customer: Customer
    subject: Subject
    before: Subject = field(init=False)
    result: Any = None
    events: list[Event] = field(default_factory=list)
    activity: Activity = field(init=False)

    def __post_init__(self) -> None:
        self.before = copy_of(self.subject)

    def emit(
        self,
        kind: str,
        subject: Customer | Subscription | Order | Item,
        facts: payloads.Payload | None = None,
        **added: str,
    ) -> None:
        """Add the event `kind`; call it once the rows are changed, for the payload says how they are now.

        `facts` as for `payloads.build_payload`.
        """
        self.events.append(
            new(
                Event,
                merchant=self.customer.merchant,
                customer=self.customer,
                **_filed_under(subject),
                kind=kind,
                payload=payloads.build_payload(kind, subject, facts, **added),
                recipient=payloads.build_recipient(self.customer),
                at=calendar.now(),
            )
        )


Body = Callable[Concatenate[ActionContext[Subject], P], str]
Guard = Callable[[ActionContext[Subject]], None]


class Wrap(Protocol):
    def __call__(self, body: Body[Subject, P], /) -> Callable[..., ActionContext[Subject]]: ...


def action(verb: str, *, guards: Iterable[Guard[Any]] = ()) -> Wrap:
    """Make `body(act, **inputs)` an action, called as `f(subject, *, actor, **inputs)`.

    Of the given subject only its key and its owners' count; the act reads it anew. It returns the finished `Act`.
    A guard or the body raises `Refused`, and nothing has changed. Raises `Busy` when another write holds the
    customer, `NotFound` when the subject is gone.
    """

    def wrap(body: Body[Subject, P]) -> Callable[..., ActionContext[Subject]]:
        @wraps(body)
        def run(subject: Subject, *, actor: Actor, **inputs: Any) -> ActionContext[Subject]:
            owner = subject.pk if isinstance(subject, Customer) else subject.customer_id
            with _held_customer(owner, subject.merchant_id) as customer:
                context = ActionContext(verb, actor, customer, reload_subject(subject, customer))
                for guard in guards:
                    guard(context)
                sentence = body(context, **inputs)  # type: ignore[call-arg]  # checked by the body's own signature
                record_actions([(context, sentence)])
            return context

        return run

    return wrap


@contextmanager
def lock_customer(query: Prepared[Held], **given: Any) -> Iterator[Held]:
    """A transaction that holds a customer: the row `query` locks and finds by `given`, or that row's `customer`.

    Actions called inside on the same customer join it. A refusal must leave the whole block, so that it undoes
    everything. Raises `Busy` after two seconds behind another write (the session's lock_timeout), `NotFound`.
    """
    _must_hold_none()
    with transaction.atomic():
        row = _lock_row(query, given)
        customer: Customer = row if isinstance(row, Customer) else row.customer  # type: ignore[attr-defined]  # see above
        with _holding([customer]):
            yield row


@contextmanager
def lock_customers(merchant: Merchant, keys: Sequence[int], *, only_free: bool = False) -> Iterator[Sequence[Customer]]:
    """As `locked`, of those of the merchant's customers; with `only_free`, of those that no other write holds.

    Locked in the order of their keys, so that no two such blocks wait for each other. Refused when they live by
    clocks that differ. Inside another such block it gives those held already, which must be all.
    """
    wanted = set(keys)
    if held := [customer for customer in _held.get() if customer.pk in wanted]:
        yield held
        return
    _must_hold_none()
    with transaction.atomic():
        with _busy_when_locked():
            customers = (FREE_CUSTOMERS if only_free else CUSTOMERS).all(keys=list(keys), merchant=merchant.pk)
        fresh = Merchant.objects.get(pk=merchant.pk)
        for customer in customers:
            customer.merchant = fresh
        with _holding(customers):
            yield customers


@contextmanager
def _held_customer(key: int, merchant: int) -> Iterator[Customer]:
    """The customer an action is about, already held by the block it was called in or held from now on."""
    for each in _held.get():
        if (each.pk, each.merchant_id) == (key, merchant):
            yield each
            return
    with lock_customer(CUSTOMER_BY_KEY, pk=key, merchant=merchant) as customer:
        yield customer


def _must_hold_none() -> None:
    if _held.get():
        raise RuntimeError("an act may hold one customer only: two would be a deadlock in waiting")


@contextmanager
def _holding(customers: Sequence[Customer]) -> Iterator[None]:
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
def _busy_when_locked() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy from error
        raise


def _customers(*, skip_locked: bool) -> models.QuerySet[Customer]:
    found = Customer.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    return found.filter(pk=Among("keys"), merchant=Given("merchant")).order_by("pk")


def _lock_row(query: Prepared[Held], given: dict[str, Any]) -> Held:
    try:
        with _busy_when_locked():
            return query.get(**given)
    except ObjectDoesNotExist as error:
        raise NotFound("not_found", "There is no such customer.") from error


def record_actions(finished: Sequence[tuple[ActionContext[Any], str]]) -> None:
    """Write the activity of each act, with its sentence, and the events they announced; each sink is called once."""
    for context, sentence in finished:
        context.activity = _build_activity(context, sentence)
    activities = [context.activity for context, _ in finished]
    events = [event for context, _ in finished for event in context.events]
    insert_all(activities)
    for context, _ in finished:
        for event in context.events:
            event.activity = context.activity
    _write_events(events)


def emit_followup(context: ActionContext[Any], kind: str, subject: Customer | Subscription | Order | Item) -> None:
    """Announce one event more of a finished act, inside the `locked` block it was done in."""
    context.emit(kind, subject)
    context.events[-1].activity = context.activity
    _write_events(context.events[-1:])


def _write_events(events: list[Event]) -> None:
    insert_all(events)
    for sink in _event_sinks():
        sink(events)


def _build_activity(context: ActionContext[Any], sentence: str) -> Activity:
    return new(
        Activity,
        merchant=context.customer.merchant,
        customer=context.customer,
        **_filed_under(context.subject),
        verb=context.verb,
        sentence=sentence,
        actor_kind=context.actor.kind,
        actor_id=context.actor.id,
        actor_name=context.actor.name,
        at=calendar.now(),
    )


def _filed_under(subject: models.Model) -> dict[str, models.Model | None]:
    """The subscription and the order that an activity or event about `subject` is filed under."""
    subscription = subject if isinstance(subject, Subscription) else getattr(subject, "subscription", None)
    order = subject if isinstance(subject, Order) else getattr(subject, "order", None)
    # An order that the act has emptied is gone.
    return {"subscription": subscription, "order": order if order is not None and order.pk else None}


@contextmanager
def create_locked_customer(merchant: Merchant, **fields: Any) -> Iterator[Customer]:
    """A transaction that makes a customer and holds it. Refused when the shop's id of it is known already."""
    _must_hold_none()
    customer = Customer(merchant=merchant, **fields)
    with transaction.atomic(), _holding([customer]):
        _insert_new(customer)
        yield customer


def _insert_new(customer: Customer) -> None:
    try:
        with transaction.atomic():
            insert(customer)
    except IntegrityError as error:
        raise refused("customer_exists", id=customer.merchant_user_id) from error


@cache
def _event_sinks() -> list[Sink]:
    return [import_string(path) for path in settings.EVENT_SINKS]
