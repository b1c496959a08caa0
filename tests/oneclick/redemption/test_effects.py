"""What each click does, over HTTP."""

from datetime import date
from decimal import Decimal

import pytest

from oneclick.models import ActionToken, Click, OneClickSettings
from subscriptions.actions import order as orders
from subscriptions.events import catalogue
from subscriptions.models import Activity, Coupon, Event, Item, OrderStatus, Subscription
from tests.factories import STAFF, CustomerFactory, subscription_with_order
from tests.oneclick.shop import Shop, reload_row, result_of


def last_activity() -> tuple[str, str, str]:
    row = Activity.objects.latest("id")
    return row.verb, row.actor_kind, row.actor_name


def emitted_kinds() -> list[str]:
    """The events of the latest activity, in their order."""
    return list(
        Event.objects.filter(activity=Activity.objects.latest("id")).order_by("id").values_list("kind", flat=True)
    )


def test_a_delay_moves_the_whole_order_from_its_own_date(shop: Shop) -> None:
    order = shop.order
    answer = shop.post("delay", shop.order_token(), days=21)
    assert result_of(answer) == (200, "success", "Your order was delayed. Its new date is December 22, 2026.")
    assert answer.json()["action"] == "delay"
    order = reload_row(order)
    assert (order.place_date, order.items.count(), order.total) == (date(2026, 12, 22), 2, Decimal("25.00"))
    assert last_activity() == ("order.change_date", "link", "1-Click delay")
    assert emitted_kinds() == [catalogue.ORDER_CHANGE_DATE, catalogue.ORDER_REFRESH]


def test_a_delay_without_days_is_the_merchants_default(shop: Shop) -> None:
    OneClickSettings.objects.update(delay_days=30)
    shop.post("delay", shop.order_token())
    assert shop.order.place_date == date(2026, 12, 31)


def test_a_delayed_order_is_merged_into_the_order_of_that_date(shop: Shop) -> None:
    order, token = shop.order, shop.order_token()
    there = orders.skip_subscription(order, actor=STAFF, subscription=shop.subscriptions[0]).result.order
    assert there.place_date == date(2026, 12, 8)
    shop.post("delay", token, days=7)
    assert reload_row(order).status == OrderStatus.MERGED
    assert (reload_row(there).items.count(), reload_row(there).total) == (2, Decimal("25.00"))


def test_a_skip_cancels_the_order_and_each_subscription_gets_its_next(shop: Shop) -> None:
    order = shop.order
    answer = shop.post("skip", shop.order_token())
    text = "Your order was skipped. Your next order is planned for December 8, 2026."
    assert result_of(answer) == (200, "success", text)
    assert reload_row(order).status == OrderStatus.CANCELLED
    days = Item.objects.filter(upcoming=True).order_by("id").values_list("order__place_date", flat=True)
    assert list(days) == [date(2026, 12, 8), date(2026, 12, 15)]
    assert last_activity() == ("order.skip", "link", "1-Click skip")
    assert emitted_kinds() == [catalogue.ORDER_SKIP, catalogue.ORDER_REFRESH]


def test_a_product_upsell_adds_it_once_with_the_offers_discount(shop: Shop) -> None:
    answer = shop.post(
        "upsell", shop.order_token(), og_product_id="HON-1", og_offer_id=shop.offer().public_id.hex, og_quantity=3
    )
    assert result_of(answer) == (200, "success", "Honey was added to your order for December 1, 2026.")
    assert answer.json()["action"] == "upsell"
    item = Item.objects.get(product=shop.product)
    assert (item.order, item.one_time, item.quantity, item.total_price) == (shop.order, True, 3, Decimal("12.00"))
    assert shop.order.total == Decimal("37.00")
    assert last_activity() == ("item.add", "link", "1-Click upsell")
    assert emitted_kinds() == [catalogue.ORDER_REFRESH]


@pytest.mark.parametrize("action", ["upsell", "product_upsell", "subscription_upsell"])
def test_a_frequency_makes_an_upsell_a_subscription_on_the_same_order(shop: Shop, action: str) -> None:
    offer, order = shop.offer(), shop.order
    answer = shop.post(
        action,
        shop.order_token(),
        og_product_id="HON-1",
        og_every=2,
        og_every_period=3,
        og_offer_id=str(offer.public_id),
    )
    text = "Your subscription to Honey was created. Delivery frequency: Every 2 months."
    assert result_of(answer) == (200, "success", text)
    assert answer.json()["action"] == "upsell"
    made = Subscription.objects.get(product=shop.product)
    assert (made.every, made.every_period, made.quantity, made.offer) == (2, 3, 1, offer)
    assert (made.payment, made.shipping_address) == (order.payment, order.shipping_address)
    item = made.items.get()
    assert (item.order, item.one_time, item.total_price) == (order, False, Decimal("4.00"))
    assert last_activity() == ("item.add_with_subscription", "link", "1-Click upsell")
    assert emitted_kinds() == [catalogue.SUBSCRIPTION_CREATE, catalogue.ORDER_REFRESH]


@pytest.mark.parametrize("use", Coupon.Use.values)
def test_a_win_back_takes_its_discount_off_the_next_order_only(shop: Shop, use: str) -> None:
    token, offer = shop.subscription_token(), shop.offer(use)
    answer = shop.post("reactivate", token, winback_id=offer.public_id.hex)
    assert answer.status_code == 200
    back = reload_row(shop.subscriptions[0])
    item = back.items.get(upcoming=True)
    assert (back.live, back.offer, item.offer, item.total_price) == (True, None, offer, Decimal("6.25"))
    assert (item.order.place_date, item.order.total) == (date(2026, 11, 21), Decimal("6.25"))
    later = orders.skip_subscription(item.order, actor=STAFF, subscription=back).result
    assert (later.offer, later.total_price) == (None, Decimal("12.50"))


def test_clicks_are_recorded_under_the_name_of_their_link_action(shop: Shop) -> None:
    often = {"og_product_id": "HON-1", "og_every": 1, "og_every_period": 3}
    undo = shop.undo(shop.post("upsell", shop.order_token(), **often))
    assert undo.status_code == 200
    shop.post("upsell", shop.order_token(), og_product_id="HON-1")
    noted = list(Click.objects.order_by("id").values_list("action", "outcome"))
    assert noted == [("subscription_upsell", "success"), ("undo", "undone"), ("product_upsell", "success")]
    used = ActionToken.objects.filter(used_at__isnull=False).order_by("id").values_list("used_action", flat=True)
    assert list(used) == ["subscription_upsell", "product_upsell"]


def test_another_customers_order_is_not_touched(shop: Shop) -> None:
    other = subscription_with_order(customer=CustomerFactory(merchant=shop.merchant))
    shop.post("skip", shop.order_token())
    assert other.items.get().upcoming
