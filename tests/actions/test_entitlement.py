from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from subscriptions.actions import entitlement as verbs
from subscriptions.actions import placement_results, upcoming_order
from subscriptions.actions.subscription import cancel
from subscriptions.models import Entitlement, Event, Order, Product, Resource, ResourceGrant
from tests.actions import contract
from tests.factories import STAFF, MerchantFactory, ProductFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
DAY = date(2026, 11, 30)
MONTH = 30 * 24 * 3600  # seconds
DATE = "ordergroove.order.change_next_order_date"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def plan(clock):
    """A live subscription to a plan that grants two resources with each order."""
    subscription = subscription_with_order(DAY)
    Product.objects.update(product_type=Product.Type.PLAN)
    for name, seconds, grace in (("Music", MONTH, 3600), ("Recipes", 2 * MONTH, None)):
        ResourceGrant.objects.create(
            merchant=subscription.merchant,
            product=subscription.product,
            resource=create_resource(subscription.merchant, name),
            time_amount=seconds,
            grace_period=grace,
        )
    subscription.product.refresh_from_db()
    return subscription


def create_resource(merchant, name="Videos") -> Resource:
    return Resource.objects.create(merchant=merchant, name=name, external_resource_id=name)


@pytest.fixture
def held(plan) -> Entitlement:
    verbs.grant(plan, actor=STAFF, resource=create_resource(plan.merchant), seconds=60, grace_period=600)
    return Entitlement.objects.get()


def place_order() -> None:
    order = Order.objects.get(status=1)
    upcoming_order.queue(order, actor=STAFF)
    placement_results.succeed(order, actor=STAFF, order_merchant_id="1224")


def expirations() -> list[datetime]:
    return list(Entitlement.objects.order_by("id").values_list("expiration", flat=True))


def test_each_placed_order_of_a_plan_adds_its_time_and_the_event_lists_all_entitlements(plan):
    place_order()
    assert expirations() == [NOW + timedelta(seconds=MONTH), NOW + timedelta(seconds=2 * MONTH)]
    assert len(Event.objects.get(kind="ordergroove.order.success").payload["entitlement_summaries"]) == 2
    place_order()
    assert expirations() == [NOW + timedelta(seconds=2 * MONTH), NOW + timedelta(seconds=4 * MONTH)]
    payload = Event.objects.filter(kind="ordergroove.order.success").latest("id").payload
    summaries = payload["entitlement_summaries"]
    assert [entry["resource_name"] for entry in summaries] == ["Music", "Recipes"]
    assert [entry["grace_expires_at"] for entry in summaries] == ["2027-01-19T18:00:00.000Z", None]
    assert payload["meta_entitlement_expires_at"] == "March 20, 2027 at 01:00 PM"  # New York, daylight time
    assert payload["has_active_entitlement"] is True


def test_time_is_added_from_now_once_access_is_over(plan, clock):
    place_order()
    later = NOW + timedelta(days=365)
    clock.move_to(later)
    place_order()
    assert expirations() == [later + timedelta(seconds=MONTH), later + timedelta(seconds=2 * MONTH)]


def test_a_product_without_a_plan_grants_nothing(plan):
    Product.objects.update(product_type=Product.Type.STANDARD)
    place_order()
    assert expirations() == []


def test_staff_grant_time_by_hand(plan):
    videos = create_resource(plan.merchant)
    act = contract.assert_emits([], lambda: verbs.grant(plan, actor=STAFF, resource=videos, seconds=MONTH))
    assert expirations() == [NOW + timedelta(seconds=MONTH)]
    assert act.activity.sentence == "Granted access to Videos until December 20, 2026."
    assert act.activity.subscription == plan


def test_a_foreign_resource_or_no_time_is_refused(plan):
    foreign, own = create_resource(MerchantFactory()), create_resource(plan.merchant)
    contract.assert_refused("not_found", lambda: verbs.grant(plan, actor=STAFF, resource=foreign, seconds=1))
    contract.assert_refused("invalid_value", lambda: verbs.grant(plan, actor=STAFF, resource=own, seconds=0))


def test_a_new_expiry_moves_the_upcoming_order(held):
    act = contract.assert_emits([DATE], lambda: verbs.modify_expiration(held, actor=STAFF, day=date(2026, 12, 24)))
    assert expirations() == [datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)]
    assert act.result == Order.objects.get(place_date=date(2026, 12, 24))
    contract.assert_refused(
        "place_date_past", lambda: verbs.modify_expiration(held, actor=STAFF, day=date(2026, 11, 19))
    )


def test_a_new_expiry_can_leave_the_order_in_place(held):
    contract.assert_emits(
        [],
        lambda: verbs.modify_expiration(held, actor=STAFF, day=date(2026, 12, 24), correct_renewal=False),
    )
    assert Order.objects.get().place_date == DAY


def test_a_new_expiry_restores_access_and_moves_nothing_of_a_cancelled_subscription(held, plan):
    cancel(plan, actor=STAFF)
    verbs.void(held, actor=STAFF)
    contract.assert_emits([], lambda: verbs.modify_expiration(held, actor=STAFF, day=date(2026, 12, 24)))
    assert Entitlement.objects.get().live
    assert expirations() == [datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)]


def test_access_expires_after_its_grace_period_only(held, clock):
    clock.move_to(NOW + timedelta(seconds=60 + 599))
    contract.assert_refused("entitlement_running", lambda: verbs.expire(held, actor=STAFF))
    clock.move_to(NOW + timedelta(seconds=60 + 600))
    contract.assert_emits([], lambda: verbs.expire(held, actor=STAFF))
    assert not Entitlement.objects.get().live
    contract.assert_refused("entitlement_ended", lambda: verbs.expire(held, actor=STAFF))


def test_access_outlives_the_subscription_and_can_be_revoked(held, plan):
    cancel(plan, actor=STAFF)
    assert Entitlement.objects.get().live
    contract.assert_emits([], lambda: verbs.void(held, actor=STAFF))
    assert not Entitlement.objects.get().live
    contract.assert_refused("entitlement_ended", lambda: verbs.void(held, actor=STAFF))


def test_revoked_access_begins_anew_with_the_next_order(plan):
    place_order()
    for row in Entitlement.objects.all():
        verbs.void(row, actor=STAFF)
    place_order()
    assert expirations() == [NOW + timedelta(seconds=MONTH), NOW + timedelta(seconds=2 * MONTH)]
    assert set(Entitlement.objects.values_list("live", flat=True)) == {True}


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_revocations_of_access_one_acts(held):
    assert contract.run_twice_at_once(lambda: verbs.void(held, actor=STAFF)) == ["done", "entitlement_ended"]


def test_a_one_time_item_of_a_plan_needs_no_holder_and_grants_nothing(plan):
    order = Order.objects.get()
    product = ProductFactory(merchant=plan.merchant, product_type=Product.Type.PLAN)
    order.items.create(merchant=plan.merchant, product=product, one_time=True, price=1, total_price=1)
    place_order()
    assert Entitlement.objects.count() == 2
