"""Every refusal of the tables by its cause, as a customer reads it on the shop's page."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from common.web import rate_limit
from oneclick.messages import default_messages
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import reactivate
from subscriptions.models import Order, Product
from tests.factories import STAFF
from tests.oneclick.messages.refusals import ERRORS
from tests.oneclick.shop import Shop as Orders

ONCE = {"og_product_id": "HON-1"}
LINKS = {
    "delay": {"og_quick_action": "delay"},
    "skip": {"og_quick_action": "skip"},
    "reactivate": {"og_quick_action": "reactivate"},
    "product_upsell": {"og_quick_action": "upsell", **ONCE},
    "subscription_upsell": {"og_quick_action": "upsell", **ONCE, "og_every": "1", "og_every_period": "3"},
}
Cause = Callable[[Orders, str], str]


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are counted per minute; the test stays within one."""
    monkeypatch.setattr(rate_limit, "WINDOW", 10**9)


def link(table: str, token: ActionToken | str, **changed: str | None) -> str:
    text = token if isinstance(token, str) else encode_token(token)
    fields = {**LINKS[table], **changed, "og_quick_action_token": text}
    return "/" + "".join(f"#{name}={value}" for name, value in fields.items() if value is not None)


def usable_token(orders: Orders, table: str) -> ActionToken:
    return orders.subscription_token() if table == "reactivate" else orders.order_token()


def link_with(**changed: str | None) -> Cause:
    return lambda orders, table: link(table, usable_token(orders, table), **changed)


def expired_link(orders: Orders, table: str) -> str:
    token = usable_token(orders, table)
    Order.objects.update(place_date="2020-01-01")
    ActionToken.objects.update(expires_at=timezone.now())
    return link(table, token)


def used_link(orders: Orders, table: str) -> str:
    token = usable_token(orders, table)
    ActionToken.objects.update(used_at=timezone.now(), used_action="another")
    return link(table, token)


def link_of_another_context(orders: Orders, table: str) -> str:
    return link(table, orders.order_token() if table == "reactivate" else orders.subscription_token())


def link_to_closed_order(orders: Orders, table: str) -> str:
    token = usable_token(orders, table)
    if table == "reactivate":
        reactivate(orders.subscriptions[0], actor=STAFF)
    else:
        Order.objects.update(locked=True)
    return link(table, token)


def link_to_discontinued_product(orders: Orders, table: str) -> str:
    token = usable_token(orders, table)
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    return link(table, token)


def tried_too_often(orders: Orders, table: str) -> str:
    token = usable_token(orders, table)
    ActionToken.objects.update(revoked_at=timezone.now())
    for _ in range(30):
        orders.post(table, token)
    return link(table, token)


CAUSES: dict[str, Cause] = {
    "invalid_token": lambda orders, table: link(table, "forged"),
    "expired_token": expired_link,
    "token_already_used": used_link,
    "token_wrong_context": link_of_another_context,
    "subscription_already_active": link_to_closed_order,
    "missing_og_product_id": link_with(og_product_id=None),
    "missing_og_every": link_with(og_every=None),
    "missing_og_every_period": link_with(og_every_period=None),
    "invalid_og_product_id": link_with(og_product_id="HON-2"),
    "invalid_og_offer_id": link_with(og_offer_id="HALF"),
}
OTHERS: dict[str, Cause] = {
    "delay": link_with(og_delay_by="0"),
    "skip": tried_too_often,
    "reactivate": link_to_discontinued_product,
    "product_upsell": link_with(og_quantity="0"),
    "subscription_upsell": link_with(og_every="0"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("table", "code"), ERRORS)
def test_each_refusal_shows_the_message_of_the_table_on_the_shops_page(page, shop, orders, table, code):
    address = (OTHERS[table] if code == "other" else CAUSES[code])(orders, table)
    ready = set(ActionToken.objects.filter(used_at=None).values_list("pk", flat=True))
    page.goto(f"{shop.url}{address}")
    expect(page.get_by_role("alert").locator("p")).to_have_text(default_messages.DEFAULT_MESSAGES[table][code])
    assert page.url == f"{shop.url}/"
    assert ready == set(ActionToken.objects.filter(used_at=None).values_list("pk", flat=True))


REASONS = {
    "undo_too_late": {"used_at": "2020-01-01T00:00:00Z"},
    "undo_already_done": {"undone_at": "2020-01-01T00:00:00Z"},
    "invalid_token": {"used_at": None},
}


@pytest.mark.parametrize("code", REASONS)
def test_a_refused_undo_is_explained_in_the_banner(page, shop, orders, code):
    page.goto(f"{shop.url}{link('delay', orders.order_token())}")
    expect(page.locator(".alert-container--success")).to_contain_text("Your order was delayed.")
    ActionToken.objects.filter(used_at__isnull=False).update(**REASONS[code])
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("alert")).to_have_text(default_messages.DEFAULT_MESSAGES["undo"][code])
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
