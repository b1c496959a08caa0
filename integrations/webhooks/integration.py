"""Webhooks as an integration of the outbox: each event is one signed request."""

import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx
from django.conf import settings

from common.web.outbound_address import AddressRefused
from integrations import http
from integrations.base import Answer, Outcome, Parcel, Prepared, Setup, ShownRequest
from integrations.models import Attempt, Connection, Delivery, WebhookTarget
from integrations.webhooks.bodies import add_token
from integrations.webhooks.patterns import KINDS_BY_TYPE
from integrations.webhooks.samples import sample_body
from integrations.webhooks.signature import HEADER, sign_body
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models.fields import Secret

TRIES = 60
# A target that does not answer at all rests between tries, so there may be fewer.
PATIENCE = timedelta(hours=24)
FIRST_WAITS = (1, 2, 4, 8)  # minutes
LATER_WAITS = 10
JITTER = 0.1
KEPT_ANSWER = 2048  # bytes
HEADERS = {"Content-Type": "application/json", "User-Agent": "Reprise-Webhooks"}
FORGOTTEN = "The body is no longer kept."
SAMPLE_TYPE = "subscription.create"
SAMPLE_TOKEN = "sample-token-which-no-link-ever-accepts"


SETUP = Setup(
    key="Signing key",
    key_help="Made by the portal, and shown once.",
    address_help="Begins with https://, at a public address.",
    about="Signed requests to an address of yours.",
)


class Webhooks:
    setup = SETUP
    in_flight = 2
    most_in_bulk = 1
    keeps_order = False

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        target = _read_target(connection)
        tokens = _read_tokens(deliveries)
        made = Prepared(skipped=[(each, FORGOTTEN) for each in deliveries if each.body is None])
        for each in deliveries:
            if each.body is not None:
                letter = Letter(target, each.body, tokens.get(each.event_id))
                made.parcels.append(Parcel([each], (), letter.send))
        return made

    def next_attempt(self, delivery: Delivery, answer: Answer, now: datetime) -> datetime | None:
        tries, first = delivery.attempts_made, delivery.first_attempt_at or now
        if tries >= TRIES or now > first + PATIENCE:
            return None
        minutes = FIRST_WAITS[tries - 1] if tries <= len(FIRST_WAITS) else LATER_WAITS
        return now + timedelta(minutes=minutes * random.uniform(1 - JITTER, 1 + JITTER))

    def note_delivered(self, connection: Connection, sent: Sequence[tuple[Parcel, Answer]]) -> None:
        """There is nothing to keep."""

    def rebuild_requests(self, delivery: Delivery, attempts: Sequence[Attempt]) -> list[ShownRequest]:
        body, kind = delivery.body or "", ALL_KINDS[delivery.event.kind]
        shown = add_token(body, Secret.MASK) if body and kind.token_scope else body or FORGOTTEN
        return [ShownRequest("POST", delivery.connection.base_url, shown) for _ in attempts]

    def test(self, connection: Connection) -> Answer:
        return self.send_sample(connection, SAMPLE_TYPE)

    def send_sample(self, connection: Connection, webhook_type: str) -> Answer:
        """Send a sample of an event, once, and say what the target answers."""
        body = sample_body(webhook_type, connection.merchant)
        carries_token = ALL_KINDS[KINDS_BY_TYPE[webhook_type]].token_scope
        return Letter(_read_target(connection), body, SAMPLE_TOKEN if carries_token else None).send()


class Letter:
    """A request to a target; it is signed when it leaves."""

    def __init__(self, target: WebhookTarget, body: str, token: str | None) -> None:
        self.url, self.own_sandbox = target.connection.base_url, target.connection.merchant.is_test
        self.keys, self.token = target.valid_keys(), token
        self.content = add_token(body, token).encode()

    def send(self) -> Answer:
        headers = HEADERS | {HEADER: sign_body(self.keys, self.content, int(time.time()))}
        seconds = settings.WEBHOOK_SECONDS
        limits = http.Limits(connect=seconds, silence=seconds, deadline=seconds, body_bytes=16 * 1024)
        try:
            reply = http.send_request(
                "POST", self.url, headers=headers, content=self.content, own_sandbox=self.own_sandbox, limits=limits
            )
        except (AddressRefused, httpx.InvalidURL) as error:
            return Answer(Outcome.RETRY, detail=str(error))
        except httpx.TransportError as error:
            return Answer(Outcome.RETRY, detail=http.describe_failure(error))
        outcome = Outcome.DONE if 200 <= reply.status < 300 else Outcome.RETRY
        return Answer(outcome, reply.status, self._describe(reply))

    def _describe(self, reply: http.Reply) -> str:
        """Where a redirect leads, and the beginning of the answer, which may repeat the body with its token."""
        answer = reply.body.decode(errors="replace")
        if self.token:
            answer = answer.replace(self.token, Secret.MASK)
        is_redirect = 300 <= reply.status < 400
        where = f"Not followed: {reply.headers.get('Location', 'nowhere')}" if is_redirect else ""
        return " ".join(filter(None, [where, answer[:KEPT_ANSWER].strip()]))


def _read_target(connection: Connection) -> WebhookTarget:
    target = WebhookTarget.objects.get(connection=connection)
    target.connection = connection
    return target


def _read_tokens(deliveries: Sequence[Delivery]) -> dict[int, str]:
    """The texts of the events' tokens, by the event's key."""
    carriers = [each.event_id for each in deliveries if ALL_KINDS[each.event.kind].token_scope]
    if not carriers:
        return {}
    tokens = ActionToken.objects.filter(event__in=carriers).order_by("-pk")
    return {token.event_id: encode_token(token) for token in tokens if token.event_id}
