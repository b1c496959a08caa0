import json
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache

from common.web import rate_limit
from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions.actions.subscription import cancel
from subscriptions.models import Merchant, Subscription
from tests.factories import STAFF, MerchantFactory, subscription_with_order

pytestmark = pytest.mark.django_db
SHOP = "https://shop.test"
USED = "This link was previously used. Your subscription was not reactivated."


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def token() -> ActionToken:
    cancel(subscription_with_order(), actor=STAFF)
    return ActionToken.objects.get()


def url_of(token: ActionToken) -> str:
    return f"/one_click/reactivate/?merchant={token.merchant.public_id.hex}"


def post(client, token: ActionToken, text: str | None = None, **headers):
    body = json.dumps({"token": text or encode_token(token)})
    return client.post(url_of(token), body, content_type="application/json", headers=headers)


def is_live(token: ActionToken) -> bool:
    return Subscription.objects.get(pk=token.subscription_id).live


def test_a_json_post_acts_and_answers_with_message_and_undo(client, token):
    answer = post(client, token)
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"status", "action", "message", "undo", "replayed"}
    assert (body["status"], body["action"], body["replayed"]) == ("success", "reactivate", False)
    assert body["message"].startswith("Your subscription to House blend is active again.")
    assert set(body["undo"]) == {"token", "until"}
    assert is_live(token)


def test_a_form_post_acts_too(client, token):
    answer = client.post("/one_click/reactivate/", {"token": encode_token(token)})
    assert (answer.status_code, answer.json()["status"]) == (200, "success")


def test_a_browsers_form_gets_a_page_with_the_banner(client, token):
    answer = client.post("/one_click/reactivate/", {"token": encode_token(token)}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "alert-container--success" in answer.content.decode()
    assert "Your subscription to House blend is active again." in answer.content.decode()


def test_a_form_that_carries_its_token_in_the_query_gets_the_merchants_page_too(client, token):
    path = f"/one_click/reactivate/?token={encode_token(token)}"
    answer = client.post(path, headers={"Accept": "text/html"})
    assert (answer.status_code, is_live(token)) == (200, True)
    assert token.merchant.name in answer.content.decode()


def test_a_refusal_has_its_code_and_the_customers_message(client, token):
    OneClickSettings.objects.update(replay_seconds=0)
    post(client, token)
    answer = post(client, token)
    assert answer.status_code == 400
    assert answer.json() == {"status": "error", "error": "token_already_used", "message": USED}


ODD_BODIES = ["", "no json", "[]", '"x"', "{}", '{"token": 7}', '{"token": null}', "\xff", "[" * 100_000]


@pytest.mark.parametrize("body", ODD_BODIES)
def test_any_other_body_is_an_invalid_token(client, token, body):
    answer = client.post(url_of(token), body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")
    assert not is_live(token)


def test_an_answer_is_never_stored_and_sends_no_referrer(client, token):
    answer = post(client, token)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies


def test_a_registered_shop_page_may_read_the_answer(client, token):
    answer = post(client, token, Origin=SHOP)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, SHOP)
    assert answer["Vary"] == "Origin"


def test_a_registered_shop_page_may_read_a_refusal_of_a_forged_token(client, token):
    answer = post(client, token, "forged", Origin=SHOP)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (400, SHOP)


def test_another_merchants_script_cannot_use_the_token(client, token):
    foreign = MerchantFactory().public_id.hex
    answer = client.post(f"/one_click/reactivate/?merchant={foreign}", {"token": encode_token(token)})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")
    assert not is_live(token)


def test_a_page_of_any_other_origin_is_refused_and_nothing_happens(client, token):
    answer = post(client, token, Origin="https://evil.test")
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer
    assert not is_live(token)


def test_a_preflight_is_answered_for_registered_origins_only(client, token):
    good = client.options(url_of(token), headers={"Origin": SHOP})
    assert good.status_code == 204
    assert good["Access-Control-Allow-Origin"] == SHOP
    assert good["Access-Control-Allow-Headers"] == "Content-Type"
    bad = client.options(url_of(token), headers={"Origin": "https://evil.test"})
    assert "Access-Control-Allow-Origin" not in bad


def test_a_get_that_names_json_acts_with_the_documented_answers(client, token):
    OneClickSettings.objects.update(replay_seconds=0)
    ask = {"path": "/one_click/reactivate/", "headers": {"Accept": "application/json"}}
    good = client.get(**ask, data={"token": encode_token(token)})
    assert (good.status_code, good.json()) == (200, {})
    assert is_live(token)
    bad = client.get(**ask, data={"token": encode_token(token)})
    assert (bad.status_code, bad.json()) == (400, {"error": "token_already_used"})


@pytest.mark.parametrize("accept", ["", "*/*", "text/html,*/*;q=0.8", "application/*"])
def test_any_other_get_leads_to_the_merchants_page_and_changes_nothing(client, token, accept):
    text = encode_token(token)
    answer = client.get("/one_click/reactivate/", {"token": text, "utm": "a b"}, headers={"Accept": accept})
    assert answer.status_code == 303
    assert answer["Location"].endswith(
        f"/l/{token.merchant.public_id.hex}/#og_quick_action=reactivate#og_quick_action_token={text}"
        "#og_visit=fetched#utm=a%20b"
    )
    assert not is_live(token) and Click.objects.get().outcome == "fetched"


def test_the_pages_fragment_spells_parameters_as_the_script_reads_them(client, token):
    text = encode_token(token)
    query = {"og_quick_action": "skip", "token": text, "days": "21", "winback_id": "w", "a#b": "c&d"}
    answer = client.get("/one_click/reactivate/", query)
    assert answer["Location"].partition("#")[2] == (
        f"og_quick_action=reactivate#og_quick_action_token={text}#og_visit=fetched#og_delay_by=21#og_winback_id=w#a%23b=c%26d"
    )


def test_a_merchant_may_switch_the_acting_get_off(client, token):
    OneClickSettings.objects.update(allow_get=False)
    answer = client.get(
        "/one_click/reactivate/", {"token": encode_token(token)}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 303
    assert not is_live(token)


@pytest.mark.parametrize("method", ["head", "put", "patch", "delete", "trace"])
def test_every_other_method_changes_nothing(client, token, method):
    path = f"/one_click/reactivate/?token={encode_token(token)}"
    getattr(client, method)(path, headers={"Accept": "application/json"})
    assert not is_live(token) and set(Click.objects.values_list("outcome", flat=True)) <= {"fetched"}


def test_undo_over_http_reverts_the_action(client, token):
    offer = post(client, token).json()["undo"]["token"]
    answer = client.post("/one_click/undo/", json.dumps({"token": offer}), content_type="application/json")
    assert (answer.status_code, answer.json()["status"], answer.json()["action"]) == (200, "success", "undo")
    assert not is_live(token)


def test_a_client_that_sends_too_many_requests_has_to_wait(client, token, settings):
    settings.ONE_CLICK_RATE = 2
    assert [post(client, token, "forged").status_code for _ in range(3)] == [400, 400, 429]
    answer = post(client, token)
    assert 1 <= int(answer["Retry-After"]) <= 61
    ask = {"path": "/one_click/reactivate/", "headers": {"Accept": "application/json"}}
    assert client.get(**ask, data={"token": encode_token(token)}).status_code == 429
    assert not is_live(token)


def test_a_token_presented_too_often_has_to_wait_whoever_presents_it(client, token):
    statuses = [
        client.post("/one_click/reactivate/", {"token": encode_token(token)}, REMOTE_ADDR=f"10.0.0.{i}").status_code
        for i in range(31)
    ]
    assert statuses == [200] * 30 + [429]


@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_another_spelling_of_a_token_or_its_undo_shares_the_limit(client, token):
    while "-" not in (text := encode_token(token)):
        token.nonce = uuid4()
    ActionToken.objects.update(nonce=token.nonce, expires_at="2027-01-01T00:00:00Z")
    assert decode_nonce(text.replace("-", "+")) == token.nonce
    for spelling in (text, text.replace("-", "+")):
        client.post("/one_click/reactivate/", {"token": spelling})
    client.post("/one_click/undo/", {"token": encode_token(token, "undo")})
    assert rate_limit.count_request("token", token.nonce.hex, 30).used == 4


def test_the_cache_holds_no_secret_of_the_merchant_and_no_usable_token(client, token):
    Merchant.objects.update(storefront_key="s3cret")
    post(client, token, Origin=SHOP)
    kept = b"".join(key.encode() + value for key, value in cache._cache.items())
    assert SHOP.encode() in kept
    assert b"s3cret" not in kept and encode_token(token).encode() not in kept


def test_the_slash_at_the_end_is_optional_and_no_body_is_lost(client, token):
    answer = client.post("/one_click/reactivate", {"token": encode_token(token)})
    offer = answer.json()["undo"]["token"]
    assert client.post("/one_click/undo", {"token": offer}).status_code == 200
    assert not is_live(token)


def test_an_unknown_action_is_not_found(client):
    assert client.post("/one_click/explode/", {"token": "x"}).status_code == 404
