"""Discontinuing a product, and the replacement that begins with it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django_q.models import OrmQ

from common.work import LeaseLost
from subscriptions.actions import product as verbs
from subscriptions.actions import replacing
from subscriptions.actions.subscription import cancel, change_product
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import SENTENCES, Busy, Refused
from subscriptions.events.catalogue import SKU_SWAP
from subscriptions.models import (
    Activity,
    Event,
    Item,
    Product,
    ProductRelationship,
    Refusal,
    Replacement,
    Subscription,
)
from tests.actions.contract import assert_emits, run_twice_at_once
from tests.factories import (
    STAFF,
    CustomerFactory,
    MerchantFactory,
    ProductFactory,
    SubscriptionFactory,
    subscription_with_order,
)
from tests.races import holding_locks
from tests.rows import read_all_rows

JOB = Actor(ActorKind.JOB, "product_feed", "Product feed")


@pytest.fixture
def subscription(db: None) -> Subscription:
    return subscription_with_order()


@pytest.fixture
def product(subscription: Subscription) -> Product:
    made: Product = subscription.product
    return made


@pytest.fixture
def substitute(product: Product) -> Product:
    made: Product = ProductFactory(merchant=product.merchant, name="Morning blend", price=Decimal("14.00"))
    return made


def assert_step_refused(code: str, act: Callable[[], Any]) -> None:
    before = read_all_rows()
    with pytest.raises(Refused) as refusal:
        act()
    assert (refusal.value.code, refusal.value.sentence) == (code, SENTENCES[code])
    assert read_all_rows() == before


@pytest.mark.django_db(transaction=True)
def test_a_product_is_discontinued_and_its_replacement_begins(product: Product, substitute: Product) -> None:
    run = verbs.discontinue_product(product, actor=STAFF, substitute=substitute)
    product.refresh_from_db()
    assert (product.discontinued, product.live, product.autoship_enabled) == (True, False, False)
    assert Replacement.objects.get() == run
    assert (run.merchant, run.product, run.substitute, run.silent) == (product.merchant, product, substitute, False)
    assert (run.state, run.cursor, run.total, run.done, run.refused) == ("running", 0, 1, 0, 0)
    assert Actor.from_json(run.actor) == STAFF
    assert OrmQ.objects.count() == 1
    assert not Activity.objects.exists()


def test_only_live_subscriptions_to_the_product_count(product: Product, substitute: Product) -> None:
    subscription_with_order(customer=CustomerFactory(merchant=product.merchant), product=substitute)
    cancel(subscription_with_order(customer=CustomerFactory(merchant=product.merchant), product=product), actor=STAFF)
    assert verbs.discontinue_product(product, actor=STAFF).total == 1


def test_a_replacement_can_be_repeated_for_the_remaining_subscriptions(product: Product) -> None:
    Replacement.objects.filter(pk=verbs.discontinue_product(product, actor=STAFF).pk).update(state="done")
    assert verbs.discontinue_product(product, actor=STAFF).total == 1


def test_no_second_replacement_begins_while_one_runs(product: Product, substitute: Product) -> None:
    verbs.discontinue_product(product, actor=STAFF, substitute=substitute)
    assert_step_refused("replacement_running", lambda: verbs.discontinue_product(product, actor=STAFF))
    assert_step_refused("replacement_arriving", lambda: verbs.discontinue_product(substitute, actor=STAFF))


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_discontinuations_one_is_refused(product: Product) -> None:
    assert run_twice_at_once(lambda: verbs.discontinue_product(product, actor=STAFF)) == ["done", "replacement_running"]
    assert Replacement.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_product_held_by_an_import_is_refused_after_two_seconds(product: Product) -> None:
    with holding_locks(Product.objects.filter(pk=product.pk)):
        assert_step_refused("product_busy", lambda: verbs.discontinue_product(product, actor=STAFF))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"discontinued": True, "live": False, "autoship_enabled": False}, "substitute_discontinued"),
        ({"autoship_enabled": False}, "substitute_not_subscribable"),
    ],
)
def test_a_substitute_must_be_open_to_subscriptions(
    product: Product, substitute: Product, changes: dict[str, bool], code: str
) -> None:
    Product.objects.filter(pk=substitute.pk).update(**changes)
    assert_step_refused(code, lambda: verbs.discontinue_product(product, actor=STAFF, substitute=substitute))


def test_a_product_does_not_replace_itself(product: Product) -> None:
    assert_step_refused(
        "substitute_itself", lambda: verbs.discontinue_product(product, actor=STAFF, substitute=product)
    )


def test_a_substitute_of_another_merchant_is_unknown(product: Product) -> None:
    foreign = ProductFactory()
    assert_step_refused(
        "substitute_unknown", lambda: verbs.discontinue_product(product, actor=STAFF, substitute=foreign)
    )


def test_a_step_swaps_with_one_activity_and_one_event(
    subscription: Subscription, product: Product, substitute: Product
) -> None:
    run = verbs.discontinue_product(product, actor=STAFF, substitute=substitute)
    replacing.replace_subscription(run, subscription)
    activity, event = Activity.objects.get(), Event.objects.get()
    assert activity.sentence == "Swapped House blend for Morning blend."
    assert (activity.actor_kind, activity.actor_name) == ("staff", "Sam Staff")
    assert (event.kind, event.activity) == (SKU_SWAP, activity)
    item = Item.objects.select_related("order").get()
    assert (item.product, item.price, item.order.sub_total) == (substitute, Decimal("14.00"), Decimal("28.00"))
    run.refresh_from_db()
    assert (run.cursor, run.done, run.refused) == (subscription.pk, 1, 0)


def test_a_silent_swap_leaves_its_activity_and_no_event(subscription: Subscription, substitute: Product) -> None:
    assert_emits([], lambda: change_product(subscription, actor=STAFF, product=substitute, silent=True))
    assert Subscription.objects.get().product == substitute


def test_a_step_without_a_substitute_ends_the_subscription(subscription: Subscription, product: Product) -> None:
    replacing.replace_subscription(verbs.discontinue_product(product, actor=STAFF), subscription)
    subscription.refresh_from_db()
    assert (subscription.live, subscription.cancel_reason) == (False, "Product discontinued")
    assert Activity.objects.get().sentence == (
        "Cancelled the subscription to House blend. Reason: Product discontinued"
    )


def test_a_refused_step_leaves_the_subscription_and_says_why(
    subscription: Subscription, product: Product, substitute: Product
) -> None:
    prepaid = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "autorenew"}
    Subscription.objects.update(**prepaid)
    run = verbs.discontinue_product(product, actor=STAFF, substitute=substitute)
    replacing.replace_subscription(run, subscription)
    refusal = Refusal.objects.get()
    assert (refusal.replacement, refusal.subscription, refusal.sentence) == (
        run,
        subscription,
        SENTENCES["price_differs"],
    )
    assert Subscription.objects.get().product == product
    assert not Activity.objects.exists()
    run.refresh_from_db()
    assert (run.cursor, run.done, run.refused) == (subscription.pk, 0, 1)


@pytest.mark.parametrize("move_on", ["cancelled", "swapped"])
def test_a_step_leaves_out_subscriptions_no_longer_affected(
    subscription: Subscription, product: Product, substitute: Product, move_on: str
) -> None:
    run = verbs.discontinue_product(product, actor=STAFF, substitute=substitute)
    if move_on == "cancelled":
        cancel(subscription, actor=STAFF)
    else:
        other = ProductFactory(merchant=product.merchant)
        change_product(subscription, actor=STAFF, product=other)
    before = read_all_rows()
    replacing.replace_subscription(run, subscription)
    after = read_all_rows()
    assert {name for name in before if before[name] != after[name]} == {"Replacement"}
    run.refresh_from_db()
    assert (run.cursor, run.done, run.refused) == (subscription.pk, 0, 0)


def test_a_step_that_another_worker_has_done_changes_nothing(
    subscription: Subscription, product: Product, substitute: Product
) -> None:
    run = verbs.discontinue_product(product, actor=STAFF, substitute=substitute)
    Replacement.objects.update(cursor=subscription.pk)
    before = read_all_rows()
    with pytest.raises(LeaseLost):
        replacing.replace_subscription(run, subscription)
    with pytest.raises(LeaseLost):
        replacing.keep_subscription(run, subscription, "It cannot be.")
    assert read_all_rows() == before


def test_a_busy_customer_is_retried(
    subscription: Subscription, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = verbs.discontinue_product(product, actor=STAFF)
    answers = iter([Busy(), Busy()])

    def busy_at_first(*given: Any, **named: Any) -> Any:
        problem = next(answers, None)
        if problem:
            raise problem
        return cancel(*given, **named)

    monkeypatch.setattr(replacing.verbs, "cancel", busy_at_first)
    replacing.replace_subscription(run, subscription)
    assert not Subscription.objects.get().live
    assert not Refusal.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_customer_who_stays_busy_is_recorded(subscription: Subscription, product: Product) -> None:
    run = verbs.discontinue_product(product, actor=STAFF)
    with holding_locks(type(subscription.customer).objects.filter(pk=subscription.customer_id)):
        replacing.replace_subscription(run, subscription)
    assert Subscription.objects.get().live
    assert Refusal.objects.get().sentence == SENTENCES["busy"]


def create_relationship(product: Product, substitute: Product, kind: str) -> None:
    ProductRelationship.objects.create(
        merchant=product.merchant, from_product=product, to_product=substitute, relationship_type=kind
    )


@pytest.mark.parametrize(
    ("kinds", "silent"),
    [
        (["discontinued_replacement"], False),
        (["discontinued_silent_replacement"], True),
        (["discontinued_silent_replacement", "discontinued_replacement"], False),
        (["discontinued_replacement", "discontinued_silent_replacement"], False),
    ],
)
def test_a_feed_follows_the_relationship(product: Product, substitute: Product, kinds: list[str], silent: bool) -> None:
    for kind in kinds:
        create_relationship(product, substitute, kind)
    assert verbs.follow_relationships(product.merchant, [product], actor=JOB) == ([Replacement.objects.get()], [])
    run = Replacement.objects.get()
    assert (run.product, run.substitute, run.silent, run.total) == (product, substitute, silent, 1)
    assert Actor.from_json(run.actor) == JOB


def test_without_a_relationship_that_replaces_a_feed_ends_the_subscriptions(
    product: Product, substitute: Product
) -> None:
    create_relationship(product, substitute, "swap_on_purchase")
    verbs.follow_relationships(product.merchant, [product], actor=JOB)
    assert Replacement.objects.get().substitute is None


def test_a_feed_leaves_impossible_replacements_to_staff(product: Product, substitute: Product) -> None:
    create_relationship(product, substitute, "discontinued_replacement")
    Product.objects.filter(pk=substitute.pk).update(autoship_enabled=False)
    assert verbs.follow_relationships(product.merchant, [product], actor=JOB) == ([], [product])
    assert not Replacement.objects.exists()


def test_a_feed_begins_nothing_where_nobody_subscribes_or_a_run_is_under_way(product: Product) -> None:
    idle = ProductFactory(merchant=product.merchant)
    foreign = SubscriptionFactory(merchant=MerchantFactory()).product
    run = verbs.discontinue_product(product, actor=STAFF)
    assert verbs.follow_relationships(product.merchant, [product, idle, foreign], actor=JOB) == ([], [])
    assert list(Replacement.objects.all()) == [run]
