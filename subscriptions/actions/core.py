"""Actions: the only way to change the domain.

An action is one verb on a customer or their data. It is a plain function under the decorator `action`:

    @action("subscription.change_quantity", guards=[must_not_be_prepaid])
    def change_quantity(context: ActionContext[Subscription], *, quantity: int) -> str:
        context.subject.quantity = require_whole_number("quantity", quantity)
        update(context.subject, "quantity")
        context.emit(catalogue.CHANGE_QUANTITY, context.subject)
        return f"Changed the quantity to {quantity}."

Every caller calls an action the same way; only the actor differs: `change_quantity(subscription, actor=actor,
quantity=2)`. Each call is one transaction:

1. It locks the customer's row. Every action on a customer or their data takes this one lock, so actions on the
   same customer run one after the other, and no two can deadlock.
2. It reads the subject again, because the caller's copy may be out of date.
3. The guards check the subject. If a guard or the body raises `Refused`, nothing changes.
4. The body changes rows, emits events and returns the sentence that staff read in the customer's activity. A body
   that finds everything as it is wanted returns `UNCHANGED`: no activity and no event, because events say "changed".
5. One `Activity` and the emitted `Event` rows are written. Then every sink of `EVENT_SINKS` is called with the events;
   sinks issue link tokens and queue deliveries, so no event is lost between the commit and the queue.

Bulk variants, such as `bulk_reminders`, do the same for many customers in one transaction. They hold the customers
with `lock_customers`, create an `ActionContext` for each subject and write them all with `record_actions`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from common.db import copy_row, insert_many, new_row
from subscriptions import calendar
from subscriptions.actions.customer_lock import hold_customer
from subscriptions.actions.subjects import Subject, reload_subject
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import DomainError, NotFound
from subscriptions.events import payloads
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Activity, Customer, Event, Item, Order, Subscription

P = ParamSpec("P")
Sink = Callable[[list[Event]], None]
EventSubject = Customer | Subscription | Order | Item


UNCHANGED = ""
NOBODY = Actor(ActorKind.STAFF, "", "")  # of contexts in which only guards run


@dataclass
class ActionContext(Generic[Subject]):
    """One run of an action: what its body gets, and what the caller gets back.

    `subject` is the locked customer or one of their rows, read under the lock. `before` is a copy of the subject from
    before the body changed it. The body may set `result`; the verb's docstring says what it holds. A body that `undo`
    can take back sets `undo_facts`. Once the action is
    finished, `activity` is set and `events` are saved; an action that was `UNCHANGED` has neither.
    """

    verb: str
    actor: Actor
    customer: Customer
    subject: Subject
    before: Subject = field(init=False)
    result: Any = None
    undo_facts: dict[str, Any] | None = None
    events: list[Event] = field(default_factory=list)
    activity: Activity | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.before = copy_row(self.subject)

    def has_changed(self, *columns: str) -> bool:
        """Whether the body has given one of these columns of the subject another value."""
        return any(getattr(self.subject, name) != getattr(self.before, name) for name in columns)

    def is_wanted(self, kind: str) -> bool:
        """Whether anybody wants events of this kind; nobody may want one that is emitted on request."""
        return not ALL_KINDS[kind].on_request or kind in self.customer.merchant.webhook_kinds

    def emit(
        self,
        kind: str,
        subject: EventSubject,
        facts: payloads.Payload | None = None,
        subscriptions: Sequence[Subscription] = (),
        **added: str,
    ) -> None:
        """Add an event about `subject`, of a `kind` from the catalogue, if the kind is wanted.

        Call it after changing the rows, because the payload is built at once from the current subject. `added` are the
        fields that only this kind has, such as `rejected_code`. `facts` is the part of the payload that describes the
        subject, for bulk callers that have already built it. `subscriptions` are those that made an event of the
        customer happen.
        """
        if not self.is_wanted(kind):
            return
        event = new_row(
            Event,
            merchant=self.customer.merchant,
            customer=self.customer,
            **_feed_keys(subject),
            kind=kind,
            payload=payloads.build_payload(kind, subject, facts, **added),
            recipient=payloads.build_recipient(self.customer),
            at=calendar.now(),
        )
        event.subject, event.about_subscriptions = subject, subscriptions
        self.events.append(event)


Body = Callable[Concatenate[ActionContext[Subject], P], str]
Guard = Callable[[ActionContext[Subject]], None]
_guards: dict[Callable[..., Any], tuple[Guard[Any], ...]] = {}


class Wrap(Protocol):
    def __call__(self, body: Body[Subject, P], /) -> Callable[..., ActionContext[Subject]]: ...


def action(verb: str, *, guards: Iterable[Guard[Any]] = ()) -> Wrap:
    """Make `body(context, **inputs)` an action, which callers run as `f(subject, *, actor, **inputs)`.

    `verb` names the action in the activity, as `noun.verb`. The given subject only identifies the row: the body gets
    that row as read under the lock. The call returns the finished `ActionContext`. It raises what guards and body
    raise, `Busy` when another write holds the customer, and `NotFound` when the subject is gone.
    """

    fixed = tuple(guards)

    def wrap(body: Body[Subject, P]) -> Callable[..., ActionContext[Subject]]:
        @wraps(body)
        def run(subject: Subject, *, actor: Actor, **inputs: Any) -> ActionContext[Subject]:
            owner = subject.pk if isinstance(subject, Customer) else subject.customer_id
            with hold_customer(owner, subject.merchant_id) as customer:
                context = ActionContext(verb, actor, customer, reload_subject(subject, customer))
                for guard in fixed:
                    guard(context)
                sentence = body(context, **inputs)  # type: ignore[call-arg]  # checked by the body's own signature
                if sentence != UNCHANGED:
                    record_actions([(context, sentence)])
            return context

        _guards[run] = fixed
        return run

    return wrap


def is_allowed(act: Callable[..., Any], subject: Subject) -> bool:
    """Whether the guards of the action `act` let `subject` through as it was read; its inputs may still be refused."""
    return find_refusal(act, subject) is None


def find_refusal(act: Callable[..., Any], subject: Subject) -> DomainError | None:
    """What the guards of `act` raise for `subject` as it was read; None if they let it through."""
    owner = subject.order if isinstance(subject, Item) else subject
    customer = owner if isinstance(owner, Customer) else owner.customer
    context = ActionContext("", NOBODY, customer, subject)
    if customer.erased_at:
        return NotFound("not_found", "This customer was erased.")
    try:
        for guard in _guards[act]:
            guard(context)
    except DomainError as refusal:
        return refusal
    return None


def record_actions(finished: Sequence[tuple[ActionContext[Any], str]]) -> None:
    """Write each context's activity with its sentence, and all events. Each sink is called once for all events."""
    at = calendar.now()
    activities = []
    for context, sentence in finished:
        context.activity = activity = new_row(
            Activity,
            merchant=context.customer.merchant,
            customer=context.customer,
            **_feed_keys(context.subject),
            verb=context.verb,
            sentence=sentence,
            actor_kind=context.actor.kind,
            actor_id=context.actor.id,
            actor_name=context.actor.name,
            undo_facts=context.undo_facts,
            at=at,
        )
        activities.append(activity)
    insert_many(activities)
    # Only now do the activities have the keys that events point at.
    for context, _ in finished:
        for event in context.events:
            event.activity = context.activity
    _write_events([event for context, _ in finished for event in context.events])


def emit_followup(context: ActionContext[Any], kind: str, subject: EventSubject) -> None:
    """Emit and write one more event of a finished action, inside the `lock_customer` block it ran in."""
    earlier = len(context.events)
    context.emit(kind, subject)
    for event in context.events[earlier:]:
        event.activity = context.activity
    _write_events(context.events[earlier:])


def _write_events(events: list[Event]) -> None:
    insert_many(events)
    for sink in _event_sinks():
        sink(events)


@cache
def _event_sinks() -> list[Sink]:
    return [import_string(path) for path in settings.EVENT_SINKS]


def _feed_keys(subject: models.Model) -> dict[str, models.Model | None]:
    """The subscription and order under which staff find an activity or event about `subject`."""
    subscription = subject if isinstance(subject, Subscription) else getattr(subject, "subscription", None)
    order = subject if isinstance(subject, Order) else getattr(subject, "order", None)
    # An order that the action has emptied is deleted, and nothing can point at it.
    return {"subscription": subscription, "order": order if order is not None and order.pk else None}
