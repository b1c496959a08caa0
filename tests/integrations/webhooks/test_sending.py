"""Webhooks on their way: what is sent, how long the portal waits, and when it tries again."""

import json
import socket
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import outbox
from integrations.base import Answer, Outcome
from integrations.models import Attempt, Connection, Delivery
from integrations.webhooks import signing_keys, targets
from integrations.webhooks.integration import Webhooks
from integrations.webhooks.signature import sign_body
from oneclick.models import ActionToken
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions.actions import subscription as subscriptions
from subscriptions.models import Event, Subscription
from tests.factories import STAFF
from tests.integrations.webhooks.target_server import Reply, TargetServer, running_target

pytestmark = pytest.mark.django_db


def change(subscription: Subscription) -> None:
    subscription.refresh_from_db()
    subscriptions.change_quantity(subscription, quantity=subscription.quantity + 1, actor=STAFF)


def send_to(target: Connection, server: TargetServer) -> Delivery:
    Connection.objects.filter(pk=target.pk).update(base_url=server.url)
    outbox.drain_connection(target.pk)
    return Delivery.objects.latest("id")


def test_a_body_is_signed_and_sent_as_it_is_stored(subscription, target):
    change(subscription)
    with running_target() as server:
        delivery = send_to(target, server)
    [(headers, content)] = server.requests
    event = Event.objects.get(kind="ordergroove.subscription.change_quantity")
    assert content.decode() == delivery.body
    assert json.loads(content)["id"] == event.public_id.hex
    at = int(timezone.now().timestamp())
    assert headers["Ordergroove-Signature"] == sign_body([target.secret], content, at)
    assert (headers["Content-Type"], headers["User-Agent"]) == ("application/json", "Reprise-Webhooks")
    assert (delivery.state, Attempt.objects.get().status) == ("done", 200)


def test_two_keys_sign_until_the_old_one_ends(subscription, target, noon):
    new, old, _ = signing_keys.rotate_signing_key(target)
    with running_target() as server:
        change(subscription)
        send_to(target, server)
        noon.shift(timedelta(hours=24))
        change(subscription)
        send_to(target, server)
    for (headers, content), keys, hours in zip(server.requests, ([new, old], [new]), (24, 0), strict=True):
        at = int(timezone.now().timestamp()) - hours * 3600
        assert headers["Ordergroove-Signature"] == sign_body(keys, content, at)


def test_a_retry_sends_the_same_bytes_with_a_fresh_signature(subscription, target, noon):
    subscriptions.cancel(subscription, actor=STAFF)
    token = encode_token(ActionToken.objects.get())
    with running_target(lambda number: Reply(500 if number == 1 else 204)) as server:
        assert send_to(target, server).state == "pending"
        noon.shift(timedelta(minutes=2))
        delivery = send_to(target, server)
    (first, content), (second, again) = server.requests
    assert (content, delivery.state) == (again, "done")
    assert json.loads(content)["data"]["object"]["one_click_token"] == token
    assert first["Ordergroove-Signature"] != second["Ordergroove-Signature"]
    assert token not in delivery.body


def test_an_answer_that_repeats_the_token_is_kept_without_it(subscription, target):
    subscriptions.cancel(subscription, actor=STAFF)
    token = encode_token(ActionToken.objects.get())
    with running_target(lambda number: Reply(400, f"unexpected {token}".encode())) as server:
        delivery = send_to(target, server)
    assert (delivery.error, Attempt.objects.get().detail) == ("unexpected ••••••••",) * 2


@pytest.mark.parametrize("status", [301, 302, 401, 404, 410, 429, 500])
def test_all_but_a_success_is_tried_again(subscription, target, status):
    change(subscription)
    location = "http://169.254.169.254/" if status < 400 else ""
    with running_target(lambda number: Reply(status, b"no", location)) as server:
        delivery = send_to(target, server)
    assert (delivery.state, delivery.attempts_made, len(server.requests)) == ("pending", 1, 1)
    assert timedelta(seconds=54) <= delivery.due - timezone.now() <= timedelta(seconds=66)
    told = "Not followed: http://169.254.169.254/ no" if location else "no"
    assert (Attempt.objects.get().detail, Attempt.objects.get().status) == (told, status)
    target.refresh_from_db()
    assert target.paused_reason == ""


def test_there_are_sixty_tries_in_nine_hours_and_a_half(subscription, target, noon):
    change(subscription)
    delivery, waits = Delivery.objects.get(), []
    for tries in range(1, 61):
        delivery.attempts_made = tries
        again = Webhooks().next_attempt(delivery, Answer(Outcome.RETRY), timezone.now())
        waits.append(again and (again - timezone.now()).total_seconds() / 60)
    assert waits.pop() is None
    planned = [1, 2, 4, 8] + [10] * 55
    assert all(0.9 * plan <= wait <= 1.1 * plan for wait, plan in zip(waits, planned, strict=True))
    assert len({wait / plan for wait, plan in zip(waits, planned, strict=True)}) > 50
    assert sum(planned) == 9 * 60 + 25


def test_a_delivery_that_failed_for_a_day_is_given_up(subscription, target, noon):
    change(subscription)
    delivery = Delivery.objects.get()
    delivery.first_attempt_at, delivery.attempts_made = timezone.now(), 20
    noon.shift(timedelta(hours=24))
    assert Webhooks().next_attempt(delivery, Answer(Outcome.RETRY), timezone.now())
    noon.shift(timedelta(seconds=1))
    assert Webhooks().next_attempt(delivery, Answer(Outcome.RETRY), timezone.now()) is None


@pytest.mark.parametrize("webhook_type", ["subscription.create", "item.create"])
def test_a_sample_is_signed_and_its_token_is_never_valid(target, webhook_type):
    with running_target(lambda number: Reply(418, b"teapot")) as server:
        target.base_url = server.url
        answer = Webhooks().send_sample(target, webhook_type)
    [(headers, content)] = server.requests
    body = json.loads(content)
    assert (answer.status, answer.detail, answer.outcome) == (418, "teapot", Outcome.RETRY)
    assert (body["type"], body["context"]) == (webhook_type, {"source": "test"})
    token = body["data"]["object"].get("one_click_token")
    assert (token is not None) == webhook_type.startswith("subscription")
    assert decode_nonce(token or "") is None
    at = int(timezone.now().timestamp())
    assert headers["Ordergroove-Signature"] == sign_body([target.secret], content, at)
    assert not Delivery.objects.exists()


def test_after_the_last_try_a_delivery_has_failed(subscription, target, noon):
    change(subscription)
    Delivery.objects.update(attempts_made=58)
    with running_target(lambda number: Reply(503)) as server:
        assert send_to(target, server).state == "pending"
        noon.shift(timedelta(minutes=11))
        delivery = send_to(target, server)
    assert (delivery.state, delivery.attempts_made, len(server.requests)) == ("dead", 60, 2)


def test_an_answer_that_trickles_ends_at_the_limit(subscription, target, settings):
    settings.WEBHOOK_SECONDS = 0.3
    change(subscription)
    with running_target(lambda number: Reply(200, b"x" * 100, pause=0.1)) as server:
        started = time.monotonic()
        delivery = send_to(target, server)
        assert time.monotonic() - started < 4  # of ten
    assert (delivery.state, delivery.error) == ("pending", "The answer did not come in time.")


def test_by_default_the_limit_is_five_seconds(settings):
    assert settings.WEBHOOK_SECONDS == 5


def test_a_name_that_turns_private_is_not_called(subscription, target, settings, monkeypatch):
    with running_target() as server:
        name = server.url.replace("http://127.0.0.1", "https://shop.test")
        answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (ip, 443)) for ip in next(answers)])
        settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = False
        targets.change_target(target, target_url=name)
        change(subscription)
        outbox.drain_connection(target.pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts_made, server.requests) == ("pending", 1, [])
    assert "private address" in delivery.error


def test_a_target_that_hangs_delays_no_other(merchant, subscription, settings):
    settings.WEBHOOK_SECONDS = 0.3
    with running_target(lambda number: Reply(200, b"xxxx", pause=2)) as dead, running_target() as alive:
        hanging = targets.create_target(merchant, dead.url, pattern="subscription.*", name="dead")
        other = targets.create_target(merchant, alive.url, pattern="subscription.*", name="alive")
        for _ in range(10):
            change(subscription)
        started = time.monotonic()
        outbox.drain_connection(hanging.pk)
        outbox.drain_connection(other.pk)
        assert time.monotonic() - started < 6  # of twenty
    assert Delivery.objects.filter(connection=other, state="done").count() == 10
    # It rests after a few requests, of which two at most are on their way at once.
    assert 5 <= Attempt.objects.filter(delivery__connection=hanging).count() <= 6
    assert Delivery.objects.filter(connection=hanging, state="pending").count() == 10


def test_a_body_that_is_gone_is_not_sent(subscription, target):
    change(subscription)
    Delivery.objects.update(body=None)
    with running_target() as server:
        delivery = send_to(target, server)
    assert (delivery.state, delivery.error, server.requests) == ("skipped", "The body is no longer kept.", [])
