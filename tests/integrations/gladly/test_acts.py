"""What agents do, whichever way Gladly calls: the words, the repeats, the refusals, the limits of time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from integrations.gladly import acts, agents
from integrations.gladly.acts import cancel_subscription, skip_order
from integrations.gladly.agents import AgentRequest, Declined, Done, Why
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.undo import undo
from subscriptions.actors import Actor, ActorKind
from subscriptions.events import catalogue
from subscriptions.models import Activity, Customer, Event, Item, Order, OrderStatus, Subscription
from tests.factories import STAFF, CancelReasonFactory, SubscriptionFactory, plan_item, subscription_with_order
from tests.races import holding_locks, run_at_once
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]
DAY, NEXT = date(2026, 12, 1), date(2026, 12, 15)


@pytest.fixture
def subscription() -> Subscription:
    made = subscription_with_order(DAY)
    CancelReasonFactory(merchant=made.merchant, code=4, label="Overstocked")
    return made


@pytest.fixture
def agent(subscription: Subscription) -> AgentRequest:
    return AgentRequest(subscription.merchant, "vXmSEPjVSWCaCMzvjufxZg")


def order_id() -> str:
    return Order.objects.get().public_id.hex


def decline(run: Callable[[], Done]) -> Declined:
    """`run` is declined and changes no column of any row."""
    before = read_all_rows()
    with pytest.raises(Declined) as raised:
        run()
    assert read_all_rows() == before
    return raised.value


@pytest.mark.parametrize(
    ("code", "details", "stored", "reason"),
    [
        ("4", "too much", "4|too much", " Reason: Overstocked (too much)"),
        ("4", "", "4", " Reason: Overstocked"),
        ("", " moving\0 ", "1|moving", " Reason: code 1 (moving)"),
        ("", "", None, ""),
    ],
)
def test_a_subscription_is_cancelled_once_and_said_so_twice(subscription, agent, code, details, stored, reason):
    text = f"2 × House blend was cancelled. No further order is planned.{reason}"
    done = cancel_subscription(agent, subscription.public_id.hex, code=code, details=details)
    assert done == Done("Subscription cancelled", text)
    subscription.refresh_from_db()
    assert (subscription.live, subscription.cancel_reason) == (False, stored)
    activity = Activity.objects.get()
    assert (activity.verb, activity.actor_kind) == ("subscription.cancel", "agent")
    assert (activity.actor_id, activity.actor_name) == ("vXmSEPjVSWCaCMzvjufxZg", "Gladly agent")
    assert Event.objects.filter(kind=catalogue.SUBSCRIPTION_CANCEL).count() == 1
    before = read_all_rows()
    again = cancel_subscription(AgentRequest(agent.merchant), subscription.public_id.hex, code=code, details=details)
    assert again == Done("Subscription cancelled", text, repeated=True)
    assert read_all_rows() == before


@pytest.mark.parametrize("shares_its_order", [False, True])
def test_a_subscription_is_skipped_once_and_said_so_twice(subscription, agent, shares_its_order):
    subscription.merchant.webhook_kinds = [catalogue.ITEM_REMOVE]
    subscription.merchant.save()
    if shares_its_order:
        records = {"payment": subscription.payment, "shipping_address": subscription.shipping_address}
        plan_item(SubscriptionFactory(customer=subscription.customer, merchant=subscription.merchant, **records), DAY)
    order = order_id()
    text = (
        "2 × House blend was taken off the order of December 1, 2026. Its next order is planned for December 15, 2026."
    )
    assert skip_order(agent, subscription.public_id.hex, order) == Done("Next order skipped", text)
    assert subscription.items.get().order.place_date == NEXT
    assert Order.objects.filter(public_id=order).exists() == shares_its_order
    activity = Activity.objects.get()
    assert (activity.verb, activity.actor_kind) == ("order.skip_subscription", "agent")
    assert [event.kind for event in Event.objects.all()] == [catalogue.ITEM_REMOVE]
    before = read_all_rows()
    again = skip_order(AgentRequest(agent.merchant), subscription.public_id.hex, order)
    assert again == Done("Next order skipped", text, repeated=True)
    assert read_all_rows() == before


def test_an_order_that_staff_skipped_whole_counts_as_skipped_until_that_is_undone(subscription, agent):
    order = Order.objects.get()
    skip = order_verbs.skip(order, actor=STAFF).activity
    assert skip_order(agent, subscription.public_id.hex, order.public_id.hex).repeated
    undo(skip, actor=STAFF)
    assert not skip_order(agent, subscription.public_id.hex, order.public_id.hex).repeated


def test_an_order_cancelled_for_another_reason_does_not_count_as_skipped(subscription, agent):
    order = Order.objects.get()
    subscription_verbs.cancel(subscription, actor=STAFF)
    Order.objects.update(status=OrderStatus.CANCELLED, cancelled="2026-11-20T00:00Z")
    subscription_verbs.reactivate(subscription, actor=STAFF)
    assert decline(lambda: skip_order(agent, subscription.public_id.hex, order.public_id.hex)).why is Why.UNKNOWN


def test_a_skip_that_was_undone_is_not_answered_as_done(subscription, agent):
    order = order_id()
    skip_order(agent, subscription.public_id.hex, order)
    undo(Activity.objects.get(), actor=STAFF)
    assert subscription.items.get().order.place_date == DAY
    declined = decline(lambda: skip_order(agent, subscription.public_id.hex, order))
    assert (declined.why, declined.sentence) == (Why.UNKNOWN, agents.NOT_ON_ORDER)


@pytest.mark.parametrize(
    ("code", "details", "attr", "sentence"),
    [
        ("9", "", "cancelReasonCode", acts.UNKNOWN_REASON),
        ("04", "", "cancelReasonCode", acts.UNKNOWN_REASON),
        ("4", "x" * (acts.LONGEST_DETAILS + 1), "cancelReasonDetails", acts.TOO_LONG),
    ],
)
def test_a_wrong_reason_is_named_with_its_field(subscription, agent, code, details, attr, sentence):
    run = lambda: cancel_subscription(agent, subscription.public_id.hex, code=code, details=details)  # noqa: E731
    declined = decline(run)
    assert (declined.why, declined.attr, declined.sentence) == (Why.INVALID, attr, sentence)


def test_details_of_the_full_length_fit_beside_the_longest_code(subscription, agent):
    CancelReasonFactory(merchant=agent.merchant, code=32767)
    details = "x" * acts.LONGEST_DETAILS
    cancel_subscription(agent, subscription.public_id.hex, code="32767", details=details)
    subscription.refresh_from_db()
    assert subscription.cancel_reason == f"32767|{details}"


def test_paid_orders_keep_a_subscription_from_being_cancelled(subscription, agent):
    Subscription.objects.update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior=Subscription.Renewal.CANCEL
    )
    declined = decline(lambda: cancel_subscription(agent, subscription.public_id.hex))
    assert (declined.why, declined.sentence) == (Why.NOT_ALLOWED, "2 prepaid orders are still to be delivered.")


@pytest.mark.parametrize("change", [{"status": OrderStatus.PENDING_PLACEMENT}, {"locked": True}])
def test_an_order_that_is_sent_or_locked_is_not_skipped(subscription, agent, change):
    Order.objects.update(**change)
    declined = decline(lambda: skip_order(agent, subscription.public_id.hex, order_id()))
    assert (declined.why, declined.sentence) == (Why.NOT_ALLOWED, agents.NOT_OPEN)


def test_a_cancelled_subscription_is_not_skipped(subscription, agent):
    order = order_id()
    subscription_verbs.cancel(subscription, actor=STAFF)
    declined = decline(lambda: skip_order(agent, subscription.public_id.hex, order))
    assert (declined.why, declined.sentence) == (Why.NOT_ALLOWED, agents.NOT_ACTIVE)


@pytest.mark.parametrize("id_of", ["foreign", "unknown", "", "\0", "x" * 5000])
def test_ids_of_others_and_of_nobody_are_unknown(subscription, agent, id_of):
    foreign = subscription_with_order(DAY)
    theirs = {"foreign": foreign.public_id.hex, "unknown": "0" * 32}.get(id_of, id_of)
    their_order = foreign.items.get().order.public_id.hex if id_of == "foreign" else theirs
    for run in (
        lambda: cancel_subscription(agent, theirs),
        lambda: skip_order(agent, theirs, their_order),
        lambda: skip_order(agent, subscription.public_id.hex, their_order),
    ):
        assert decline(run).why is Why.UNKNOWN


def test_the_order_of_another_subscription_of_the_customer_is_not_skipped(subscription, agent):
    other = subscription_with_order(NEXT, customer=subscription.customer, merchant=subscription.merchant)
    declined = decline(lambda: skip_order(agent, subscription.public_id.hex, other.items.get().order.public_id.hex))
    assert (declined.why, declined.sentence) == (Why.NOT_ALLOWED, agents.NOT_ON_ORDER)


@pytest.mark.parametrize(("seconds", "is_done"), [(9.9, True), (10.0, True), (10.1, False)])
def test_nothing_is_committed_after_the_deadline(subscription, agent, monkeypatch, seconds, is_done):
    """The clock jumps while the verb runs."""
    moment, cancel = [agent.started], subscription_verbs.cancel

    def slow_cancel(*args: Any, **inputs: Any) -> Any:
        done = cancel(*args, **inputs)
        moment[0] = agent.started + seconds
        return done

    monkeypatch.setattr(agents.time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(acts.subscription_verbs, "cancel", slow_cancel)
    monkeypatch.setattr(acts, "_describe_cancelled", lambda *_, **__: Done("", ""))  # no statement after the verb
    if is_done:
        cancel_subscription(agent, subscription.public_id.hex)
    else:
        declined = decline(lambda: cancel_subscription(agent, subscription.public_id.hex))
        assert (declined.why, declined.sentence) == (Why.LATER, agents.TOO_LATE)
    assert Subscription.objects.get().live == (not is_done)


def test_no_statement_begins_after_the_deadline(subscription, agent, monkeypatch):
    moment, reached = [agent.started], []

    def slow_cancel(*_: Any, **__: Any) -> None:
        moment[0] = agent.started + 10.1
        reached.append("before")
        Order.objects.get()
        reached.append("after")

    monkeypatch.setattr(agents.time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(acts.subscription_verbs, "cancel", slow_cancel)
    assert decline(lambda: cancel_subscription(agent, subscription.public_id.hex)).why is Why.LATER
    assert reached == ["before"]


def test_a_statement_that_takes_too_long_is_cut_off(subscription, agent, monkeypatch):
    def sleep(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("2s",)
            cursor.execute("SELECT pg_sleep(1)")

    monkeypatch.setattr(agents, "LIMITS", agents.LIMITS.replace("'4s'", "'50ms'"))
    monkeypatch.setattr(acts.subscription_verbs, "cancel", sleep)
    declined = decline(lambda: cancel_subscription(agent, subscription.public_id.hex))
    assert (declined.why, declined.sentence) == (Why.LATER, agents.TOO_LATE)


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_is_being_changed_is_asked_for_again(subscription, agent, monkeypatch):
    monkeypatch.setattr(agents, "LIMITS", agents.LIMITS.replace("'2s'", "'50ms'"))
    with holding_locks(Customer.objects.all()):
        declined = decline(lambda: cancel_subscription(agent, subscription.public_id.hex))
    assert (declined.why, declined.sentence) == (Why.LATER, agents.BUSY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["cancel", "skip"])
def test_of_two_same_requests_at_once_one_acts_and_both_are_answered_alike(subscription, agent, act):
    order, key = order_id(), subscription.public_id.hex
    run = {"cancel": lambda: cancel_subscription(agent, key), "skip": lambda: skip_order(agent, key, order)}[act]
    first, second = sorted(run_at_once(2, run), key=lambda done: done.repeated)
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.message, first.detail) == (second.message, second.detail)
    assert Activity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_second_of_two_same_requests_would_be_refused(subscription, agent, monkeypatch):
    """The control of the race: both read the subscription as active before either acts."""
    both_have_read = Barrier(2)

    @contextmanager
    def read_without_a_lock(*_: Any) -> Iterator[Subscription]:
        found = Subscription.objects.select_related("customer__merchant", "product").get()
        both_have_read.wait(10)
        yield found

    def outcome() -> str:
        try:
            return cancel_subscription(agent, subscription.public_id.hex).message
        except Declined as declined:
            return declined.sentence

    monkeypatch.setattr(acts, "_locked_subscription", read_without_a_lock)
    assert sorted(run_at_once(2, outcome)) == ["Subscription cancelled", agents.NOT_ACTIVE]


def test_a_strange_correlation_id_fits_the_activity(subscription):
    agent = AgentRequest(subscription.merchant, "é\0\n" * 100)
    skip_order(agent, subscription.public_id.hex, order_id())
    assert agent.actor == Actor(ActorKind.AGENT, Activity.objects.get().actor_id, "Gladly agent")
    assert len(agent.actor.id) <= 64 and "\0" not in agent.actor.id
    assert Item.objects.filter(upcoming=True).count() == 1
