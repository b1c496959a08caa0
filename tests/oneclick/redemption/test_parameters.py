"""Spelling, validity and order of checks of a link's parameters."""

from datetime import date

import pytest

from oneclick.models import ActionToken, Click
from oneclick.tokens.token_text import encode_token
from subscriptions.models import Order
from tests.factories import CustomerFactory, ProductFactory
from tests.oneclick.shop import DAY, Shop, reload_row, result_of

FORM = "application/x-www-form-urlencoded"


# Spelling


@pytest.mark.parametrize(
    "fields", [{"days": "21"}, {"days": 21}, {"og_delay_by": "21"}, {"days": " 21 ", "utm_source": "x"}]
)
def test_every_spelling_of_the_days_counts(shop: Shop, fields: dict) -> None:
    assert shop.post("delay", shop.order_token(), **fields).status_code == 200
    assert shop.order.place_date == date(2026, 12, 22)


def test_the_fields_of_a_post_may_be_in_its_query(shop: Shop) -> None:
    token = encode_token(shop.order_token())
    answer = shop.client.post(f"/one_click/delay/?_kx=1&days=7&og_quick_action_token={token}&gclid=2")
    assert answer.status_code == 200
    assert shop.order.place_date == date(2026, 12, 8)


@pytest.mark.parametrize(("body", "kind"), [("days=7", FORM), ('{"days": 7}', "application/json")])
def test_a_field_of_the_body_goes_before_one_of_the_query(shop: Shop, body: str, kind: str) -> None:
    token = encode_token(shop.order_token())
    answer = shop.client.post(f"/one_click/delay/?token={token}&days=21", body, content_type=kind)
    assert answer.status_code == 200
    assert shop.order.place_date == date(2026, 12, 8)


def test_a_form_of_an_encoded_body_acts(shop: Shop) -> None:
    token = encode_token(shop.order_token())
    assert shop.client.post("/one_click/delay/", f"token={token}&days=7", content_type=FORM).status_code == 200
    assert shop.order.place_date == date(2026, 12, 8)


def test_a_named_json_get_acts_for_every_action(shop: Shop) -> None:
    named = {"Accept": "application/json"}
    calls = {"delay": {"days": "7"}, "upsell": {"og_product_id": "HON-1"}, "skip": {}}
    for action, fields in calls.items():
        query = {"token": encode_token(shop.order_token()), **fields}
        answer = shop.client.get(f"/one_click/{action}/", query, headers=named)
        assert (answer.status_code, answer.json()) == (200, {})
    token = encode_token(shop.subscription_token())
    query = {"token": token, "winback_id": shop.offer().public_id.hex}
    assert shop.client.get("/one_click/reactivate/", query, headers=named).json() == {}
    bad = shop.client.get("/one_click/delay/", {"token": token}, headers=named)
    assert (bad.status_code, bad.json()) == (400, {"error": "token_already_used"})


def test_an_unfilled_merge_tag_counts_as_absent(shop: Shop) -> None:
    shop.post("delay", shop.order_token(), days="")
    assert shop.order.place_date == date(2026, 12, 15)


# Validity


@pytest.mark.parametrize("days", ["0", "366", "-1", "1.5", "x", "٣", "9" * 30, [1], {"a": 1}, True])
def test_days_are_whole_and_at_most_a_year(shop: Shop, days: object) -> None:
    assert result_of(shop.post("delay", shop.order_token(), days=days))[:2] == (400, "invalid_og_delay_by")
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
    assert result_of(shop.post("upsell", token, **fields))[:2] == (400, code)
    assert reload_row(token).state == "ready"
    assert Click.objects.get().outcome == code
    assert shop.order.items.count() == 2


def test_subscription_upsell_by_name_needs_a_frequency(shop: Shop) -> None:
    answer = shop.post("subscription_upsell", shop.order_token(), og_product_id="HON-1")
    assert result_of(answer)[:2] == (400, "missing_og_every")


@pytest.mark.parametrize(
    "traits",
    [
        {"live": False},
        {"discontinued": True, "live": False, "autoship_enabled": False},
        {"upsell_eligible": False},
    ],
)
def test_an_unavailable_product_is_invalid(shop: Shop, traits: dict) -> None:
    type(shop.product).objects.filter(pk=shop.product.pk).update(**traits)
    answer = shop.post("upsell", shop.order_token(), og_product_id="HON-1")
    assert result_of(answer)[:2] == (400, "invalid_og_product_id")


def test_a_product_without_subscriptions_can_still_be_added_once(shop: Shop) -> None:
    type(shop.product).objects.filter(pk=shop.product.pk).update(autoship_enabled=False)
    token = shop.order_token()
    often = {"og_product_id": "HON-1", "og_every": 1, "og_every_period": 3}
    assert result_of(shop.post("upsell", token, **often))[:2] == (400, "invalid_og_product_id")
    assert shop.post("upsell", token, og_product_id="HON-1").status_code == 200


@pytest.mark.parametrize("traits", [{"usable_in_links": False}, {"live": False}])
def test_an_offer_not_usable_in_links_is_invalid(shop: Shop, traits: dict) -> None:
    offer = shop.offer(**traits).public_id.hex
    answer = shop.post("upsell", shop.order_token(), og_product_id="HON-1", og_offer_id=offer)
    assert result_of(answer)[:2] == (400, "invalid_og_offer_id")
    answer = shop.post("reactivate", shop.subscription_token(), og_winback_id=offer)
    assert result_of(answer)[:2] == (400, "invalid_og_winback_id")


def test_products_of_another_merchant_are_invalid(shop: Shop) -> None:
    ProductFactory(merchant=CustomerFactory().merchant, external_product_id="theirs")
    answer = shop.post("upsell", shop.order_token(), og_product_id="theirs")
    assert result_of(answer)[:2] == (400, "invalid_og_product_id")


# Order of the checks


def test_the_token_is_checked_first_then_the_parameters_then_the_action(shop: Shop) -> None:
    Order.objects.update(locked=True)
    wrong = {"days": "0"}
    token = create_order_token(shop)
    assert result_of(shop.post("delay", token, **wrong))[1] == "invalid_og_delay_by"
    assert result_of(shop.post("reactivate", token, winback_id="x"))[1] == "token_wrong_context"
    assert result_of(shop.post("delay", token, days="7"))[1] == "subscription_already_active"


def create_order_token(shop: Shop) -> ActionToken:
    order = Order.objects.get()
    return ActionToken.objects.create(
        merchant=shop.merchant, customer=shop.customer, scope="order", order=order, expires_at="2026-12-01T05:00:00Z"
    )
