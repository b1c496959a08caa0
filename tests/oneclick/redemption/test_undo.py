"""Undo restores everything, once, and only while nothing else has changed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from oneclick.models import Click, OneClickSettings
from subscriptions.actions import customer as customers
from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions import payment as payments
from subscriptions.actions import subscription as subscriptions
from subscriptions.events import catalogue
from subscriptions.models import Activity, Discount, Event, Item, OneTimeIncentive, Order, OrderStatus, Subscription
from tests.factories import STAFF, PaymentFactory, subscription_with_order
from tests.oneclick.shop import DAY, Shop, reload_row, result_of

ONCE = {"og_product_id": "HON-1"}
OFTEN = {**ONCE, "og_every": 1, "og_every_period": 3}
CLICKS: list[tuple[str, dict[str, Any]]] = [("delay", {"days": 7}), ("skip", {}), ("upsell", ONCE), ("upsell", OFTEN)]
TIMES = {"updated", "created", "id", "public_id"}


def order_rows() -> list[dict[str, Any]]:
    """The customer's open orders with their items, times aside."""
    return [
        {
            **{name: value for name, value in row.items() if name not in TIMES - {"id"}},
            "items": list(Item.objects.filter(order=row["id"]).order_by("id").values()),
            "incentives": list(OneTimeIncentive.objects.filter(order=row["id"]).values_list("id", flat=True)),
        }
        for row in Order.objects.open().order_by("id").values()
    ]


def create_incentive(order: Order) -> OneTimeIncentive:
    return OneTimeIncentive.objects.create(
        merchant=order.merchant,
        customer=order.customer,
        order=order,
        name="Two off",
        type=OneTimeIncentive.Type.DISCOUNT,
        target="order",
        discount_type=Discount.Type.AMOUNT,
        field="sub_total",
        value=Decimal(2),
    )


def emitted_kinds() -> list[str]:
    last = Activity.objects.latest("id")
    return list(Event.objects.filter(activity=last).order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(("action", "fields"), CLICKS)
def test_undo_restores_the_open_orders(shop: Shop, action: str, fields: dict[str, Any]) -> None:
    create_incentive(shop.order)
    items.add(shop.order, actor=STAFF, product=shop.product, quantity=2)
    before, token = order_rows(), shop.order_token()
    assert before[0]["total"] == Decimal("39.00")
    answer = shop.post(action, token, **fields)
    assert order_rows() != before
    undone = shop.undo(answer)
    assert (undone.status_code, undone.json()["action"], undone.json()["undo"]) == (200, "undo", None)
    assert order_rows() == before
    token = reload_row(token)
    assert (token.state, token.undone_at is not None) == ("undone", True)
    last = Activity.objects.latest("id")
    assert (last.actor_kind, last.actor_name) == ("link", f"1-Click undo of {action}")
    assert Click.objects.latest("id").outcome == "undone"


def test_undo_of_a_merge_restores_both_orders_with_their_incentives(shop: Shop) -> None:
    order, token = shop.order, shop.order_token()
    there = orders.skip_subscription(order, actor=STAFF, subscription=shop.subscriptions[0]).result.order
    create_incentive(order)
    items.change_quantity(order.items.get(), actor=STAFF, quantity=2)
    before = order_rows()
    answer = shop.post("delay", token, days=7)
    merged = reload_row(order)
    assert (merged.status, merged.extra_data) == (OrderStatus.MERGED, {"merged_order_id": there.public_id.hex})
    assert result_of(shop.undo(answer))[2] == "Your order is planned for December 1, 2026 again."
    assert order_rows() == before
    assert emitted_kinds() == [catalogue.ORDER_CHANGE_DATE]
    assert Event.objects.latest("id").order == order


def test_an_undone_skip_announces_the_order_and_removes_its_substitute(shop: Shop) -> None:
    order = shop.order
    answer = shop.post("skip", shop.order_token())
    assert Order.objects.count() == 3
    assert result_of(shop.undo(answer)) == (200, "success", "Your order is planned for December 1, 2026 again.")
    assert list(Order.objects.all()) == [order]
    assert (emitted_kinds(), Activity.objects.latest("id").verb) == ([catalogue.ORDER_CHANGE_DATE], "order.unskip")


def test_an_undone_skip_keeps_the_order_its_next_item_had_joined(shop: Shop) -> None:
    order, token = shop.order, shop.order_token()
    there = subscription_with_order(
        DAY + timedelta(days=7), customer=shop.customer, payment=order.payment, shipping_address=order.shipping_address
    )
    before = order_rows()
    answer = shop.post("skip", token)
    assert reload_row(there.items.get().order).items.count() == 2
    shop.undo(answer)
    assert order_rows() == before


def test_an_undone_subscription_stays_as_a_cancelled_one(shop: Shop) -> None:
    answer = shop.post("upsell", shop.order_token(), **OFTEN)
    assert result_of(shop.undo(answer)) == (200, "success", "Your subscription to Honey is cancelled again.")
    made = Subscription.objects.get(product=shop.product)
    assert (made.live, made.items.count()) == (False, 0)
    assert emitted_kinds() == [catalogue.SUBSCRIPTION_CANCEL]


def test_an_undone_upsell_names_the_removed_product(shop: Shop) -> None:
    answer = shop.post("upsell", shop.order_token(), **ONCE)
    assert result_of(shop.undo(answer))[2] == "Honey was taken off your order again."


def test_an_undone_reactivation_removes_its_win_back_offer(shop: Shop) -> None:
    token, offer = shop.subscription_token(), shop.offer()
    before = order_rows()
    answer = shop.post("reactivate", token, winback_id=offer.public_id.hex)
    shop.undo(answer)
    back = reload_row(shop.subscriptions[0])
    assert (back.live, back.cancel_reason, order_rows()) == (False, "4|too much", before)


@pytest.mark.parametrize("fields", [ONCE, OFTEN])
def test_an_undone_upsell_removes_its_discount(shop: Shop, fields: dict[str, Any]) -> None:
    offer, before = shop.offer().public_id.hex, order_rows()
    answer = shop.post("upsell", shop.order_token(), **fields, og_offer_id=offer)
    assert shop.order.items.get(product=shop.product).total_price == Decimal(4)
    assert shop.undo(answer).status_code == 200
    assert order_rows() == before


UNDO_EVENTS = {
    "delay": [catalogue.ORDER_CHANGE_DATE],
    "skip": [catalogue.ORDER_CHANGE_DATE],
    "upsell": [],
    "reactivate": [catalogue.SUBSCRIPTION_CANCEL],
}


@pytest.mark.parametrize("action", UNDO_EVENTS)
def test_an_undo_emits_events_like_any_other_change(shop: Shop, action: str) -> None:
    token = shop.subscription_token() if action == "reactivate" else shop.order_token()
    shop.undo(shop.post(action, token, **(ONCE if action == "upsell" else {})))
    assert emitted_kinds() == UNDO_EVENTS[action]


CHANGES = {
    "an item of the order": lambda shop: items.change_quantity(shop.order.items.first(), actor=STAFF, quantity=5),
    "the order": lambda shop: orders.change_date(
        shop.order, actor=STAFF, day=shop.order.place_date + timedelta(days=1)
    ),
    "a subscription on it": lambda shop: subscriptions.change_quantity(shop.subscriptions[1], actor=STAFF, quantity=4),
    "all of the customer's payments": lambda shop: payments.use_for_all(
        PaymentFactory(customer=shop.customer), actor=STAFF
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("action", "fields"), CLICKS)
def test_undo_is_refused_after_another_change_of_the_order(
    shop: Shop, action: str, fields: dict[str, Any], change: str
) -> None:
    answer = shop.post(action, shop.order_token(), **fields)
    CHANGES[change](shop)
    before = order_rows()
    text = "Something was changed since, so this can no longer be undone."
    assert result_of(shop.undo(answer)) == (400, "undo_superseded", text)
    assert order_rows() == before
    assert Click.objects.latest("id").outcome == "undo_superseded"


@pytest.mark.parametrize(("action", "fields"), CLICKS)
def test_a_change_of_something_else_does_not_prevent_undo(shop: Shop, action: str, fields: dict[str, Any]) -> None:
    other = subscription_with_order(customer=shop.customer)
    answer = shop.post(action, shop.order_token(), **fields)
    subscriptions.cancel(other, actor=STAFF)
    assert shop.undo(answer).status_code == 200


def test_a_skip_cannot_be_undone_while_another_order_has_its_date(shop: Shop) -> None:
    order, token = shop.order, shop.order_token()
    other = subscription_with_order(
        DAY + timedelta(days=1), customer=shop.customer, payment=order.payment, shipping_address=order.shipping_address
    )
    answer = shop.post("skip", token)
    orders.change_date(other.items.get().order, actor=STAFF, day=DAY)
    before = order_rows()
    assert result_of(shop.undo(answer))[1] == "undo_superseded"
    assert order_rows() == before


def test_a_change_of_the_customers_name_prevents_undo(shop: Shop) -> None:
    answer = shop.post("delay", shop.order_token())
    customers.change_locale(shop.customer, actor=STAFF, locale="fr-fr")
    answer = shop.undo(answer)
    text = "Une modification a été faite entre-temps ; cette action ne peut plus être annulée."
    assert result_of(answer) == (400, "undo_superseded", text)


def test_the_same_attempt_is_answered_like_the_first_however_late(shop: Shop, noon) -> None:
    token = shop.post("delay", shop.order_token(), days=1).json()["undo"]["token"]
    first = shop.post("undo", token, attempt="a" * 40).json()
    noon.shift(timedelta(hours=1))
    assert shop.post("undo", token, attempt="a" * 40).json() == {**first, "replayed": True}
    assert Click.objects.filter(outcome="undone").count() == 1
    for other in ("", "b"):
        assert result_of(shop.post("undo", token, attempt=other))[1] == "undo_already_done"


def test_every_message_of_undo_can_be_caused(shop: Shop, noon) -> None:
    assert result_of(shop.post("undo", "forged")) == (
        400,
        "invalid_token",
        "This link is not valid. Nothing was undone.",
    )
    answer = shop.post("delay", shop.order_token(), days=1)
    shop.undo(answer)
    assert result_of(shop.undo(answer)) == (400, "undo_already_done", "This was undone before.")
    answer = shop.post("delay", shop.order_token(), days=1)
    noon.shift(timedelta(minutes=10))
    text = "It is too late to undo this. Please contact customer service."
    assert result_of(shop.undo(answer)) == (400, "undo_too_late", text)
    assert shop.order.place_date == date(2026, 12, 2)


def test_undo_is_rate_limited_like_any_click(shop: Shop, settings) -> None:
    settings.ONE_CLICK_RATE = 0
    text = "Nothing was undone. Please contact customer service."
    assert result_of(shop.post("undo", "forged")) == (429, "too_many_requests", text)


def test_a_merchant_may_offer_no_undo(shop: Shop) -> None:
    OneClickSettings.objects.update(undo_minutes=0)
    assert shop.post("delay", shop.order_token()).json()["undo"] is None
