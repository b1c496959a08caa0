"""The only way to change the domain.

A body wrapped by `action` runs in one transaction that holds the customer's row, after its guards have passed.
It changes rows and returns the sentence of its activity. The core writes that one activity and the events the
body announced, and hands them to the sinks, all in the same transaction.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
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
from subscriptions.actors import Actor
from subscriptions.errors import Busy, NotFound, refused
from subscriptions.events import payloads
from subscriptions.models import (
    Activity,
    Address,
    Customer,
    Entitlement,
    Event,
    Item,
    Merchant,
    Order,
    Payment,
    Subscription,
)
from subscriptions.models.prepared import Given, Prepared, insert

Subject = TypeVar("Subject", Customer, Subscription, Order, Item, Address, Payment, Entitlement)
Held = TypeVar("Held", bound=models.Model)
P = ParamSpec("P")
Sink = Callable[[list[Event]], None]


BY_KEY = Prepared(
    # No key update: other transactions may go on inserting rows that point at this customer.
    lambda: (
        Customer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("merchant")
        .filter(pk=Given("pk"), merchant=Given("merchant"))
    )
)
OWN = {"pk": Given("pk"), "merchant": Given("merchant"), "customer": Given("customer")}
# How a subject is read anew, with what bodies and payloads need of it.
FRESH: dict[type[models.Model], Prepared[Any]] = {
    Subscription: Prepared(lambda: Subscription.objects.surveyed().select_related("product").filter(**OWN)),
    Order: Prepared(lambda: Order.objects.select_related("payment", "shipping_address").filter(**OWN)),
    Item: Prepared(
        lambda: Item.objects.select_related(
            "product", "subscription__product", "order__payment", "order__shipping_address"
        ).filter(pk=Given("pk"), merchant=Given("merchant"), order__customer=Given("customer"))
    ),
    Address: Prepared(lambda: Address.objects.filter(**OWN)),
    Payment: Prepared(lambda: Payment.objects.filter(**OWN)),
    Entitlement: Prepared(
        lambda: Entitlement.objects.select_related("resource", "subscription__product").filter(**OWN)
    ),
}

_held: ContextVar[Customer | None] = ContextVar("held_customer", default=None)


@dataclass
class Act(Generic[Subject]):
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
        self.before = copy.copy(self.subject)

    def announce(self, kind: str, subject: Customer | Subscription | Order | Item, **added: str) -> None:
        """Add the event `kind`; call it once the rows are changed, for the payload says how they are now."""
        self.events.append(
            Event(
                merchant=self.customer.merchant,
                customer=self.customer,
                **_about(subject),
                kind=kind,
                payload=payloads.build(kind, subject, **added),
                recipient=payloads.recipient(self.customer),
                at=calendar.now(),
            )
        )


Body = Callable[Concatenate[Act[Subject], P], str]
Guard = Callable[[Act[Subject]], None]


class Wrap(Protocol):
    def __call__(self, body: Body[Subject, P], /) -> Callable[..., Act[Subject]]: ...


def action(verb: str, *, guards: Iterable[Guard[Any]] = ()) -> Wrap:
    """Make `body(act, **inputs)` an action, called as `f(subject, *, actor, **inputs)`.

    Of the given subject only its key and its owners' count; the act reads it anew. It returns the finished `Act`.
    A guard or the body raises `Refused`, and nothing has changed. Raises `Busy` when another write holds the
    customer, `NotFound` when the subject is gone.
    """

    def wrap(body: Body[Subject, P]) -> Callable[..., Act[Subject]]:
        @wraps(body)
        def run(subject: Subject, *, actor: Actor, **inputs: Any) -> Act[Subject]:
            owner = subject.pk if isinstance(subject, Customer) else subject.customer_id
            with _customer(owner, subject.merchant_id) as customer:
                act = Act(verb, actor, customer, reread(subject, customer))
                for guard in guards:
                    guard(act)
                sentence = body(act, **inputs)  # type: ignore[call-arg]  # checked by the body's own signature
                _record(act, sentence)
            return act

        return run

    return wrap


@contextmanager
def locked(query: Prepared[Held], **given: Any) -> Iterator[Held]:
    """A transaction that holds a customer: the row `query` locks and finds by `given`, or that row's `customer`.

    Actions called inside on the same customer join it. A refusal must leave the whole block, so that it undoes
    everything. Raises `Busy` after two seconds behind another write (the session's lock_timeout), `NotFound`.
    """
    if _held.get():
        raise RuntimeError("an act may hold one customer only: two would be a deadlock in waiting")
    with transaction.atomic():
        row = _lock(query, given)
        customer: Customer = row if isinstance(row, Customer) else row.customer  # type: ignore[attr-defined]  # see above
        token = _held.set(customer)
        try:
            with calendar.at(customer.clock):
                yield row
        finally:
            _held.reset(token)


@contextmanager
def _customer(key: int, merchant: int) -> Iterator[Customer]:
    """The customer an action is about, already held by the block it was called in or held from now on."""
    held = _held.get()
    if held and (held.pk, held.merchant_id) == (key, merchant):
        yield held
        return
    with locked(BY_KEY, pk=key, merchant=merchant) as customer:
        yield customer


def _lock(query: Prepared[Held], given: dict[str, Any]) -> Held:
    try:
        return query.get(**given)
    except ObjectDoesNotExist as error:
        raise NotFound("not_found", "There is no such customer.") from error
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy from error
        raise


def reread(subject: Subject, customer: Customer) -> Subject:
    """The subject as it is now that nobody else can change it."""
    if isinstance(subject, Customer):
        return customer
    model = type(subject)
    try:
        found: Subject = FRESH[model].get(pk=subject.pk, merchant=customer.merchant_id, customer=customer.pk)
    except ObjectDoesNotExist as error:
        raise NotFound("not_found", "It is gone; somebody has removed it meanwhile.") from error
    # The instances already read stand in for the keys, so that nothing is fetched twice.
    for row in (found, *(getattr(found, name, None) for name in ("order", "subscription"))):
        if row is not None:
            row.merchant = customer.merchant
            if not isinstance(row, Item):
                row.customer = customer
    return found


def _record(act: Act[Subject], sentence: str) -> None:
    act.activity = Activity(
        merchant=act.customer.merchant,
        customer=act.customer,
        **_about(act.subject),
        verb=act.verb,
        sentence=sentence,
        actor_kind=act.actor.kind,
        actor_id=act.actor.id,
        actor_name=act.actor.name,
        at=calendar.now(),
    )
    insert(act.activity)
    for event in act.events:
        event.activity = act.activity
    Event.objects.bulk_create(act.events)
    for sink in _sinks():
        sink(act.events)


def _about(subject: models.Model) -> dict[str, models.Model | None]:
    """The subscription and the order that an activity or event about `subject` is filed under."""
    subscription = subject if isinstance(subject, Subscription) else getattr(subject, "subscription", None)
    order = subject if isinstance(subject, Order) else getattr(subject, "order", None)
    # An order that the act has emptied is gone.
    return {"subscription": subscription, "order": order if order is not None and order.pk else None}


@contextmanager
def new_customer(merchant: Merchant, **fields: Any) -> Iterator[Customer]:
    """A transaction that makes a customer and holds it. Refused when the shop's id of it is known already."""
    if _held.get():
        raise RuntimeError("an act may hold one customer only: two would be a deadlock in waiting")
    with transaction.atomic():
        customer = Customer(merchant=merchant, **fields)
        token = _held.set(customer)
        try:
            _insert_new(customer)
            yield customer
        finally:
            _held.reset(token)


def _insert_new(customer: Customer) -> None:
    try:
        with transaction.atomic():
            insert(customer)
    except IntegrityError as error:
        raise refused("customer_exists", id=customer.merchant_user_id) from error


@cache
def _sinks() -> list[Sink]:
    return [import_string(path) for path in settings.EVENT_SINKS]
