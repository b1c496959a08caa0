"""Staff undo an act from its message and from its line in the feed, by the same rule as 1-click links."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from subscriptions.actions import customer_tags
from subscriptions.actions import item as item_verbs
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.models import Activity, Item, Order, OrderStatus, Subscription
from tests import factories as f
from tests.rows import read_all_rows

Login = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("noon")
DAY = date(2026, 11, 28)
GONE = "Something else was changed since, so this can no longer be undone."


@pytest.fixture
def subscription(db: None) -> Subscription:
    made: Subscription = f.subscription_with_order(place_date=DAY)
    return made


@pytest.fixture
def staff(subscription: Subscription, login: Login) -> Client:
    return login(subscription.merchant, "support")


def order_of(subscription: Subscription) -> Order:
    found: Order = Order.objects.get(items__subscription=subscription, items__upcoming=True)
    return found


def undo(staff: Client, activity: Activity | None) -> str:
    """Open the dialog of the activity and confirm; gives the message."""
    assert activity
    address = f"/admin/subscriptions/customer/{activity.customer_id}/undo/?activity={activity.pk}"
    assert activity.sentence in staff.get(address).content.decode()
    answer = staff.post(address, {"activity": str(activity.pk)})
    assert answer.status_code == 302
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def skip(subscription: Subscription) -> Any:
    return order_verbs.skip(order_of(subscription), actor=f.STAFF)


def move(subscription: Subscription) -> Any:
    return order_verbs.change_date(order_of(subscription), actor=f.STAFF, day=date(2026, 12, 9))


def move_next(subscription: Subscription) -> Any:
    return verbs.change_next_order_date(subscription, actor=f.STAFF, day=date(2026, 12, 9))


def add(subscription: Subscription) -> Any:
    product = f.ProductFactory(merchant=subscription.merchant, name="Filter")
    return item_verbs.add(order_of(subscription), actor=f.STAFF, product=product)


def subscribe(subscription: Subscription) -> Any:
    product = f.ProductFactory(merchant=subscription.merchant, name="Filter")
    order = order_of(subscription)
    return item_verbs.add_with_subscription(order, actor=f.STAFF, product=product, quantity=1, every=1, every_period=3)


def planned(subscription: Subscription) -> list[tuple[date, str]]:
    """The upcoming items of the customer's open orders."""
    items = Item.objects.filter(order__in=Order.objects.open().filter(customer=subscription.customer_id))
    return sorted((item.order.place_date, str(item)) for item in items.select_related("order", "product"))


def cancel(subscription: Subscription) -> Any:
    return verbs.cancel(subscription, actor=f.STAFF)


def tag(subscription: Subscription) -> Any:
    return customer_tags.add_tag(subscription.customer, actor=f.STAFF, name="VIP")


@pytest.mark.parametrize("act", [skip, move, move_next, add, subscribe, cancel])
def test_an_undone_act_leaves_the_orders_as_they_were(
    act: Callable[[Subscription], Any], subscription: Subscription, staff: Client
) -> None:
    before = planned(subscription)
    done = act(subscription)
    assert planned(subscription) != before
    assert undo(staff, done.activity) != GONE
    assert planned(subscription) == before


def test_a_subscription_skipped_on_a_shared_order_joins_it_again(subscription: Subscription, staff: Client) -> None:
    order = order_of(subscription)
    add(subscription)
    before = planned(subscription)
    done = order_verbs.skip_subscription(order, actor=f.STAFF, subscription=subscription)
    assert len({day for day, _ in planned(subscription)}) == 2
    undo(staff, done.activity)
    assert planned(subscription) == before


def test_a_reactivation_is_undone_with_its_old_reason(subscription: Subscription, staff: Client) -> None:
    verbs.cancel(subscription, actor=f.STAFF, reason="4|too much")
    done = verbs.reactivate(subscription, actor=f.STAFF)
    assert undo(staff, done.activity).startswith("Cancelled the subscription to House blend.")
    subscription.refresh_from_db()
    assert (subscription.live, subscription.cancel_reason) == (False, "4|too much")


def test_a_merge_is_undone(subscription: Subscription, staff: Client) -> None:
    order = order_of(subscription)
    other = f.OrderFactory(
        customer=order.customer,
        payment=order.payment,
        shipping_address=order.shipping_address,
        place_date=date(2026, 12, 9),
    )
    item_verbs.add(other, actor=f.STAFF, product=f.ProductFactory(merchant=order.merchant))
    done = order_verbs.change_date(order, actor=f.STAFF, day=other.place_date)
    order.refresh_from_db()
    assert order.status == OrderStatus.MERGED
    undo(staff, done.activity)
    order.refresh_from_db()
    assert (order.status, order.place_date) == (OrderStatus.UNSENT, DAY)
    assert order_of(subscription) == order


def test_acts_are_undone_one_after_the_other_from_the_last(subscription: Subscription, staff: Client) -> None:
    before = planned(subscription)
    acts = [act(subscription).activity for act in (move, add, cancel, tag)]
    for act in acts[:2]:
        assert undo(staff, act) == GONE
    for act in reversed(acts):
        assert undo(staff, act) != GONE
    assert planned(subscription) == before


def test_an_order_that_another_one_has_joined_is_not_moved_back(subscription: Subscription, staff: Client) -> None:
    order = order_of(subscription)
    other = f.plan_item(
        f.SubscriptionFactory(customer=order.customer, payment=order.payment, shipping_address=order.shipping_address),
        date(2026, 12, 2),
    ).order
    moved = move(subscription)
    joined = order_verbs.change_date(other, actor=f.STAFF, day=date(2026, 12, 9))
    assert undo(staff, moved.activity) == GONE
    assert undo(staff, joined.activity).startswith("Undid the merge")
    assert undo(staff, moved.activity).startswith("Moved the order")
    assert [day for day, _ in planned(subscription)] == [DAY, date(2026, 12, 2)]


def test_a_tag_is_undone_and_forbids_only_the_undo_of_itself(subscription: Subscription, staff: Client) -> None:
    moved, tagged = move(subscription), tag(subscription)
    customer_tags.add_tag(subscription.customer, actor=f.STAFF, name="Press")
    assert undo(staff, moved.activity).startswith("Moved the order")
    removed = customer_tags.remove_tag(subscription.customer, actor=f.STAFF, name="VIP")
    assert undo(staff, tagged.activity) == GONE
    assert undo(staff, removed.activity) == "Added the tag “VIP”."
    assert undo(staff, tagged.activity) == "Removed the tag “VIP”."


@pytest.mark.parametrize("act", [skip, move, move_next, add, cancel])
def test_an_act_is_undone_only_once_and_only_if_nothing_has_changed_since(
    act: Callable[[Subscription], Any], subscription: Subscription, staff: Client
) -> None:
    done = act(subscription)
    verbs.change_frequency(subscription, actor=f.STAFF, every=3, every_period=2)
    before = read_all_rows()
    assert undo(staff, done.activity) == GONE
    assert read_all_rows() == before


def test_what_another_customer_did_forbids_nothing(subscription: Subscription, staff: Client) -> None:
    done = skip(subscription)
    skip(f.subscription_with_order(customer=f.CustomerFactory(merchant=subscription.merchant)))
    assert undo(staff, done.activity).startswith("Undid the skip")
    assert undo(staff, done.activity) == GONE


def test_the_message_and_the_line_of_an_act_offer_its_undo(subscription: Subscription, staff: Client) -> None:
    page = f"/admin/subscriptions/customer/{subscription.customer_id}/change/"
    shown = staff.post(f"/admin/subscriptions/subscription/{subscription.pk}/skip/?back={page}", follow=True)
    dialog = f"/undo/?activity={Activity.objects.get().pk}&amp;back="
    assert shown.content.decode().count(dialog) == 4  # the message and the line, each without and with JavaScript
    verbs.change_frequency(subscription, actor=f.STAFF, every=3, every_period=2)
    assert dialog not in staff.get(page).content.decode()


@pytest.mark.parametrize("role", ["marketing", "read_only"])
def test_who_may_not_act_may_not_undo(role: str, subscription: Subscription, login: Login) -> None:
    done = skip(subscription)
    client = login(subscription.merchant, role)
    page = f"/admin/subscriptions/customer/{subscription.customer_id}"
    assert "/undo/" not in client.get(f"{page}/change/").content.decode()
    before = read_all_rows()
    assert client.post(f"{page}/undo/?activity={done.activity.pk}", {"activity": done.activity.pk}).status_code == 403
    assert read_all_rows() == before


def test_only_the_customers_own_activities_can_be_undone(subscription: Subscription, staff: Client) -> None:
    other = f.subscription_with_order(place_date=DAY)
    done = skip(other)
    before = read_all_rows()
    answer = staff.post(
        f"/admin/subscriptions/customer/{subscription.customer_id}/undo/", {"activity": done.activity.pk}
    )
    assert answer.status_code == 200
    assert staff.post(f"/admin/subscriptions/customer/{other.customer_id}/undo/").status_code == 404
    assert read_all_rows() == before
