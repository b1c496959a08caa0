"""Staff issue tokens by hand and revoke them."""

import pytest
from django.test import Client

from oneclick.models import ActionToken, OneClickSettings
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import order as orders
from subscriptions.errors import Refused
from subscriptions.models import Activity, AuditEntry
from tests.actions import contract
from tests.factories import STAFF
from tests.oneclick.shop import DAY, Shop, reload_row, result_of


def test_a_manual_token_is_shown_once_works_and_is_recorded(shop: Shop, staff: Client) -> None:
    order = shop.order
    page = staff.post(f"/admin/subscriptions/order/{order.pk}/issue-token/").content.decode()
    token = ActionToken.objects.get()
    assert encode_token(token) in page
    assert (token.scope, token.order, token.event, token.state) == ("order", order, None, "ready")
    line = Activity.objects.latest("id")
    assert (line.verb, line.sentence) == (
        "token.issue",
        "Issued a 1-Click token for the order of December 1, 2026 by hand.",
    )
    assert (line.actor_kind, line.order) == ("staff", order)
    assert AuditEntry.objects.get().sentence == "Showed the usable token."
    assert shop.post("delay", token).status_code == 200


def test_a_manual_token_of_a_subscription_lives_as_long_as_any(shop: Shop, staff: Client) -> None:
    subscription = shop.subscriptions[0]
    staff.post(f"/admin/subscriptions/subscription/{subscription.pk}/issue-token/")
    token = ActionToken.objects.get()
    assert (token.scope, token.subscription) == ("subscription", subscription)
    assert (token.expires_at - token.issued_at).days == 90
    assert result_of(shop.post("reactivate", token))[1] == "subscription_already_active"


def test_no_token_is_issued_for_an_order_that_is_over(shop: Shop, staff: Client) -> None:
    order = shop.order
    orders.skip(order, actor=STAFF)
    contract.assert_refused("order_not_open", lambda: manual_tokens.issue_token(order, actor=STAFF))
    page = staff.get(f"/admin/subscriptions/order/{order.pk}/change/").content.decode()
    assert "issue-token" not in page


def test_no_token_is_issued_where_1_click_is_off(shop: Shop) -> None:
    OneClickSettings.objects.update(enabled=False)
    contract.assert_refused("one_click_off", lambda: manual_tokens.issue_token(shop.order, actor=STAFF))


def test_a_revoked_token_is_useless_and_recorded(shop: Shop, staff: Client) -> None:
    token = shop.order_token()
    staff.post(f"/admin/oneclick/actiontoken/{token.pk}/revoke/")
    assert reload_row(token).state == "revoked"
    assert Activity.objects.latest("id").sentence == "Revoked a 1-Click token for the order of December 1, 2026."
    assert result_of(shop.post("delay", token))[1] == "invalid_token"
    contract.assert_refused("token_not_revocable", lambda: manual_tokens.revoke_token(token, actor=STAFF))


def test_a_used_token_cannot_be_revoked(shop: Shop) -> None:
    token = shop.order_token()
    shop.post("delay", token, days=1)
    with pytest.raises(Refused):
        manual_tokens.revoke_token(token, actor=STAFF)
    assert reload_row(token).state == "used"


def test_a_token_whose_order_is_gone_can_still_be_revoked(shop: Shop) -> None:
    token = shop.order_token()
    orders.change_date(shop.order, actor=STAFF, day=DAY)
    shop.order.delete()
    manual_tokens.revoke_token(reload_row(token), actor=STAFF)
    assert reload_row(token).revoked_at is not None


def test_the_list_of_tokens_tells_usable_ones_from_those_whose_order_was_moved_closer(
    shop: Shop, staff: Client, noon
) -> None:
    token = shop.order_token()
    listed = f"/admin/oneclick/actiontoken/{token.pk}/change/"
    for state, shown in (("ready", True), ("expired", False)):
        page = staff.get(f"/admin/oneclick/actiontoken/?state={state}").content.decode()
        assert (listed in page) is shown
    noon.move_to("2026-12-01T17:00:00Z")
    assert listed in staff.get("/admin/oneclick/actiontoken/?state=expired").content.decode()
