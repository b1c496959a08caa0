"""The roll-ups equal the rows they stand for, through whatever happens before, while and after they are folded."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from common.work import LeaseLost
from oneclick.models import ActionToken, Click, DailyClicks
from subscriptions.actions import customer as customer_actions
from subscriptions.actions import placement_results, upcoming_order
from subscriptions.actions import subscription as verbs
from subscriptions.errors import NotFound, Refused
from subscriptions.figures import roll_ups
from subscriptions.models import DailyFigure, Item, Merchant, Order, OrderStatus, RollUp, StaleFact
from tests import factories as f
from tests.actions import random_actions as acts
from tests.figures.folding import assert_exact, fold
from tests.oneclick.analytics.test_figures_from_scratch import Past


def send(world: acts.World, n: int, result: Callable[..., Any], **answer: str) -> Any:
    order = acts.pick_row(Order.objects.open().filter(customer=world.customer).order_by("id"), n)
    upcoming_order.queue(order, actor=f.STAFF)
    return result(order, actor=f.STAFF, **answer)


def place(world: acts.World, n: int) -> Any:
    return send(world, n, placement_results.succeed, order_merchant_id=str(n))


def reject(world: acts.World, n: int) -> Any:
    return send(world, n, placement_results.reject, code="110", message="Wrong number")


def decline(world: acts.World, n: int) -> Any:
    return send(world, n, placement_results.decline, code="140", message="Declined")


def cancel(world: acts.World, n: int) -> Any:
    reasons = ["4|too much", "4|still", "just so", "77|gone", ""]
    return verbs.cancel(world.subscription(n), actor=f.STAFF, reason=reasons[n % len(reasons)])


ACTS = [
    *(place, place, place, reject, decline, cancel, acts.reactivate, acts.reactivate, acts.add_subscription),
    *(acts.change_product, acts.change_product),
    *(acts.queue, acts.succeed, acts.change_quantity, acts.skip, acts.remove_item, acts.change_item_price),
]


@pytest.fixture
def merchant(noon: time_machine.Traveller, db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory(disengaged_after=2)
    return merchant


@pytest.mark.parametrize("seed", [5])
def test_the_figures_of_the_business_are_exact_through_random_acts(
    merchant: Merchant, noon: time_machine.Traveller, seed: int
) -> None:
    chance = Random(seed)
    worlds = [acts.create_world(customer=f.CustomerFactory(merchant=merchant, is_test=n == 0)) for n in range(3)]
    for step, act in enumerate(chance.sample(ACTS * 3, len(ACTS) * 3)):
        noon.shift(timedelta(minutes=chance.randrange(2000)))
        with suppress(Refused, NotFound), transaction.atomic():
            act(chance.choice(worlds), chance.randrange(100))
        if step % 7 == 0:
            fold(merchant)
        if step % 5 == 0:
            assert_exact(merchant)
    fold(merchant)
    kinds = set(DailyFigure.objects.filter(merchant=merchant).values_list("figure", flat=True))
    assert kinds >= {"cancelled", "reactivated", "placed", "rejected"}
    assert_exact(merchant)


@pytest.mark.parametrize("seed", [2])
def test_the_figures_of_clicks_are_exact_through_undo_late_presses_deleted_links_and_placements(
    merchant: Merchant, noon: time_machine.Traveller, seed: int
) -> None:
    past = Past(merchant, seed)
    fold(merchant)
    assert DailyClicks.objects.exclude(orders=0).exists()
    changes: list[Any] = [
        lambda: undo(past),
        lambda: Click.objects.filter(pk=pick(past, likely_machine=True)).update(likely_machine=False),
        lambda: Click.objects.filter(pk=pick(past)).delete(),
        lambda: place_some(past),
        lambda: click_again(past),
    ]
    for step, change in enumerate([*changes, *changes[:2]]):
        noon.shift(timedelta(hours=past.chance.randrange(40)))
        change()
        assert_exact(merchant)
        if step % 3 == 0:
            fold(merchant)
            assert_exact(merchant)
            assert not StaleFact.objects.exists()
    past.links[1].delete()
    assert_exact(merchant)
    fold(merchant)
    assert_exact(merchant)


def pick(past: Past, **which: Any) -> int:
    return int(
        past.chance.choice(list(Click.objects.filter(merchant=past.merchant, **which).values_list("pk", flat=True)))
    )


def undo(past: Past) -> None:
    token = Click.objects.get(pk=pick(past, outcome="success", token__undone_at=None, replayed=False)).token
    ActionToken.objects.filter(pk=token.pk).update(undone_at=timezone.now())


def click_again(past: Past) -> None:
    again = Click.objects.get(pk=pick(past, outcome="success"))
    again.pk, again.at = None, timezone.now()
    again.save()


def place_some(past: Past) -> None:
    """Orders and items that clicks refer to are placed now."""
    item = past.chance.choice(list(Item.objects.filter(merchant=past.merchant, first_placed=None)))
    item.order.status, item.order.cancelled = OrderStatus.SUCCESS, None
    item.order.save()
    item.first_placed = timezone.now()
    item.save()


def test_another_time_zone_folds_everything_anew(merchant: Merchant) -> None:
    Past(merchant, 3)
    fold(merchant)
    before = list(DailyClicks.objects.values_list("day", "acted"))
    Merchant.objects.update(time_zone="Asia/Kathmandu")
    assert_exact(merchant)
    fold(merchant)
    assert_exact(merchant)
    assert list(DailyClicks.objects.values_list("day", "acted")) != before
    assert set(RollUp.objects.values_list("time_zone", flat=True)) == {"Asia/Kathmandu"}


def test_a_customer_who_becomes_a_test_customer_leaves_the_active_and_the_clicks(merchant: Merchant) -> None:
    customer = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)).customer
    token = ActionToken.objects.create(
        merchant=merchant,
        customer=customer,
        scope="subscription",
        subscription=customer.subscriptions.get(),
        expires_at=timezone.now(),
    )
    Click.objects.create(
        merchant=merchant,
        token=token,
        action="skip",
        outcome="opened",
        opens=True,
        at=timezone.now() - timedelta(days=2),
    )
    fold(merchant)
    assert DailyClicks.objects.get().opened == 1
    customer_actions.mark_as_test(customer, actor=f.STAFF)
    assert_exact(merchant)
    fold(merchant)
    assert_exact(merchant)
    assert not DailyClicks.objects.exists()


def test_a_killed_fold_goes_on_where_it_was_and_counts_nothing_twice(
    merchant: Merchant, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    Past(merchant, 4)
    row = RollUp.objects.create(merchant=merchant, name="clicks")
    steps, renew = iter(range(100)), RollUp.renew

    def die(self: RollUp, **changes: Any) -> None:
        if next(steps) == 4:  # after the sums of the day are stored, and before that is committed
            raise KeyboardInterrupt
        renew(self, **changes)

    monkeypatch.setattr(RollUp, "renew", die)
    with pytest.raises(KeyboardInterrupt):
        roll_ups.continue_fold(row.pk)
    reached = RollUp.objects.get(pk=row.pk).folded_until
    assert reached is not None
    assert_exact(merchant)
    roll_ups.continue_fold(row.pk)  # its lease has not ended
    assert RollUp.objects.get(pk=row.pk).folded_until == reached
    noon.shift(timedelta(minutes=1))
    roll_ups.continue_fold(row.pk)
    assert RollUp.objects.get(pk=row.pk).folded_until > reached + timedelta(days=10)
    assert_exact(merchant)


def test_a_worker_that_lost_its_lease_stores_nothing(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    Past(merchant, 5)
    row = RollUp.objects.create(merchant=merchant, name="clicks")

    def lose(self: RollUp, **changes: Any) -> None:
        if "folded_until" in changes and changes["folded_until"]:
            raise LeaseLost

    monkeypatch.setattr(RollUp, "renew", lose)
    roll_ups.continue_fold(row.pk)
    assert not DailyClicks.objects.exists()


def test_a_sweep_wakes_workers_only_for_what_has_something_to_fold(
    merchant: Merchant, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(roll_ups, "sweep_rows", lambda rows, task: woken.extend(rows.values_list("name", flat=True)))
    roll_ups.sweep()
    assert woken == ["business", "cancellations", "clicks", "gains"]  # made, and not folded yet
    fold(merchant)
    woken.clear()
    roll_ups.sweep()
    assert woken == []
    verbs.cancel(f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant)), actor=f.STAFF)
    roll_ups.sweep()
    assert woken == []  # too new
    noon.shift(timedelta(minutes=10))
    roll_ups.sweep()
    assert woken == ["business", "cancellations"]
    fold(merchant)
    StaleFact.objects.create(merchant=merchant, name="clicks", at=timezone.now())
    woken.clear()
    roll_ups.sweep()
    assert woken == ["clicks", "gains"]


def test_a_click_that_turns_out_to_be_a_persons_takes_over_what_an_earlier_one_gained(merchant: Merchant) -> None:
    subscription = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    token = ActionToken.objects.create(
        merchant=merchant,
        customer=subscription.customer,
        scope="subscription",
        subscription=subscription,
        expires_at=timezone.now(),
    )
    common = {"merchant": merchant, "token": token, "subscription": subscription, "action": "reactivate"}
    _, late = (
        Click.objects.create(
            **common, outcome="success", likely_machine=days == 3, at=timezone.now() - timedelta(days=days)
        )
        for days in (5, 3)
    )
    subscription.items.update(first_placed=timezone.now() - timedelta(days=1))
    fold(merchant)
    assert list(DailyClicks.objects.order_by("day").values_list("orders", flat=True)) == [1, 0]
    Click.objects.filter(pk=late.pk).update(likely_machine=False)
    assert_exact(merchant)
    fold(merchant)
    assert_exact(merchant)
    assert list(DailyClicks.objects.order_by("day").values_list("orders", flat=True)) == [0, 1]
