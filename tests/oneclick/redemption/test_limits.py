"""A forged token costs no query; a client and a token have their limits."""

import pytest

from oneclick.redemption.link_actions import ACTION_NAMES
from tests.oneclick.shop import Shop

FORGED = ["forged", "A" * 44, ""]
FIELDS = {"days": 7, "og_product_id": "HON-1", "og_every": 1, "og_every_period": 3, "winback_id": "x"}


@pytest.mark.parametrize("text", FORGED)
@pytest.mark.parametrize("action", [*sorted(ACTION_NAMES), "undo"])
def test_a_forged_token_costs_no_query(shop: Shop, django_assert_num_queries, action: str, text: str) -> None:
    with django_assert_num_queries(0):
        answer = shop.post(action, text, **FIELDS)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")
        if action != "undo":
            query = {"token": text, **FIELDS}
            named = shop.client.get(f"/one_click/{action}/", query, headers={"Accept": "application/json"})
            assert (named.status_code, named.json()) == (400, {"error": "invalid_token"})
            assert shop.client.get(f"/one_click/{action}/", query).status_code == 400


def test_a_forged_token_at_a_known_merchants_script_costs_no_query(shop: Shop, django_assert_num_queries) -> None:
    url = f"/one_click/delay/?merchant={shop.merchant.public_id.hex}"
    for queries in (2, 0):  # the merchant with its origins, and its own messages
        with django_assert_num_queries(queries):
            answer = shop.client.post(url, {"token": "forged"}, headers={"Origin": "https://shop.test"})
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (400, "https://shop.test")


@pytest.mark.parametrize("action", sorted(ACTION_NAMES))
def test_a_client_over_its_limit_is_refused_for_every_action(shop: Shop, settings, action: str) -> None:
    settings.ONE_CLICK_RATE = 1
    assert shop.post("delay", "forged").status_code == 400
    answer = shop.post(action, shop.order_token(), **FIELDS)
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_requests")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_token_has_one_limit_for_all_actions_and_clients(shop: Shop) -> None:
    token = shop.order_token()
    for number in range(30):
        shop.client.defaults["REMOTE_ADDR"] = f"10.0.0.{number}"
        assert shop.post("delay" if number % 2 else "reactivate", token, days=0).status_code == 400
    shop.client.defaults["REMOTE_ADDR"] = "10.0.1.1"
    assert shop.post("skip", token).status_code == 429
