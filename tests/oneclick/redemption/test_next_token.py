"""The token a click uses up, and the next one."""

from datetime import date

import pytest

from oneclick.models import ActionToken
from subscriptions.actions import order as orders
from subscriptions.actions import upcoming_order
from subscriptions.events import catalogue
from subscriptions.models import Activity, Item
from tests.factories import STAFF
from tests.oneclick.shop import Shop, reload_row, result_of


def test_a_reminders_token_is_good_for_its_order(shop: Shop) -> None:
    upcoming_order.remind(shop.order, actor=STAFF)
    token = ActionToken.objects.get()
    assert (token.scope, token.order) == ("order", shop.order)
    assert shop.post("skip", token).status_code == 200


def test_an_order_token_lives_until_the_day_its_order_was_moved_to(shop: Shop, noon) -> None:
    token = shop.order_token()
    orders.change_date(shop.order, actor=STAFF, day=date(2026, 12, 20))
    noon.move_to("2026-12-05T17:00:00Z")
    assert reload_row(token).state == "ready"
    assert shop.post("delay", token).status_code == 200

    token = shop.order_token()
    orders.change_date(shop.order, actor=STAFF, day=date(2026, 12, 5))
    assert reload_row(token).state == "expired"
    assert result_of(shop.post("delay", token))[1] == "expired_token"


def test_one_token_is_good_for_one_action_only(shop: Shop) -> None:
    token = shop.order_token()
    shop.post("delay", token, days=7)
    assert result_of(shop.post("skip", token))[1] == "token_already_used"
    assert result_of(shop.post("delay", token, days=8))[1] == "token_already_used"
    assert shop.post("delay", token, days="7").json()["replayed"] is True
    assert shop.post("delay", token, og_delay_by=" 7").json()["replayed"] is True
    assert shop.order.place_date == date(2026, 12, 8)


@pytest.mark.parametrize("action", ["delay", "skip", "upsell"])
def test_after_its_use_the_next_token_is_for_the_next_order(shop: Shop, action: str) -> None:
    shop.post(action, shop.order_token(), og_product_id="HON-1")
    fresh = ActionToken.objects.latest("id")
    assert (fresh.event.kind, fresh.order, fresh.state) == (catalogue.ORDER_REFRESH, shop.order, "ready")
    assert not fresh.event.deliveries.exists()
    assert shop.post("delay", fresh, days=1).status_code == 200


def test_after_a_reactivation_the_next_token_is_for_the_subscription(shop: Shop) -> None:
    shop.post("reactivate", shop.subscription_token())
    fresh = ActionToken.objects.latest("id")
    assert (fresh.event.kind, fresh.subscription) == (catalogue.SUBSCRIPTION_REFRESH, shop.subscriptions[0])
    assert fresh.event.payload["public_id"] == shop.subscriptions[0].public_id.hex


def test_a_skip_that_leaves_no_upcoming_order_says_so_and_issues_no_token(shop: Shop) -> None:
    token = shop.order_token()
    Item.objects.update(subscription=None, one_time=True)
    answer = shop.post("skip", token)
    assert result_of(answer) == (200, "success", "Your order was skipped.")
    assert ActionToken.objects.count() == 1
    assert Activity.objects.latest("id").events.get().kind == catalogue.ORDER_CANCEL
