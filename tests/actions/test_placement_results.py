from datetime import UTC, date, datetime, timedelta

import pytest

from subscriptions.actions import placement_results as verbs
from subscriptions.actions import upcoming_order
from subscriptions.events import payloads
from subscriptions.models import Effect, Item, Merchant, OneTimeIncentive, Order, OrderStatus, Subscription
from subscriptions.placement.results import RESULT_CODES, PlacementResult
from tests.actions import contract
from tests.factories import STAFF, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY, NEXT = date(2026, 11, 20), date(2026, 12, 4)
SUCCESS = "ordergroove.order.success"
REJECT = "ordergroove.order.reject"
RETRY = "order.retryable_placement_failure"
CANCEL = "ordergroove.order.cancel"
ENDED = ["ordergroove.subscription.cancel", "ordergroove.subscriber.cancel"]


@pytest.fixture
def queued(noon) -> Order:
    subscription_with_order(DAY)
    order = Order.objects.get()
    upcoming_order.queue(order, actor=STAFF)
    return order


def decline_order(order: Order):
    return verbs.decline(order, actor=STAFF, code="140", message="Declined")


def hold_order(order: Order, status: int):
    return verbs.hold(order, actor=STAFF, status=OrderStatus(status), code="999", message="Later")


def queue_again(order: Order, noon, day: int) -> None:
    """Queue the order again at noon of that day of December."""
    noon.move_to(datetime(2026, 12, day, 17, tzinfo=UTC))
    upcoming_order.queue(order, actor=STAFF)


def test_an_order_placed_marks_its_items_and_the_subscription(queued):
    act = contract.assert_emits([SUCCESS], lambda: verbs.succeed(queued, actor=STAFF, order_merchant_id="1224"))
    queued.refresh_from_db()
    assert (queued.status, queued.order_merchant_id) == (OrderStatus.SUCCESS, "1224")
    assert queued.items.get().first_placed == Subscription.objects.get().first_placed is not None
    assert act.events[0].payload == payloads.order_payload(Order.objects.get(pk=queued.pk))
    contract.assert_refused("order_not_due", lambda: verbs.succeed(queued, actor=STAFF, order_merchant_id="1225"))


def test_an_order_placed_at_last_drops_its_decline_reason(queued, noon):
    decline_order(queued)
    queue_again(queued, noon, 20)
    verbs.succeed(queued, actor=STAFF, order_merchant_id="1224")
    queued.refresh_from_db()
    assert (queued.rejected_error_code, queued.rejected_message) == (None, None)


def test_what_was_placed_or_used_before_keeps_its_moment(queued):
    before = queued.created - timedelta(days=1)
    Item.objects.filter(order=queued).update(first_placed=before)
    used = OneTimeIncentive.objects.create(
        merchant=queued.merchant,
        customer=queued.customer,
        order=queued,
        name="Sorry",
        type=OneTimeIncentive.Type.DISCOUNT,
        target="order",
        field="sub_total",
        discount_type="Discount Amount",
        value=1,
        applied_at=before,
    )
    Order.objects.filter(pk=queued.pk).update(applied_incentives=[{"publicId": used.public_id.hex}])
    queued.refresh_from_db()
    verbs.succeed(queued, actor=STAFF, order_merchant_id="1224")
    used.refresh_from_db()
    assert (queued.items.get().first_placed, used.applied_at) == (before, before)


def test_a_subscription_keeps_the_moment_its_first_order_was_placed(queued, noon):
    verbs.succeed(queued, actor=STAFF, order_merchant_id="1224")
    second = Order.objects.get(status=OrderStatus.UNSENT)
    queue_again(second, noon, 4)
    verbs.succeed(second, actor=STAFF, order_merchant_id="1225")
    assert Subscription.objects.get().first_placed == queued.items.get().first_placed
    assert second.items.get().first_placed - queued.items.get().first_placed == timedelta(days=14)


def test_a_rejected_order_leaves_the_subscription_live_and_its_next_order_in_place(queued):
    act = contract.assert_emits([REJECT], lambda: verbs.reject(queued, actor=STAFF, code="110", message="Wrong number"))
    queued.refresh_from_db()
    assert (queued.status, queued.rejected_error_code, queued.rejected_message) == (3, "110", "Wrong number")
    assert act.events[0].payload["rejected_message"] == "Wrong number"
    assert Subscription.objects.get().live
    assert Item.objects.get(upcoming=True).order.place_date == NEXT


def test_a_declined_payment_is_retried_on_the_days_of_the_plan_and_then_rejected(queued, noon):
    contract.assert_emits([RETRY], lambda: decline_order(queued))
    queued.refresh_from_db()
    assert (queued.status, queued.declines) == (18, 1)
    assert queued.retry_at == datetime(2026, 11, 23, 10, tzinfo=UTC)  # the hour of placement, 5 in New York
    noon.shift(timedelta(days=3))
    upcoming_order.queue(queued, actor=STAFF)
    contract.assert_emits([RETRY], lambda: decline_order(queued))
    queued.refresh_from_db()
    assert queued.retry_at == datetime(2026, 11, 26, 10, tzinfo=UTC)
    noon.shift(timedelta(days=3))
    upcoming_order.queue(queued, actor=STAFF)
    contract.assert_emits([REJECT], lambda: decline_order(queued))
    queued.refresh_from_db()
    assert (queued.status, queued.declines, queued.tries, queued.rejected_error_code) == (3, 3, 3, "140")


def test_the_merchants_own_retry_days_apply(queued):
    Merchant.objects.update(retry_plan="manual", retry_days=[10])
    decline_order(queued)
    queued.refresh_from_db()
    assert queued.retry_at == datetime(2026, 11, 30, 10, tzinfo=UTC)


def test_without_a_plan_a_declined_payment_is_rejected_at_once(queued):
    Merchant.objects.update(retry_plan="off")
    contract.assert_emits([REJECT], lambda: decline_order(queued))


def test_under_the_external_plan_the_order_waits_a_day_for_an_instruction(queued):
    Merchant.objects.update(retry_plan="external")
    contract.assert_emits([RETRY], lambda: decline_order(queued))
    queued.refresh_from_db()
    assert (queued.status, queued.retry_at) == (19, datetime(2026, 11, 21, 17, tzinfo=UTC))


def test_a_retry_is_counted_and_makes_no_second_next_order(queued):
    decline_order(queued)
    act = upcoming_order.queue(queued, actor=STAFF)
    queued.refresh_from_db()
    assert (queued.tries, queued.retry_at, act.result) == (2, None, [])


@pytest.mark.parametrize(("status", "count"), [(10, 0), (12, 0), (13, 0), (14, 0), (15, 1)])
def test_an_order_in_placement_is_locked_and_only_temporary_errors_are_counted(queued, status, count):
    contract.assert_emits([], lambda: hold_order(queued, status))
    queued.refresh_from_db()
    assert (queued.status, queued.generic_error_count) == (status, count)


def test_temporary_errors_are_retried_three_times_and_then_rejected(queued):
    for _ in range(3):
        hold_order(queued, 15)
        upcoming_order.queue(queued, actor=STAFF)
    contract.assert_emits([REJECT], lambda: hold_order(queued, 15))
    queued.refresh_from_db()
    assert (queued.status, queued.tries, queued.rejected_error_code) == (3, 4, "999")


def test_an_unknown_result_is_retried_until_the_next_order_is_due(queued, noon):
    again_on = {3: OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT, 4: OrderStatus.REJECTED}
    hold_order(queued, 13)
    for day, status in again_on.items():
        queue_again(queued, noon, day)
        hold_order(queued, 13)
        queued.refresh_from_db()
        assert queued.status == status


@pytest.mark.parametrize("status", [OrderStatus.PENDING_VERIFICATION, OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT])
def test_an_order_whose_outcome_was_unknown_may_turn_out_placed(queued, status):
    hold_order(queued, status)
    contract.assert_emits([SUCCESS], lambda: verbs.succeed(queued, actor=STAFF, order_merchant_id="1224"))


def test_the_shop_may_cancel_an_order(queued):
    contract.assert_emits([CANCEL], lambda: verbs.call_off(queued, actor=STAFF))
    queued.refresh_from_db()
    assert queued.status == OrderStatus.CANCELLED


def test_consecutive_rejected_orders_end_a_subscription_where_the_merchant_wants_it(queued, noon):
    Merchant.objects.update(disengaged_after=2)
    contract.assert_emits([REJECT], lambda: verbs.reject(queued, actor=STAFF, code="110", message="No"))
    following = Item.objects.get(upcoming=True).order
    noon.move_to(datetime(2026, 12, 4, 17, tzinfo=UTC))
    upcoming_order.queue(following, actor=STAFF)
    contract.assert_emits([REJECT, *ENDED], lambda: verbs.reject(following, actor=STAFF, code="110", message="No"))
    assert Subscription.objects.get().cancel_reason == "113|Disengaged"
    assert not Item.objects.filter(upcoming=True).exists()


def test_prepaid_orders_that_are_left_keep_a_subscription_however_many_orders_were_rejected(queued):
    Merchant.objects.update(disengaged_after=1)
    Subscription.objects.update(prepaid_orders_per_billing=3, prepaid_orders_remaining=1, renewal_behavior="autorenew")
    contract.assert_emits([REJECT], lambda: verbs.reject(queued, actor=STAFF, code="110", message="No"))
    assert Subscription.objects.get().live


def test_a_placed_order_between_two_rejected_ones_keeps_the_subscription(queued, noon):
    Merchant.objects.update(disengaged_after=2)
    verbs.reject(queued, actor=STAFF, code="110", message="No")
    for day, then in ((4, "placed"), (18, "rejected")):
        following = Item.objects.get(upcoming=True).order
        queue_again(following, noon, day)
        if then == "placed":
            verbs.succeed(following, actor=STAFF, order_merchant_id="1")
        else:
            verbs.reject(following, actor=STAFF, code="110", message="No")
    assert Subscription.objects.get().live


@pytest.mark.parametrize(
    ("code", "status", "kinds"),
    [
        ("000", 5, [SUCCESS]),
        ("010", 10, []),
        ("020", 3, [REJECT]),
        ("030", 4, [CANCEL]),
        *((code, 3, [REJECT]) for code in ("100", "110", "120", "130", "150", "160", "170", "180")),
        ("140", 18, [RETRY]),
        ("999", 15, []),
    ],
)
def test_each_answer_leads_to_its_status_and_event(queued, code, status, kinds):
    answer = PlacementResult(
        RESULT_CODES[code].effect, code, RESULT_CODES[code].meaning, "1224" if code == "000" else ""
    )
    contract.assert_emits(kinds, lambda: verbs.finalize_placement(queued, answer=answer, actor=STAFF))
    queued.refresh_from_db()
    assert queued.status == status


@pytest.mark.parametrize(("effect", "status"), [("not_sent", 12), ("no_answer", 13), ("unreadable", 14)])
def test_a_missing_answer_leads_to_its_status_without_an_event(queued, effect, status):
    answer = PlacementResult(Effect(effect), message="Why")
    contract.assert_emits([], lambda: verbs.finalize_placement(queued, answer=answer, actor=STAFF))
    queued.refresh_from_db()
    assert (queued.status, queued.rejected_message) == (status, "Why")
    if status == 14:
        contract.assert_refused("order_not_due", lambda: upcoming_order.queue(queued, actor=STAFF))
