from datetime import date, timedelta
from decimal import Decimal

import pytest

from subscriptions.actions import placement_results, upcoming_order
from subscriptions.actions import prepaid as verbs
from subscriptions.actions.order import skip
from subscriptions.actions.subscription import cancel
from subscriptions.models import Item, Offer, OfferProfile, Order, OrderStatus, ProductGroup, Subscription
from tests.actions import contract
from tests.factories import STAFF, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 12, 1)
CANCEL = ["ordergroove.subscription.cancel", "ordergroove.subscriber.cancel"]
SUCCESS = "ordergroove.order.success"


def create_prepaid(remaining: int, behavior: str = "autorenew", per_billing: int = 3) -> Subscription:
    return subscription_with_order(
        DAY,
        prepaid_orders_per_billing=per_billing,
        prepaid_orders_remaining=remaining,
        renewal_behavior=behavior,
    )


@pytest.fixture
def eligible():
    subscription = subscription_with_order(DAY)
    group = ProductGroup.objects.create(merchant=subscription.merchant, group_type="eligibility", name="prepaid")
    subscription.product.groups.add(group)
    return subscription


def place_order() -> Decimal:
    """Place the only upcoming order. Returns the amount it charged."""
    order = Order.objects.get(status=OrderStatus.UNSENT)
    upcoming_order.queue(order, actor=STAFF)
    placement_results.succeed(order, actor=STAFF, order_merchant_id=f"M-{order.pk}")
    order.refresh_from_db()
    return order.total


def prepaid_context() -> tuple[int | None, int | None, str | None]:
    row = Subscription.objects.get()
    return row.prepaid_orders_per_billing, row.prepaid_orders_remaining, row.renewal_behavior


def upcoming_price() -> Decimal:
    return Item.objects.get(upcoming=True).order.total


def test_two_whole_cycles_charge_every_third_order_for_all_three():
    create_prepaid(0)
    assert [place_order() for _ in range(6)] == [Decimal(amount) for amount in (75, 0, 0, 75, 0, 0)]
    row = Subscription.objects.get()
    assert (prepaid_context(), row.last_renewal_revenue) == ((3, 0, "autorenew"), Decimal(75))
    fourth = Order.objects.order_by("id")[3]
    assert row.prepaid_origin_merchant_order_id == fourth.order_merchant_id
    assert upcoming_price() == Decimal(75)


def test_renewal_at_zero_charges_the_next_order():
    create_prepaid(1)
    assert place_order() == Decimal(0)
    assert (prepaid_context(), upcoming_price()) == ((3, 0, "autorenew"), Decimal(75))


def test_a_cycle_that_is_to_end_ends_with_its_last_order():
    create_prepaid(1, "cancel")
    order = Order.objects.get()
    upcoming_order.queue(order, actor=STAFF)
    contract.assert_emits(
        [SUCCESS, *CANCEL], lambda: placement_results.succeed(order, actor=STAFF, order_merchant_id="1")
    )
    row = Subscription.objects.get()
    assert (row.live, row.cancel_reason) == (False, "Prepaid cycle ended")
    assert not Item.objects.filter(upcoming=True).exists()


def test_the_order_of_a_subscription_cancelled_while_it_was_placed_still_counts():
    subscription = create_prepaid(0)
    order = Order.objects.get()
    upcoming_order.queue(order, actor=STAFF)
    cancel(subscription, actor=STAFF)
    contract.assert_emits([SUCCESS], lambda: placement_results.succeed(order, actor=STAFF, order_merchant_id="1"))
    assert prepaid_context() == (3, 2, "autorenew")
    assert not Subscription.objects.get().live


def test_a_cycle_that_downgrades_goes_on_at_the_normal_price():
    create_prepaid(1, "downgrade")
    assert place_order() == Decimal(0)
    assert (prepaid_context(), upcoming_price()) == ((None, None, None), Decimal(25))
    assert place_order() == Decimal(25)


def test_a_skip_uses_up_no_prepaid_order():
    create_prepaid(2)
    skip(Order.objects.get(), actor=STAFF)
    assert (prepaid_context(), upcoming_price()) == ((3, 2, "autorenew"), Decimal(0))


def test_a_rejected_order_uses_up_no_prepaid_order():
    create_prepaid(2)
    order = Order.objects.get()
    upcoming_order.queue(order, actor=STAFF)
    placement_results.reject(order, actor=STAFF, code="110", message="Wrong number")
    assert prepaid_context() == (3, 2, "autorenew")


def test_remaining_prepaid_orders_prevent_cancelling():
    subscription = create_prepaid(1)
    contract.assert_refused("prepaid_orders_remaining", lambda: cancel(subscription, actor=STAFF))
    place_order()
    cancel(subscription, actor=STAFF)
    assert not Subscription.objects.get().live


def test_an_upgrade_charges_all_orders_with_the_next(eligible):
    act = contract.assert_emits([], lambda: verbs.upgrade(eligible, actor=STAFF, orders_per_billing=4))
    assert (prepaid_context(), upcoming_price()) == ((4, 0, "autorenew"), Decimal(100))
    assert act.activity.sentence == "Made the subscription to House blend prepaid: 4 orders per billing."
    contract.assert_refused("already_prepaid", lambda: verbs.upgrade(eligible, actor=STAFF, orders_per_billing=4))


def test_an_upgrade_may_bring_an_offer_from_the_next_order_on(eligible):
    place_order()
    profile = OfferProfile.objects.create(merchant=eligible.merchant, name="Prepaid")
    offer = Offer.objects.create(merchant=eligible.merchant, profile=profile, name="Prepaid")
    verbs.upgrade(eligible, actor=STAFF, orders_per_billing=2, renewal_behavior="cancel", offer=offer)
    assert Subscription.objects.get().offer == offer
    assert [item.offer for item in Item.objects.order_by("id")] == [None, offer]


def test_prepaid_is_offered_for_eligible_products_where_enabled(eligible):
    plain = subscription_with_order(DAY)
    contract.assert_refused("prepaid_unavailable", lambda: verbs.upgrade(plain, actor=STAFF, orders_per_billing=2))
    type(eligible.merchant).objects.update(prepaid_enabled=False)
    contract.assert_refused("prepaid_unavailable", lambda: verbs.upgrade(eligible, actor=STAFF, orders_per_billing=2))


@pytest.mark.parametrize("wrong", [{"orders_per_billing": 1}, {"orders_per_billing": 2, "renewal_behavior": "maybe"}])
def test_an_upgrade_that_makes_no_sense_is_refused(eligible, wrong):
    contract.assert_refused("invalid_value", lambda: verbs.upgrade(eligible, actor=STAFF, **wrong))


def test_the_renewal_behaviour_can_be_changed():
    subscription = create_prepaid(1)
    contract.assert_emits(
        [], lambda: verbs.change_renewal_behavior(subscription, actor=STAFF, renewal_behavior="downgrade")
    )
    assert prepaid_context() == (3, 1, "downgrade")


def test_a_cycle_can_be_corrected_and_the_upcoming_order_follows():
    subscription = create_prepaid(2)
    contract.assert_emits([], lambda: verbs.change_context(subscription, actor=STAFF, orders_remaining=0))
    assert (prepaid_context(), upcoming_price()) == ((3, 0, "autorenew"), Decimal(75))
    contract.assert_emits(
        [], lambda: verbs.change_context(subscription, actor=STAFF, orders_remaining=1, orders_per_billing=5)
    )
    assert (prepaid_context(), upcoming_price()) == ((5, 1, "autorenew"), Decimal(0))


def test_a_cycle_corrected_to_its_end_ends_now_where_it_is_to_end():
    subscription = create_prepaid(2)
    contract.assert_emits(
        CANCEL,
        lambda: verbs.change_context(subscription, actor=STAFF, orders_remaining=0, renewal_behavior="cancel"),
    )
    assert not Subscription.objects.get().live


@pytest.mark.parametrize(
    "act",
    [
        lambda row: verbs.change_renewal_behavior(row, actor=STAFF, renewal_behavior="cancel"),
        lambda row: verbs.change_context(row, actor=STAFF, orders_remaining=1),
    ],
)
def test_a_subscription_without_prepaid_has_no_cycle_to_change(eligible, act):
    contract.assert_refused("not_prepaid", lambda: act(eligible))


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_upgrades_one_acts(eligible):
    outcomes = contract.run_twice_at_once(lambda: verbs.upgrade(eligible, actor=STAFF, orders_per_billing=2))
    assert outcomes == ["already_prepaid", "done"]


def test_the_orders_of_a_cycle_keep_their_distance():
    create_prepaid(2)
    place_order()
    assert Item.objects.get(upcoming=True).order.place_date == DAY + timedelta(days=14)
