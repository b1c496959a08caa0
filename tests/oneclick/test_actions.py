"""What each click does, over HTTP."""

from datetime import date
from decimal import Decimal

import pytest

from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.tokens import issuing
from subscriptions.actions import order as orders
from subscriptions.actions import upcoming_order
from subscriptions.events import catalogue
from subscriptions.models import Activity, Coupon, Event, Item, Order, OrderStatus, Subscription
from tests.factories import STAFF, CustomerFactory, ProductFactory, subscription_with_order
from tests.oneclick.shop import DAY, Shop, outcome, reread

FORM = "application/x-www-form-urlencoded"


def last_activity() -> tuple[str, str, str]:
    row = Activity.objects.latest("id")
    return row.verb, row.actor_kind, row.actor_name


def kinds() -> list[str]:
    """The events of the latest activity, in their order."""
    return list(
        Event.objects.filter(activity=Activity.objects.latest("id")).order_by("id").values_list("kind", flat=True)
    )


def test_a_delay_moves_the_whole_order_from_its_own_date(shop: Shop) -> None:
    order = shop.order
    answer = shop.post("delay", shop.order_token(), days=21)
    assert outcome(answer) == (200, "success", "Your order was delayed. Its new date is December 22, 2026.")
    assert answer.json()["action"] == "delay"
    order = reread(order)
    assert (order.place_date, order.items.count(), order.total) == (date(2026, 12, 22), 2, Decimal("25.00"))
    assert last_activity() == ("order.change_date", "link", "1-Click delay")
    assert kinds() == [catalogue.ORDER_CHANGE_DATE, catalogue.ORDER_REFRESH]


def test_a_delay_without_days_is_the_merchants_default(shop: Shop) -> None:
    OneClickSettings.objects.update(delay_days=30)
    shop.post("delay", shop.order_token())
    assert shop.order.place_date == date(2026, 12, 31)


def test_a_delayed_order_joins_the_one_that_is_there_already(shop: Shop) -> None:
    order, token = shop.order, shop.order_token()
    there = orders.skip_subscription(order, actor=STAFF, subscription=shop.subscriptions[0]).result.order
    assert there.place_date == date(2026, 12, 8)
    shop.post("delay", token, days=7)
    assert reread(order).status == OrderStatus.MERGED
    assert (reread(there).items.count(), reread(there).total) == (2, Decimal("25.00"))


def test_a_skip_cancels_the_order_and_each_subscription_gets_its_next(shop: Shop) -> None:
    order = shop.order
    answer = shop.post("skip", shop.order_token())
    text = "Your order was skipped. Your next order is planned for December 8, 2026."
    assert outcome(answer) == (200, "success", text)
    assert reread(order).status == OrderStatus.CANCELLED
    days = Item.objects.filter(upcoming=True).order_by("id").values_list("order__place_date", flat=True)
    assert list(days) == [date(2026, 12, 8), date(2026, 12, 15)]
    assert last_activity() == ("order.skip", "link", "1-Click skip")
    assert kinds() == [catalogue.ORDER_SKIP, catalogue.ORDER_REFRESH]


def test_a_product_upsell_adds_it_once_with_the_offers_discount(shop: Shop) -> None:
    answer = shop.post(
        "upsell", shop.order_token(), og_product_id="HON-1", og_offer_id=shop.offer().public_id.hex, og_quantity=3
    )
    assert outcome(answer) == (200, "success", "Honey was added to your order for December 1, 2026.")
    assert answer.json()["action"] == "upsell"
    item = Item.objects.get(product=shop.product)
    assert (item.order, item.one_time, item.quantity, item.total_price) == (shop.order, True, 3, Decimal("12.00"))
    assert shop.order.total == Decimal("37.00")
    assert last_activity() == ("item.add", "link", "1-Click upsell")
    assert kinds() == [catalogue.ORDER_REFRESH]


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
    assert outcome(answer) == (200, "success", text)
    assert answer.json()["action"] == "upsell"
    made = Subscription.objects.get(product=shop.product)
    assert (made.every, made.every_period, made.quantity, made.offer) == (2, 3, 1, offer)
    assert (made.payment, made.shipping_address) == (order.payment, order.shipping_address)
    item = made.items.get()
    assert (item.order, item.one_time, item.total_price) == (order, False, Decimal("4.00"))
    assert last_activity() == ("item.add_with_subscription", "link", "1-Click upsell")
    assert kinds() == [catalogue.SUBSCRIPTION_CREATE, catalogue.ORDER_REFRESH]


@pytest.mark.parametrize("use", Coupon.Use.values)
def test_a_win_back_takes_its_discount_off_the_next_order_only(shop: Shop, use: str) -> None:
    token, offer = shop.subscription_token(), shop.offer(use)
    answer = shop.post("reactivate", token, winback_id=offer.public_id.hex)
    assert answer.status_code == 200
    back = reread(shop.subscriptions[0])
    item = back.items.get(upcoming=True)
    assert (back.live, back.offer, item.offer, item.total_price) == (True, None, offer, Decimal("6.25"))
    assert (item.order.place_date, item.order.total) == (date(2026, 11, 21), Decimal("6.25"))
    later = orders.skip_subscription(item.order, actor=STAFF, subscription=back).result
    assert (later.offer, later.total_price) == (None, Decimal("12.50"))


def test_a_reminders_token_is_good_for_its_order(shop: Shop) -> None:
    upcoming_order.remind(shop.order, actor=STAFF)
    token = ActionToken.objects.get()
    assert (token.scope, token.order) == ("order", shop.order)
    assert shop.post("skip", token).status_code == 200


# --- spellings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{"days": "21"}, {"days": 21}, {"og_delay_by": "21"}, {"days": " 21 ", "utm_source": "x"}]
)
def test_every_spelling_of_the_days_counts(shop: Shop, fields: dict) -> None:
    assert shop.post("delay", shop.order_token(), **fields).status_code == 200
    assert shop.order.place_date == date(2026, 12, 22)


def test_the_fields_of_a_post_may_stand_in_its_query(shop: Shop) -> None:
    token = issuing.text_of(shop.order_token())
    answer = shop.client.post(f"/one_click/delay/?_kx=1&days=7&og_quick_action_token={token}&gclid=2")
    assert answer.status_code == 200
    assert shop.order.place_date == date(2026, 12, 8)


def test_a_form_of_an_encoded_body_acts(shop: Shop) -> None:
    token = issuing.text_of(shop.order_token())
    assert shop.client.post("/one_click/delay/", f"token={token}&days=7", content_type=FORM).status_code == 200
    assert shop.order.place_date == date(2026, 12, 8)


def test_a_named_json_get_acts_for_every_action(shop: Shop) -> None:
    named = {"Accept": "application/json"}
    calls = {"delay": {"days": "7"}, "upsell": {"og_product_id": "HON-1"}, "skip": {}}
    for action, fields in calls.items():
        query = {"token": issuing.text_of(shop.order_token()), **fields}
        answer = shop.client.get(f"/one_click/{action}/", query, headers=named)
        assert (answer.status_code, answer.json()) == (200, {})
    token = issuing.text_of(shop.subscription_token())
    query = {"token": token, "winback_id": shop.offer().public_id.hex}
    assert shop.client.get("/one_click/reactivate/", query, headers=named).json() == {}
    bad = shop.client.get("/one_click/delay/", {"token": token}, headers=named)
    assert (bad.status_code, bad.json()) == (400, {"error": "token_already_used"})


def test_an_unfilled_merge_tag_counts_as_absent(shop: Shop) -> None:
    shop.post("delay", shop.order_token(), days="")
    assert shop.order.place_date == date(2026, 12, 15)


# --- what a parameter must be ----------------------------------------------------------------------


@pytest.mark.parametrize("days", ["0", "366", "-1", "1.5", "x", "٣", "9" * 30, [1], {"a": 1}, True])
def test_days_are_whole_and_at_most_a_year(shop: Shop, days: object) -> None:
    assert outcome(shop.post("delay", shop.order_token(), days=days))[:2] == (400, "invalid_og_delay_by")
    assert shop.order.place_date == DAY


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing_og_product_id"),
        ({"og_product_id": ""}, "missing_og_product_id"),
        ({"og_product_id": None, "og_every": 1}, "missing_og_product_id"),
        ({"og_product_id": "gone", "og_every": 1}, "missing_og_every_period"),
        ({"og_product_id": "gone", "og_every_period": 1}, "missing_og_every"),
        ({"og_product_id": "HON-1", "og_every": "", "og_every_period": ""}, "missing_og_every"),
        ({"og_product_id": "gone", "og_offer_id": "x"}, "invalid_og_product_id"),
        ({"og_product_id": "HON-1\0"}, "invalid_og_product_id"),
        ({"og_product_id": "\ud800"}, "invalid_og_product_id"),
        ({"og_product_id": "HON-1", "og_offer_id": "x"}, "invalid_og_offer_id"),
        ({"og_product_id": "HON-1", "og_offer_id": "0" * 32}, "invalid_og_offer_id"),
        ({"og_product_id": "HON-1", "og_quantity": 100}, "invalid_og_quantity"),
        ({"og_product_id": "HON-1", "og_quantity": 0}, "invalid_og_quantity"),
        ({"og_product_id": "HON-1", "og_every": 0, "og_every_period": 1}, "invalid_og_every"),
        ({"og_product_id": "HON-1", "og_every": 1, "og_every_period": 5}, "invalid_og_every_period"),
    ],
)
def test_an_upsells_parameters_are_checked_in_this_order(shop: Shop, fields: dict, code: str) -> None:
    token = shop.order_token()
    assert outcome(shop.post("upsell", token, **fields))[:2] == (400, code)
    assert reread(token).state == "ready"
    assert Click.objects.get().outcome == code
    assert shop.order.items.count() == 2


def test_subscription_upsell_by_name_needs_a_frequency(shop: Shop) -> None:
    answer = shop.post("subscription_upsell", shop.order_token(), og_product_id="HON-1")
    assert outcome(answer)[:2] == (400, "missing_og_every")


@pytest.mark.parametrize(
    "traits",
    [
        {"live": False},
        {"discontinued": True, "live": False, "autoship_enabled": False},
        {"upsell_eligible": False},
    ],
)
def test_a_product_that_cannot_be_had_is_invalid(shop: Shop, traits: dict) -> None:
    type(shop.product).objects.filter(pk=shop.product.pk).update(**traits)
    answer = shop.post("upsell", shop.order_token(), og_product_id="HON-1")
    assert outcome(answer)[:2] == (400, "invalid_og_product_id")


def test_what_cannot_be_subscribed_to_may_still_be_added_once(shop: Shop) -> None:
    type(shop.product).objects.filter(pk=shop.product.pk).update(autoship_enabled=False)
    token = shop.order_token()
    often = {"og_product_id": "HON-1", "og_every": 1, "og_every_period": 3}
    assert outcome(shop.post("upsell", token, **often))[:2] == (400, "invalid_og_product_id")
    assert shop.post("upsell", token, og_product_id="HON-1").status_code == 200


@pytest.mark.parametrize("traits", [{"usable_in_links": False}, {"live": False}])
def test_an_offer_that_links_may_not_give_away_is_invalid(shop: Shop, traits: dict) -> None:
    offer = shop.offer(**traits).public_id.hex
    answer = shop.post("upsell", shop.order_token(), og_product_id="HON-1", og_offer_id=offer)
    assert outcome(answer)[:2] == (400, "invalid_og_offer_id")
    answer = shop.post("reactivate", shop.subscription_token(), og_winback_id=offer)
    assert outcome(answer)[:2] == (400, "invalid_og_winback_id")


def test_nothing_of_another_merchant_can_be_had(shop: Shop) -> None:
    ProductFactory(merchant=CustomerFactory().merchant, external_product_id="theirs")
    answer = shop.post("upsell", shop.order_token(), og_product_id="theirs")
    assert outcome(answer)[:2] == (400, "invalid_og_product_id")


# --- the order of the checks -----------------------------------------------------------------------


def test_the_token_is_judged_before_the_parameters_and_those_before_the_act(shop: Shop) -> None:
    Order.objects.update(locked=True)
    wrong = {"days": "0"}
    token = hand_made(shop)
    assert outcome(shop.post("delay", token, **wrong))[1] == "invalid_og_delay_by"
    assert outcome(shop.post("reactivate", token, winback_id="x"))[1] == "token_wrong_context"
    assert outcome(shop.post("delay", token, days="7"))[1] == "subscription_already_active"


def hand_made(shop: Shop) -> ActionToken:
    order = Order.objects.get()
    return ActionToken.objects.create(
        merchant=shop.merchant, customer=shop.customer, scope="order", order=order, expires_at="2026-12-01T05:00:00Z"
    )


def test_an_order_token_lives_until_the_day_its_order_was_moved_to(shop: Shop, noon) -> None:
    token = shop.order_token()
    orders.change_date(shop.order, actor=STAFF, day=date(2026, 12, 20))
    noon.move_to("2026-12-05T17:00:00Z")
    assert reread(token).state == "ready"
    assert shop.post("delay", token).status_code == 200

    token = shop.order_token()
    orders.change_date(shop.order, actor=STAFF, day=date(2026, 12, 5))
    assert reread(token).state == "expired"
    assert outcome(shop.post("delay", token))[1] == "expired_token"


def test_one_token_is_good_for_one_action_of_all(shop: Shop) -> None:
    token = shop.order_token()
    shop.post("delay", token, days=7)
    assert outcome(shop.post("skip", token))[1] == "token_already_used"
    assert outcome(shop.post("delay", token, days=8))[1] == "token_already_used"
    assert shop.post("delay", token, days="7").json()["replayed"] is True
    assert shop.post("delay", token, og_delay_by=" 7").json()["replayed"] is True
    assert shop.order.place_date == date(2026, 12, 8)


# --- the next token --------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["delay", "skip", "upsell"])
def test_after_its_use_the_next_token_is_for_the_order_that_comes(shop: Shop, action: str) -> None:
    shop.post(action, shop.order_token(), og_product_id="HON-1")
    fresh = ActionToken.objects.latest("id")
    assert (fresh.event.kind, fresh.order, fresh.state) == (catalogue.ORDER_REFRESH, shop.order, "ready")
    assert not fresh.event.deliveries.exists()
    assert shop.post("delay", fresh, days=1).status_code == 200


def test_after_a_reactivation_the_next_token_is_for_the_subscription(shop: Shop) -> None:
    shop.post("reactivate", shop.subscription_token())
    fresh = ActionToken.objects.latest("id")
    assert (fresh.event.kind, fresh.subscription) == (catalogue.SUBSCRIPTION_REFRESH, shop.subscriptions[0])
    assert fresh.event.payload["id"] == shop.subscriptions[0].public_id.hex


def test_a_skip_that_leaves_nothing_to_come_says_so_and_brings_no_token(shop: Shop) -> None:
    token = shop.order_token()
    Item.objects.update(subscription=None, one_time=True)
    answer = shop.post("skip", token)
    assert outcome(answer) == (200, "success", "Your order was skipped.")
    assert ActionToken.objects.count() == 1


def test_clicks_are_noted_by_the_name_of_the_deed(shop: Shop) -> None:
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
