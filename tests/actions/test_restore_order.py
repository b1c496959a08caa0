from datetime import date
from decimal import Decimal

import pytest

from subscriptions.actions import order as orders
from subscriptions.actions import restore_order as verbs
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.models import Item, Order, OrderStatus
from tests.actions import contract
from tests.factories import STAFF, OrderFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY, LATER = date(2026, 12, 1), date(2026, 12, 9)
DATE = "ordergroove.order.change_next_order_date"


@pytest.fixture
def subscription(noon):
    return subscription_with_order(DAY)


@pytest.fixture
def order(subscription):
    return Order.objects.get()


def create_second_subscription(subscription, day):
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address")}
    return subscription_with_order(day, **same, quantity=1)


def order_rows() -> list[tuple[date, int, Decimal, int]]:
    return [
        (row.place_date, row.status, row.total, row.items.filter(upcoming=True).count())
        for row in Order.objects.order_by("id")
    ]


def test_an_unskipped_order_is_as_it_was_and_the_next_one_is_gone(subscription, order):
    before = order_rows()
    orders.skip(order, actor=STAFF)
    done = contract.assert_emits([DATE], lambda: verbs.unskip(order, actor=STAFF))
    assert order_rows() == before
    assert done.activity.sentence == "Undid the skip of the order of December 1, 2026."
    assert (done.subject.cancelled, done.subject.items.get().upcoming) == (None, True)


def test_only_a_skipped_order_can_be_unskipped(order):
    contract.assert_refused("order_not_restorable", lambda: verbs.unskip(order, actor=STAFF))


@pytest.mark.parametrize("facts", [{"tries": 1}, {"locked": True}, {"oos_free_shipping": True}])
def test_an_order_that_was_in_placement_is_not_restored(subscription, order, facts):
    orders.skip(order, actor=STAFF)
    Order.objects.filter(pk=order.pk).update(**facts)
    contract.assert_refused("order_not_restorable", lambda: verbs.unskip(order, actor=STAFF))


def test_a_skip_stays_when_its_subscription_was_cancelled_since(subscription, order):
    orders.skip(order, actor=STAFF)
    cancel(subscription, actor=STAFF)
    contract.assert_refused("order_not_open", lambda: verbs.unskip(order, actor=STAFF))


def test_a_skip_stays_while_another_order_has_its_date(subscription, order):
    orders.skip(order, actor=STAFF)
    create_second_subscription(subscription, DAY)
    contract.assert_refused("order_not_restorable", lambda: verbs.unskip(order, actor=STAFF))


def test_a_skip_stays_once_its_date_has_passed(subscription, order, noon):
    orders.skip(order, actor=STAFF)
    noon.move_to("2026-12-02T17:00:00Z")
    contract.assert_refused("place_date_past", lambda: verbs.unskip(order, actor=STAFF))


@pytest.fixture
def merged(subscription, order):
    """The order was merged into one of a later date. Returns the keys of its items."""
    create_second_subscription(subscription, LATER)
    Order.objects.filter(pk=order.pk).update(extra_data={"gift": "yes"})
    items = list(order.items.values_list("pk", flat=True))
    orders.change_date(order, actor=STAFF, day=LATER)
    return items


def test_an_unmerged_order_has_its_items_and_day_again(order, merged):
    assert order_rows() == [(DAY, OrderStatus.MERGED, Decimal(0), 0), (LATER, OrderStatus.UNSENT, Decimal("37.50"), 2)]
    done = contract.assert_emits([DATE], lambda: verbs.unmerge(order, actor=STAFF, items=merged))
    assert order_rows() == [(DAY, OrderStatus.UNSENT, Decimal(25), 1), (LATER, OrderStatus.UNSENT, Decimal("12.50"), 1)]
    assert done.subject.extra_data == {"gift": "yes"}
    assert done.activity.sentence == "Undid the merge of the order of December 1, 2026."


def test_only_a_merged_order_can_be_unmerged(order):
    contract.assert_refused("order_not_restorable", lambda: verbs.unmerge(order, actor=STAFF, items=[]))


def test_an_item_moved_since_keeps_the_merge(subscription, order, merged):
    target = Order.objects.get(place_date=LATER)
    orders.skip_subscription(target, actor=STAFF, subscription=subscription)
    contract.assert_refused("order_not_restorable", lambda: verbs.unmerge(order, actor=STAFF, items=merged))


def test_an_order_that_can_no_longer_be_changed_keeps_what_went_into_it(order, merged):
    Order.objects.filter(place_date=LATER).update(locked=True)
    contract.assert_refused("order_not_restorable", lambda: verbs.unmerge(order, actor=STAFF, items=merged))


def test_another_customers_items_cannot_be_taken(order, merged):
    stranger = subscription_with_order(LATER).items.get()
    contract.assert_refused(
        "order_not_restorable", lambda: verbs.unmerge(order, actor=STAFF, items=[*merged, stranger.pk])
    )


def test_an_order_created_since_takes_the_date(subscription, order, merged):
    OrderFactory(
        customer=order.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        place_date=DAY,
    )
    contract.assert_refused("order_not_restorable", lambda: verbs.unmerge(order, actor=STAFF, items=merged))


def test_a_win_back_offer_of_another_merchant_is_not_found(subscription):
    offer = subscription_with_order().merchant.offers.model
    profile = subscription_with_order().merchant.offer_profiles.create(name="Theirs")
    theirs = offer.objects.create(merchant=profile.merchant, profile=profile, name="Theirs")
    cancel(subscription, actor=STAFF)
    contract.assert_refused("not_found", lambda: reactivate(subscription, actor=STAFF, winback=theirs))
    assert not Item.objects.filter(subscription=subscription).exists()
