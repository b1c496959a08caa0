"""The page of an order: its attempts, its next step, and the buttons that change it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from subscriptions.models import Merchant, Order, OrderStatus, PlacementAttempt, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("noon")
TOMORROW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    return login(merchant, Role.SUPPORT, first_name="Sam", last_name="Staff")


def order_of(merchant: Merchant, **fields: Any) -> Order:
    subscription = f.subscription_with_order(
        customer=f.CustomerFactory(merchant=merchant), place_date=date(2026, 11, 28)
    )
    Order.objects.filter(items__subscription=subscription).update(**fields)
    found: Order = Order.objects.get(items__subscription=subscription)
    return found


def page_of(order: Order, page: str = "change") -> str:
    return f"/admin/subscriptions/order/{order.pk}/{page}/"


def press_button(staff: Client, order: Order, verb: str, **answers: str) -> str:
    answer = staff.post(page_of(order, verb), answers)
    assert (answer.status_code, answer["Location"]) == (302, page_of(order))
    order.refresh_from_db()
    message = list(get_messages(answer.wsgi_request))[-1]
    return f"{message.level_tag}: {message}"


@pytest.mark.parametrize(
    ("fields", "next_step"),
    [
        ({}, "It is placed on November 28, 2026, 5:00 AM."),
        ({"place_date": date(2026, 11, 20)}, "It is placed by the next placement run, on November 21, 2026, 5:00 AM."),
        (
            {"oos_free_shipping": True},
            "checked daily, until December 28, 2026 or the next order",
        ),
        ({"status": 6}, "It is sent to the simulator within a minute."),
        ({"status": 10}, "The order is being processed by the simulator, which will report the result."),
        ({"status": 12}, "It is tried again by the next placement run, on November 21, 2026, 5:00 AM."),
        ({"status": 13}, "It is tried again by the next placement run, on November 21, 2026, 5:00 AM."),
        ({"status": 14}, "never tried again automatically. Look it up on the simulator and record"),
        ({"status": 18, "retry_at": TOMORROW}, "The payment is tried again on November 21, 2026, 5:00 AM."),
        (
            {"status": 19, "retry_at": TOMORROW},
            "Waiting for your decision. It is rejected automatically on November 21, 2026, 5:00 AM.",
        ),
        ({"status": 3}, "Nothing, unless you rescue the order for one more try."),
        ({"status": 3, "rejected_error_code": "810"}, "Nothing. A later order was sent in its place."),
        ({"status": 5}, "Nothing: the simulator has placed the order."),
        ({"status": 17}, "Nothing: its items were moved to another order."),
    ],
)
def test_the_page_says_what_comes_next(
    fields: dict[str, Any], next_step: str, staff: Client, merchant: Merchant
) -> None:
    assert next_step in visible_text(staff.get(page_of(order_of(merchant, **fields))))


def test_every_status_has_a_next_step(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant)
    for status in OrderStatus:
        cancelled = TOMORROW if status == OrderStatus.CANCELLED else None
        Order.objects.filter(pk=order.pk).update(status=status, cancelled=cancelled, retry_at=TOMORROW)
        assert "What comes next: " in visible_text(staff.get(page_of(order)))


def test_the_page_says_that_automatic_placement_is_off(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant)
    Merchant.objects.update(placement_hour=None)
    assert "It is not placed: automatic placement is off in the merchant settings." in visible_text(
        staff.get(page_of(order))
    )


def test_the_attempts_are_listed_newest_first(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant, status=5)
    assert "It has not been sent to the simulator yet." in visible_text(staff.get(page_of(order)))
    tried = {"merchant": merchant, "order": order, "finished": TOMORROW}
    first = {"started": datetime(2026, 11, 20, 10, tzinfo=UTC), "effect": "declined", "code": "140"}
    PlacementAttempt.objects.create(**tried, **first, tries=1, message="No funds")
    PlacementAttempt.objects.create(
        **tried, tries=2, effect="placed", code="000", message="Placed.", order_merchant_id="1224", started=TOMORROW
    )
    assert (
        "Attempt 2 Placed 000: Placed. Order ID at the simulator: 1224. Nov. 21, 2026, 5:00 AM "
        "Attempt 1 Payment declined 140: No funds Nov. 20, 2026, 5:00 AM"
    ) in visible_text(staff.get(page_of(order)))


def test_an_order_can_be_sent_now(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant)
    assert press_button(staff, order, "send-now").startswith("success: Sent the order now.")
    assert (order.status, order.place_date) == (OrderStatus.SEND_NOW, date(2026, 11, 20))
    assert b"/send-now/" not in staff.get(page_of(order)).content
    assert press_button(staff, order, "send-now") == "error: This order can no longer be changed."


def test_a_rejected_order_is_rescued_at_once_or_later(staff: Client, merchant: Merchant) -> None:
    order, later = order_of(merchant, status=3), order_of(merchant, status=3)
    assert press_button(staff, order, "rescue") == (
        "success: Rescued the rejected order. It will be tried again on November 20, 2026."
    )
    assert (order.status, order.retry_at) == (OrderStatus.CREDIT_CARD_RETRY, datetime(2026, 11, 20, 17, tzinfo=UTC))
    press_button(staff, later, "rescue", at="2026-11-23T09:30")
    assert later.retry_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def test_an_order_that_cannot_be_rescued_says_why(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant, status=3, rejected_error_code="810")
    assert b"/rescue/" not in staff.get(page_of(order)).content
    before = read_all_rows()
    assert press_button(staff, order, "rescue") == (
        "error: This order cannot be rescued. A later order was sent in its place."
    )
    assert {name: rows for name, rows in read_all_rows().items() if "session" not in str(name)} == {
        name: rows for name, rows in before.items() if "session" not in str(name)
    }


def test_staff_instruct_a_waiting_order_to_retry_or_to_stop(staff: Client, merchant: Merchant) -> None:
    order, other = order_of(merchant, status=19), order_of(merchant, status=19)
    assert press_button(staff, order, "retry", at="2026-11-19T09:30").startswith("error: The date lies in the past")
    assert press_button(staff, order, "retry", at="2026-11-22T09:30").startswith(
        "success: Scheduled another try of the order"
    )
    assert (order.status, order.retry_at) == (18, datetime(2026, 11, 22, 14, 30, tzinfo=UTC))
    assert press_button(staff, other, "give-up") == "success: Rejected the order instead of trying it again."
    assert (other.status, other.rejected_error_code) == (OrderStatus.REJECTED, "140")
    assert press_button(staff, other, "give-up") == "error: This order does not wait for an instruction."


def test_an_order_of_a_test_customer_goes_by_their_clock(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant, status=19)
    order.customer.__class__.objects.filter(pk=order.customer_id).update(is_test=True, clock="2026-12-24T17:00:00Z")
    assert "which shows December 24, 2026, 12:00 PM. It moves on when you move that clock." in visible_text(
        staff.get(page_of(order))
    )
    assert press_button(staff, order, "retry").startswith("success: Scheduled another try of the order")
    assert order.retry_at == datetime(2026, 12, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize("status", [OrderStatus.PENDING_VERIFICATION, OrderStatus.RESPONSE_PROCESSING_ERROR])
def test_staff_settle_an_order_whose_result_nobody_will_report(
    status: OrderStatus, staff: Client, merchant: Merchant
) -> None:
    order, other = order_of(merchant, status=status), order_of(merchant, status=status)
    assert page_of(order, "placed") in staff.get(page_of(order)).content.decode()
    assert "This field is required." in visible_text(staff.post(page_of(order, "placed"), {}))
    assert press_button(staff, order, "placed", order_merchant_id="P-77").startswith("success: Placed the order")
    assert (order.status, order.order_merchant_id) == (OrderStatus.SUCCESS, "P-77")
    assert press_button(staff, order, "placed", order_merchant_id="P-78").startswith("error: ")
    assert press_button(staff, other, "not-placed", message="Unknown there").startswith("success: The order of")
    assert (other.status, other.rejected_message) == (OrderStatus.REJECTED, "Unknown there")


def test_staff_cannot_settle_an_order_in_placement(staff: Client, merchant: Merchant) -> None:
    order = order_of(merchant, status=OrderStatus.PENDING_PLACEMENT)
    assert page_of(order, "placed") not in staff.get(page_of(order)).content.decode()
    before = read_all_rows()
    assert press_button(staff, order, "placed", order_merchant_id="P-77").startswith("error: ")
    assert read_all_rows() == before
