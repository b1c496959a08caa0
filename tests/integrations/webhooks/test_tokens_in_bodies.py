"""The action token of a webhook: put in when it is sent, and never shown."""

import json

import pytest

from integrations.webhooks.bodies import add_token, build_bodies, mask_token
from oneclick.models import ActionToken, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as subscriptions
from subscriptions.models import Subscription
from tests.actions import random_actions
from tests.factories import STAFF

pytestmark = pytest.mark.django_db
# What a shop may have stored must not be taken for the token's place.
TRICKY = {
    "one_click_token": "",
    "nested": {"one_click_token": None, "object": {"one_click_token": ""}},
    "text": '"one_click_token":null}},"context":{',
    "context": {"source": '}\u2028\\"é'},
    "numbers": [1.10, -0.0, 1e22, 12345678901234567890123, True],
}


def body_of_a_cancellation() -> str:
    world = random_actions.create_world(1)
    Subscription.objects.update(extra_data=TRICKY)
    done = subscriptions.cancel(world.subscription(0), actor=STAFF)
    (text,) = build_bodies([(event, ()) for event in done.events if event.kind.endswith("subscription.cancel")])
    return text


def test_the_token_comes_last_in_the_object_and_nothing_else_changes() -> None:
    body = body_of_a_cancellation()
    token = encode_token(ActionToken.objects.get())
    sent = add_token(body, token)
    assert json.loads(sent)["data"]["object"].pop("one_click_token") == token
    assert sent.count(token) == 1
    assert sent.replace(f',"one_click_token":"{token}"', "") == body
    assert add_token(body, token) == sent


def test_the_stored_body_has_no_token_of_its_own() -> None:
    content = json.loads(body_of_a_cancellation())
    assert "one_click_token" not in content["data"]["object"]
    assert content["data"]["object"]["extra_data"] == json.loads(json.dumps(TRICKY))


def test_a_body_without_a_token_is_sent_as_it_is() -> None:
    OneClickSettings.objects.update(enabled=False)
    body = body_of_a_cancellation()
    assert add_token(body, None) is body


def test_the_token_is_masked_for_people() -> None:
    body = body_of_a_cancellation()
    sent = add_token(body, "secret-token")
    masked = mask_token(sent)
    assert "secret-token" not in masked
    assert json.loads(masked)["data"]["object"]["one_click_token"] == "••••"
    assert mask_token(masked) == masked
    assert mask_token(body) == body
