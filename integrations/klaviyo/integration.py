"""Klaviyo as an integration of the outbox."""

from collections.abc import Callable

import httpx
from django.db.models.functions import Lower
from django.utils import timezone

from common.web.outbound_address import AddressRefused
from integrations import http
from integrations.base import Answer, Outcome
from integrations.klaviyo import answers, bodies, client
from integrations.models import Connection, Delivery
from integrations.sandbox import private_keys as sandbox
from oneclick.links import event_links
from oneclick.tokens.token_text import encode_token
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event

REFUSED_KEYS = {
    401: "Klaviyo does not know this key. Copy the private key from Klaviyo's settings, under API keys.",
    403: "The key may not do what is needed: give it read access to accounts and full access to events.",
}


class Klaviyo:
    # 80 % of an account's quota for this endpoint: other programs send under the same quota.
    per_minute = 2800
    first_wait = 30
    longest_wait = 30 * 60
    give_up_after = 24 * 3600

    def send(self, delivery: Delivery) -> Answer:
        """Send the event of `delivery`; no transaction may be open."""
        event, now = delivery.event, timezone.now()
        profile = bodies.Profile.from_event(event)
        if not profile.is_identified:
            return Answer(Outcome.SKIPPED, detail="The customer has no valid e-mail address or phone number.")
        # Events of test customers reach only the sandbox.
        with_tests = delivery.connection.base_url.endswith(sandbox.PATH)
        status = subscriber_status(event, profile.email, with_tests=with_tests)
        body = bodies.event_body(event, profile, status=status, one_click=one_click_properties(event), now=now)
        content = bodies.encode_body(body)
        answer = _call_client(lambda: client.create_event(delivery.connection, content), answers.read_reply)
        notes = [answer.detail, *bodies.event_warnings(event, profile, now)]
        return Answer(answer.outcome, answer.status, " ".join(filter(None, notes)), answer.retry_after)

    def test(self, connection: Connection) -> Answer:
        """DONE with the account's name and id if key and address work, or else what is wrong."""
        return _call_client(lambda: client.get_accounts(connection), _read_account_reply)


def subscriber_status(event: Event, email: str | None, *, with_tests: bool) -> str | None:
    """`active` or `inactive` as of now: an event sent late must not set the profile back to an old status.

    Klaviyo has one profile for an e-mail address, which several customers may share: the profile is active if any of
    them has a live subscription. Without `with_tests` no test customer counts.
    """
    if KINDS[event.kind].profile_status is None:
        return None
    customers = event.merchant.customers.alias(lowered=Lower("email"))
    customers = customers.filter(lowered=email) if email else customers.filter(pk=event.customer_id)
    if not with_tests:
        customers = customers.filter(is_test=False)
    is_active = event.merchant.subscriptions.live().filter(customer__in=customers).exists()
    return "active" if is_active else "inactive"


def one_click_properties(event: Event) -> dict[str, str]:
    """The usable token as `action_token`, and the finished links that are attached to the event's kind."""
    token = event.action_tokens.first() if KINDS[event.kind].token_scope else None
    return {"action_token": encode_token(token), **event_links.link_properties(event, token)} if token else {}


def _call_client(call: Callable[[], http.Reply], read: Callable[[http.Reply], Answer]) -> Answer:
    try:
        return read(call())
    except (client.InvalidSetup, AddressRefused) as error:
        return Answer(Outcome.PAUSE, detail=str(error))
    except httpx.TransportError as error:
        return Answer(Outcome.RETRY, detail=http.describe_failure(error))


def _read_account_reply(reply: http.Reply) -> Answer:
    if sentence := REFUSED_KEYS.get(reply.status):
        return Answer(Outcome.PAUSE, reply.status, sentence)
    if reply.status != 200:
        return answers.read_reply(reply)
    try:
        account = answers.parse_body(reply)["data"][0]
        attributes = account["attributes"]
        name = attributes["contact_information"]["organization_name"]
        kind = ", a test account" if attributes["test_account"] else ""
    except (KeyError, IndexError, TypeError):
        return Answer(Outcome.PAUSE, 200, "Something answers at this address, but it is not Klaviyo.")
    return Answer(Outcome.DONE, 200, f"{name} ({account['id']}){kind}")
