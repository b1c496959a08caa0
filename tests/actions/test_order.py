from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from subscriptions.actions import order as verbs
from subscriptions.actions.subscription import cancel
from subscriptions.models import Item, Order, OrderStatus
from tests.actions import contract
from tests.factories import STAFF, AddressFactory, ItemFactory, OrderFactory, PaymentFactory, subscription_with_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY, NEXT = date(2026, 12, 1), date(2026, 12, 15)
CANCEL, SKIP = "ordergroove.order.cancel", "ordergroove.order.skip_order"
DATE = "ordergroove.order.change_next_order_date"
PAYMENT = "ordergroove.order.change_payment"
SHIPPING = "ordergroove.order.change_shipping_address"
SEND_NOW = "ordergroove.order.send_now"
REJECT = "ordergroove.order.reject"
FINAL = [OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.SUCCESS, OrderStatus.MERGED]


@pytest.fixture
def subscription(noon):
    return subscription_with_order(DAY)


@pytest.fixture
def order(subscription):
    return Order.objects.get()


def create_second_subscription(subscription, day=DAY, **fields):
    """Another subscription of the same customer, payment and address."""
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address")}
    return subscription_with_order(day, **{**same, "quantity": 1, **fields})


def fail_order(subscription, status, **fields) -> Order:
    order = OrderFactory(
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        place_date=date(2026, 11, 17),
        status=status,
        **fields,
    )
    ItemFactory(order=order, subscription=subscription, upcoming=False)
    return order


def order_rows() -> list[tuple[date, int, Decimal]]:
    return list(Order.objects.order_by("place_date", "id").values_list("place_date", "status", "total"))


def test_a_skipped_order_stays_as_history_and_the_next_comes_one_frequency_after_it(subscription, order):
    act = contract.assert_emits([SKIP], lambda: verbs.skip(order, actor=STAFF))
    assert order_rows() == [(DAY, OrderStatus.CANCELLED, Decimal(25)), (NEXT, OrderStatus.UNSENT, Decimal(25))]
    assert list(Item.objects.order_by("id").values_list("order__place_date", "upcoming")) == [
        (DAY, False),
        (NEXT, True),
    ]
    assert act.result == [Item.objects.get(upcoming=True)]
    assert act.events[0].payload["place_date"] == "2026-12-01"
    assert act.activity.sentence == (
        "Skipped the order of December 1, 2026. The next one is planned for December 15, 2026."
    )
    assert act.activity.order == order


def test_each_subscription_of_a_skipped_order_gets_its_own_next_date_and_one_time_items_end(subscription, order):
    monthly = create_second_subscription(subscription, every=1, every_period=3)
    ItemFactory(order=order, subscription=None, one_time=True, product=subscription.product, quantity=1)
    verbs.skip(order, actor=STAFF)
    assert subscription.items.get(upcoming=True).order.place_date == NEXT
    assert monthly.items.get(upcoming=True).order.place_date == date(2027, 1, 1)
    assert order.items.count() == 3 and Item.objects.filter(upcoming=True).count() == 2


def test_the_next_order_after_an_overdue_one_lies_past_today(subscription, order):
    with time_machine.travel("2027-01-04T17:00:00Z", tick=False):
        verbs.skip(order, actor=STAFF)
    assert Item.objects.get(upcoming=True).order.place_date == date(2027, 1, 12)


def test_the_new_item_comes_from_the_subscription_not_from_the_skipped_one(subscription, order):
    Item.objects.update(quantity=9, frozen=True, price=Decimal(1))
    verbs.skip(order, actor=STAFF)
    item = Item.objects.get(upcoming=True)
    assert (item.quantity, item.frozen, item.price) == (2, False, Decimal("12.50"))


@pytest.mark.parametrize("status", [OrderStatus.GENERIC_ERROR_RESPONSE, OrderStatus.CREDIT_CARD_RETRY])
def test_skipping_an_order_that_failed_makes_no_second_next_item(subscription, status):
    late = fail_order(subscription, status)
    act = contract.assert_emits([SKIP], lambda: verbs.skip(late, actor=STAFF))
    assert act.result == [] and Item.objects.filter(upcoming=True).count() == 1


@pytest.mark.parametrize("status", [OrderStatus.UNSENT, OrderStatus.CREDIT_CARD_RETRY])
def test_an_order_with_one_time_items_alone_is_cancelled_since_nothing_follows_it(subscription, order, status):
    Item.objects.update(subscription=None, one_time=True)
    Order.objects.update(status=status)
    act = contract.assert_emits([CANCEL], lambda: verbs.skip(order, actor=STAFF))
    assert order_rows() == [(DAY, OrderStatus.CANCELLED, Decimal(25))]
    assert (act.activity.verb, act.result) == ("order.cancel", [])
    assert act.activity.sentence == (
        "Cancelled the order of December 1, 2026. None follows, because all of its items were one-time items."
    )


def test_one_subscription_is_skipped_alone(subscription, order):
    other = create_second_subscription(subscription)
    act = contract.assert_emits([], lambda: verbs.skip_subscription(order, actor=STAFF, subscription=subscription))
    assert order_rows() == [(DAY, 1, Decimal("12.50")), (NEXT, 1, Decimal(25))]
    assert list(order.items.all()) == [other.items.get()]
    assert act.activity.sentence == "Skipped House blend once. Its next order is planned for December 15, 2026."


def test_skipping_the_only_subscription_of_an_order_leaves_no_empty_order(subscription, order):
    act = verbs.skip_subscription(order, actor=STAFF, subscription=subscription)
    assert order_rows() == [(NEXT, 1, Decimal(25))]
    assert act.activity.order is None


def test_a_subscription_that_is_not_in_the_order_cannot_be_skipped_there(subscription, order):
    elsewhere = create_second_subscription(subscription, NEXT)
    contract.assert_refused(
        "subscription_not_in_order",
        lambda: verbs.skip_subscription(order, actor=STAFF, subscription=elsewhere),
    )


def test_an_order_sent_now_is_locked_and_the_next_counts_from_today(subscription, order):
    act = contract.assert_emits([SEND_NOW], lambda: verbs.send_now(order, actor=STAFF))
    order.refresh_from_db()
    assert (order.status, order.locked, order.place_date) == (OrderStatus.SEND_NOW, True, date(2026, 11, 20))
    assert Item.objects.get(upcoming=True).order.place_date == date(2026, 12, 4)
    assert act.events[0].payload["days_until_place_date"] == 0


def test_what_follows_an_order_sent_now_counts_from_the_day_it_is_sent(order, noon):
    noon.shift(timedelta(days=3))
    act = verbs.send_now(order, actor=STAFF)
    assert act.result[0].order.place_date == date(2026, 12, 7)


def test_an_order_sent_now_supersedes_a_failing_one_but_none_that_may_have_gone_through(subscription, order):
    late = fail_order(subscription, OrderStatus.CREDIT_CARD_RETRY)
    unknown = fail_order(subscription, OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT)
    act = contract.assert_emits([SEND_NOW, REJECT], lambda: verbs.send_now(order, actor=STAFF))
    late.refresh_from_db()
    unknown.refresh_from_db()
    assert (late.status, late.rejected_error_code) == (OrderStatus.REJECTED, "810")
    assert unknown.status == OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT
    assert act.events[1].order == late and act.events[1].payload["rejected_code"] == "810"


def test_a_whole_order_can_be_moved(subscription, order):
    create_second_subscription(subscription)
    act = contract.assert_emits([DATE], lambda: verbs.change_date(order, actor=STAFF, day=NEXT))
    assert order_rows() == [(NEXT, 1, Decimal("37.50"))]
    assert act.result == order and act.events[0].payload["place_date"] == "2026-12-15"
    assert act.activity.sentence == "Moved the order of December 1, 2026 to December 15, 2026."


def test_an_order_moved_to_anothers_date_is_merged_into_it(subscription, order):
    create_second_subscription(subscription, NEXT)
    there = Order.objects.get(place_date=NEXT)
    act = contract.assert_emits([DATE], lambda: verbs.change_date(order, actor=STAFF, day=NEXT))
    order.refresh_from_db()
    assert (order.status, order.extra_data) == (OrderStatus.MERGED, {"merged_order_id": there.public_id.hex})
    assert (order.total, order.items.count()) == (Decimal(0), 0)
    there.refresh_from_db()
    assert (there.total, there.items.count()) == (Decimal("37.50"), 2)
    assert act.result == there == act.events[0].order


def test_an_order_may_move_to_today_but_not_into_the_past(subscription, order):
    contract.assert_refused("place_date_past", lambda: verbs.change_date(order, actor=STAFF, day=date(2026, 11, 19)))
    verbs.change_date(order, actor=STAFF, day=date(2026, 11, 20))
    assert order_rows() == [(date(2026, 11, 20), 1, Decimal(25))]


def test_changing_an_orders_payment_leaves_that_of_its_subscriptions(subscription, order):
    payment = PaymentFactory(customer=subscription.customer)
    contract.assert_emits([PAYMENT], lambda: verbs.change_payment(order, actor=STAFF, payment=payment))
    subscription.refresh_from_db()
    assert Order.objects.get().payment == payment != subscription.payment


def test_the_address_of_a_failing_order_changes_without_merging(subscription):
    late = fail_order(subscription, OrderStatus.CREDIT_CARD_RETRY)
    address = AddressFactory(customer=subscription.customer)
    contract.assert_emits([SHIPPING], lambda: verbs.change_shipping_address(late, actor=STAFF, address=address))
    late.refresh_from_db()
    assert (late.status, late.shipping_address) == (OrderStatus.CREDIT_CARD_RETRY, address)


def test_extra_data_is_replaced_but_for_the_note_of_a_merge(subscription, order):
    Order.objects.update(extra_data={"merged_order_id": "1", "old": 1})
    contract.assert_emits(
        [], lambda: verbs.change_extra_data(order, actor=STAFF, extra_data={"gift": True, "merged_order_id": "2"})
    )
    assert Order.objects.get().extra_data == {"gift": True, "merged_order_id": "1"}


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize(
    "act",
    [
        lambda order: verbs.skip(order, actor=STAFF),
        lambda order: verbs.send_now(order, actor=STAFF),
        lambda order: verbs.change_date(order, actor=STAFF, day=NEXT),
        lambda order: verbs.change_payment(order, actor=STAFF, payment=order.payment),
        lambda order: verbs.change_shipping_address(order, actor=STAFF, address=order.shipping_address),
    ],
)
def test_an_order_that_has_ended_is_not_changed(subscription, order, status, act):
    cancelled = timezone.now() if status == OrderStatus.CANCELLED else None
    Order.objects.update(status=status, cancelled=cancelled)
    Item.objects.update(upcoming=False)
    contract.assert_refused("order_not_open", lambda: act(order))


def test_a_rejected_order_is_rescued(subscription):
    lost = fail_order(subscription, OrderStatus.REJECTED, rejected_error_code="140", tried_at=timezone.now())
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    act = contract.assert_emits([], lambda: verbs.rescue(lost, actor=STAFF, at=at))
    lost.refresh_from_db()
    assert (lost.status, lost.retry_at) == (OrderStatus.CREDIT_CARD_RETRY, at)
    assert act.activity.sentence == "Rescued the rejected order. It will be tried again on November 22, 2026."
    contract.assert_refused("order_not_rescuable", lambda: verbs.rescue(lost, actor=STAFF))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"rejected_error_code": "810"}, "A later order was sent in its place."),
        ({"tried_at": datetime(2026, 8, 1, tzinfo=UTC)}, "It was rejected more than 90 days ago."),
    ],
)
def test_a_superseded_or_old_order_is_not_rescued(subscription, fields, why):
    lost = fail_order(subscription, OrderStatus.REJECTED, **{"tried_at": timezone.now(), **fields})
    assert verbs.why_not_rescuable(lost) == why
    contract.assert_refused("order_not_rescuable", lambda: verbs.rescue(lost, actor=STAFF))


def test_an_order_can_be_rescued_until_the_last_moment_of_90_days(subscription):
    tried_at = timezone.now() - timedelta(days=90)
    lost = fail_order(subscription, OrderStatus.REJECTED, tried_at=tried_at)
    assert verbs.why_not_rescuable(lost) is None
    lost.tried_at = tried_at - timedelta(microseconds=1)
    assert verbs.why_not_rescuable(lost) == "It was rejected more than 90 days ago."


def test_an_order_of_a_cancelled_subscription_or_placed_since_is_not_rescued(subscription):
    lost = fail_order(subscription, OrderStatus.REJECTED, tried_at=timezone.now())
    later = fail_order(subscription, OrderStatus.SUCCESS)
    later.items.update(first_placed=timezone.now() + timedelta(minutes=1))
    assert verbs.why_not_rescuable(lost) == "A later order of it was placed."
    cancel(subscription, actor=STAFF)
    assert verbs.why_not_rescuable(lost) == "A subscription of it is cancelled."


def test_an_order_that_waits_for_an_instruction_can_get_it(subscription):
    waits = fail_order(subscription, OrderStatus.AWAITING_RETRY_INSTRUCTIONS, rejected_error_code="140")
    contract.assert_refused(
        "place_date_past", lambda: verbs.retry(waits, actor=STAFF, at=datetime(2026, 11, 19, tzinfo=UTC))
    )
    contract.assert_emits([REJECT], lambda: verbs.give_up(waits, actor=STAFF))
    waits.refresh_from_db()
    assert (waits.status, waits.rejected_error_code) == (OrderStatus.REJECTED, "140")
    contract.assert_refused("order_not_waiting", lambda: verbs.retry(waits, actor=STAFF, at=timezone.now()))


def test_another_try_may_be_wished_for_a_moment_ago_but_not_for_longer(subscription):
    waits = fail_order(subscription, OrderStatus.AWAITING_RETRY_INSTRUCTIONS)
    ago = timezone.now() - timedelta(minutes=1)
    too_early = ago - timedelta(microseconds=1)
    contract.assert_refused("place_date_past", lambda: verbs.retry(waits, actor=STAFF, at=too_early))
    verbs.retry(waits, actor=STAFF, at=ago)
    waits.refresh_from_db()
    assert (waits.status, waits.retry_at) == (OrderStatus.CREDIT_CARD_RETRY, ago)


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_skips_one_acts(subscription, order):
    assert contract.run_twice_at_once(lambda: verbs.skip(order, actor=STAFF)) == ["done", "order_not_open"]
    assert Item.objects.filter(upcoming=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_send_nows_one_acts(subscription, order):
    assert contract.run_twice_at_once(lambda: verbs.send_now(order, actor=STAFF)) == ["done", "order_not_open"]
