"""Background replacements reach every subscription once, whatever dies meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from common.work import LeaseLost, turn
from subscriptions.actions import product as verbs
from subscriptions.actions import replacing
from subscriptions.actions.subscription import cancel
from subscriptions.errors import SENTENCES
from subscriptions.jobs import replacements
from subscriptions.models import Activity, Event, Item, Merchant, Product, Refusal, Replacement, Subscription
from tests import factories as f
from tests.races import run_at_once
from tests.rows import read_all_rows

PREPAID = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "autorenew"}


class Killed(BaseException):
    """The worker dies."""


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def product(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant)
    return made


@pytest.fixture
def substitute(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant, name="Morning blend", price=14)
    return made


def create_subscriptions(product: Product, number: int, **fields: Any) -> list[Subscription]:
    return [
        f.subscription_with_order(customer=f.CustomerFactory(merchant=product.merchant), product=product, **fields)
        for _ in range(number)
    ]


def run_counts(run: Replacement) -> tuple[str, int, int, int]:
    run.refresh_from_db()
    return run.state, run.total, run.done, run.refused


def subscribed_products() -> list[Product]:
    return [row.product for row in Subscription.objects.select_related("product").order_by("pk")]


def expire_lease(run: Replacement) -> None:
    Replacement.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_all_are_swapped_with_one_activity_and_event_each(product: Product, substitute: Product) -> None:
    subscribed = create_subscriptions(product, 3)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 3, 3, 0)
    assert run.finished is not None
    assert subscribed_products() == [substitute] * 3
    assert [row.subscription for row in Activity.objects.order_by("pk")] == subscribed
    assert [(row.kind, row.subscription) for row in Event.objects.order_by("pk")] == [
        ("ordergroove.subscription.sku_swap", row) for row in subscribed
    ]


def test_without_a_substitute_all_end(product: Product) -> None:
    create_subscriptions(product, 2)
    run = verbs.discontinue_product(product, actor=f.STAFF)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 2, 2, 0)
    assert not Subscription.objects.live().exists()
    assert not Item.objects.exists()


def test_a_silent_run_announces_nothing(product: Product, substitute: Product) -> None:
    create_subscriptions(product, 2)
    replacements.continue_replacement(
        verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute, silent=True).pk
    )
    assert subscribed_products() == [substitute] * 2
    assert (Activity.objects.count(), Event.objects.count()) == (2, 0)


def test_a_refusal_is_recorded_and_the_run_goes_on(product: Product, substitute: Product) -> None:
    first, prepaid, last = (
        create_subscriptions(product, 1)
        + create_subscriptions(product, 1, **PREPAID)
        + create_subscriptions(product, 1)
    )
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 3, 2, 1)
    assert subscribed_products() == [substitute, product, substitute]
    assert list(run.refusals.values_list("subscription", "sentence")) == [(prepaid.pk, SENTENCES["price_differs"])]
    assert {row.subscription for row in Activity.objects.all()} == {first, last}


def test_a_subscription_that_fails_does_not_stop_the_others(
    product: Product, substitute: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, _whole = create_subscriptions(product, 2)
    swap = replacing.verbs.change_product

    def break_one(subscription: Subscription, **inputs: Any) -> Any:
        done = swap(subscription, **inputs)
        if subscription == broken:
            raise ValueError("a fault")
        return done

    monkeypatch.setattr(replacing.verbs, "change_product", break_one)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 2, 1, 1)
    assert subscribed_products() == [product, substitute]
    assert Refusal.objects.get().sentence == SENTENCES["replacement_failed"]


@pytest.mark.parametrize("when", ["before the step", "in the step", "after the step"])
def test_a_killed_run_resumes_where_it_was(
    product: Product, substitute: Product, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    _first, second, _third = create_subscriptions(product, 3)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    with monkeypatch.context() as patch:
        kill_step(patch, second, when)
        with pytest.raises(Killed):
            replacements.continue_replacement(run.pk)
    done = 2 if when == "after the step" else 1
    assert run_counts(run) == ("running", 3, done, 0)
    assert subscribed_products() == [substitute] * done + [product] * (3 - done)

    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("running", 3, done, 0)  # the dead worker's lease has not ended
    expire_lease(run)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 3, 3, 0)
    assert subscribed_products() == [substitute] * 3
    assert (Activity.objects.count(), Event.objects.count()) == (3, 3)


def kill_step(patch: pytest.MonkeyPatch, victim: Subscription, when: str) -> None:
    replace, advance = replacing.replace_subscription, Replacement.advance

    def around(run: Replacement, subscription: Subscription) -> None:
        if subscription != victim:
            return replace(run, subscription)
        if when == "after the step":
            replace(run, subscription)
        raise Killed

    def inside(run: Replacement, cursor: int, **changes: Any) -> None:
        advance(run, cursor, **changes)
        if cursor == victim.pk:
            raise Killed

    if when == "in the step":
        patch.setattr(Replacement, "advance", inside)
    else:
        patch.setattr(replacing, "replace_subscription", around)


@pytest.mark.django_db(transaction=True)
def test_two_workers_of_one_run_handle_each_subscription_once(
    product: Product, substitute: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_subscriptions(product, 4)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    # As if the first worker's lease had ended at once.
    monkeypatch.setattr(Replacement, "lease_length", timedelta(seconds=-1))
    run_at_once(2, lambda: replacements.continue_replacement(run.pk))
    expire_lease(run)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 4, 4, 0)
    assert subscribed_products() == [substitute] * 4
    assert (Activity.objects.count(), Event.objects.count()) == (4, 4)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_taken_for_dead_undoes_its_step(
    product: Product, substitute: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_subscriptions(product, 2)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    replace = replacing.replace_subscription
    lost: list[str] = []

    def slow(current: Replacement, subscription: Subscription) -> None:
        monkeypatch.setattr(replacing, "replace_subscription", replace)
        expire_lease(current)
        replacements.continue_replacement(run.pk)  # the other worker does everything meanwhile
        try:
            replace(current, subscription)
        except LeaseLost:
            lost.append(subscription.public_id.hex)
            raise

    monkeypatch.setattr(replacing, "replace_subscription", slow)
    replacements.continue_replacement(run.pk)
    assert len(lost) == 1
    assert run_counts(run) == ("done", 2, 2, 0)
    assert (Activity.objects.count(), Event.objects.count()) == (2, 2)


def test_a_subscription_made_or_ended_meanwhile_does_no_harm(
    product: Product, substitute: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    _first, second, _third = create_subscriptions(product, 3)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    with monkeypatch.context() as patch:
        patch.setattr(turn, "TURN_SECONDS", -1)
        replacements.continue_replacement(run.pk)
    cancel(second, actor=f.STAFF)
    create_subscriptions(product, 2)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 4, 4, 0)
    assert subscribed_products() == [substitute, product, substitute, substitute, substitute]


def test_other_products_and_merchants_stay_as_they_are(product: Product, substitute: Product) -> None:
    create_subscriptions(product, 1)
    (bystander,) = create_subscriptions(f.ProductFactory(merchant=product.merchant), 1)
    (foreign,) = create_subscriptions(f.ProductFactory(external_product_id=product.external_product_id), 1)
    replacements.continue_replacement(verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute).pk)
    untouched = Subscription.objects.filter(pk__in=[bystander.pk, foreign.pk]).order_by("pk")
    assert [row.product for row in untouched] == [bystander.product, foreign.product]
    assert not Event.objects.filter(merchant=foreign.merchant).exists()


def test_a_run_over_nothing_is_done_at_once(product: Product) -> None:
    run = verbs.discontinue_product(product, actor=f.STAFF)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("done", 0, 0, 0)


def test_a_finished_run_is_not_run_again(product: Product) -> None:
    create_subscriptions(product, 1)
    run = verbs.discontinue_product(product, actor=f.STAFF)
    replacements.continue_replacement(run.pk)
    expire_lease(run)
    before = read_all_rows()
    replacements.continue_replacement(run.pk)
    assert read_all_rows() == before


def test_a_long_run_yields_its_turn(product: Product, substitute: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    create_subscriptions(product, 2)
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    monkeypatch.setattr(turn, "TURN_SECONDS", -1)
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("running", 2, 1, 0)
    assert OrmQ.objects.count() == 1
    replacements.continue_replacement(run.pk)
    assert run_counts(run) == ("running", 2, 2, 0)


def test_the_sweep_wakes_runs_left_by_a_lost_task_or_a_dead_worker(product: Product, substitute: Product) -> None:
    run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
    replacements.sweep()
    assert OrmQ.objects.count() == 1
    Replacement.objects.update(lease_until=timezone.now() + timedelta(seconds=20))
    replacements.sweep()
    assert OrmQ.objects.count() == 1
    expire_lease(run)
    replacements.sweep()
    assert OrmQ.objects.count() == 2


def test_a_step_costs_the_action_and_two_more_queries(product: Product, substitute: Product) -> None:
    def queries(number: int) -> int:
        Replacement.objects.update(state="done")
        create_subscriptions(product, number)
        run = verbs.discontinue_product(product, actor=f.STAFF, substitute=substitute)
        with CaptureQueriesContext(connection) as captured:
            replacements.continue_replacement(run.pk)
        return len(captured)

    (single,) = create_subscriptions(f.ProductFactory(merchant=product.merchant), 1)
    with CaptureQueriesContext(connection) as act:
        replacing.verbs.change_product(single, actor=f.STAFF, product=substitute)
    assert queries(12) - queries(2) == 10 * (len(act) + 2)
