"""Which product a click is about."""

from contextlib import suppress

import pytest

from oneclick.analytics import clicks
from oneclick.analytics.visits import Visit
from oneclick.models import ActionToken, Click
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as subscription_actions
from subscriptions.errors import Refused
from tests.factories import STAFF, ProductFactory
from tests.oneclick.shop import Shop, create_shop


def click_token(token: ActionToken, action: str, **fields: str) -> int | None:
    """The product of the recorded click, whatever the answer."""
    with suppress(Refused):
        redeem_token(encode_token(token), action, fields)
    return Click.objects.latest("pk").product_id


def test_a_click_on_a_subscriptions_link_is_about_its_product_of_that_moment(shop: Shop) -> None:
    subscription, token = shop.subscriptions[0], shop.subscription_token()
    before = subscription.product_id
    clicks.record_fetch(token, "reactivate", Visit())
    assert click_token(token, "reactivate") == before
    subscription_actions.change_product(
        subscription, actor=STAFF, product=ProductFactory(merchant=shop.merchant, price=subscription.product.price)
    )
    assert click_token(token, "delay") != before
    assert list(Click.objects.order_by("pk").values_list("product", flat=True)[:2]) == [before, before]


@pytest.mark.parametrize("action", ["delay", "skip"])
@pytest.mark.parametrize("subscriptions", [1, 2])
def test_a_click_on_an_orders_link_is_about_its_only_product(
    noon: object, db: None, subscriptions: int, action: str
) -> None:
    shop = create_shop(subscriptions)
    product = shop.subscriptions[0].product_id if subscriptions == 1 else None
    token = shop.order_token()
    assert click_token(token, action) == product
    undo_redemption(encode_token(token, "undo"))
    assert Click.objects.get(outcome="undone").product_id == product


@pytest.mark.parametrize("action", ["product_upsell", "subscription_upsell"])
def test_an_upsell_is_about_the_product_that_it_adds(shop: Shop, action: str) -> None:
    often = {"og_every": "1", "og_every_period": "2"} if action == "subscription_upsell" else {}
    added = {"og_product_id": "HON-1", **often}
    assert click_token(shop.order_token(), action, **{**added, "og_product_id": "no such one"}) is None
    assert click_token(shop.order_token(), action, **added) == shop.product.pk
    clicks.record_opening(shop.order_token(), action, Visit(product="HON-1"))
    assert Click.objects.latest("pk").product_id == shop.product.pk
    ProductFactory(external_product_id="theirs")
    assert click_token(shop.order_token(), action, **{**added, "og_product_id": "theirs"}) is None
