"""Redeeming a token: one transaction that holds the customer.

Checks in this order: signature, exists and not revoked, expired, used, context, parameters, business rules. A refusal
leaves the token unused; the click is recorded either way.
"""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from common.db import pipeline, reserve_ids, update
from oneclick.analytics import clicks
from oneclick.analytics.clicked_product import find_product_id
from oneclick.analytics.visits import Visit, weigh_visit
from oneclick.links import signed_links
from oneclick.models import ActionToken, Click
from oneclick.models.settings import one_click_of
from oneclick.models.token import ATTEMPT_LENGTH
from oneclick.redemption import parameters
from oneclick.redemption.link_actions import find_link_action
from oneclick.redemption.link_actions.link_action import LinkAction, Parameters, Result
from oneclick.redemption.locked_token import lock_token
from oneclick.redemption.refusals import InDoubt, customer_refusal, record_refusal
from oneclick.redemption.success import Success, undo_offer, write_message
from oneclick.tokens.token_text import decode_nonce
from subscriptions import calendar
from subscriptions.actions.core import emit_followup
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import NotFound, Refused
from subscriptions.events import catalogue
from subscriptions.models import Activity, Event, Item, Merchant, Order, Subscription

# The number of new rows in nearly every click.
WRITTEN = {Order: 1, Item: 1, Activity: 1, Event: 2, ActionToken: 2, Click: 1}

DIRECT = Visit()


def redeem_token(
    text: str, action: str, fields: dict[str, str], merchant: Merchant | None = None, visit: Visit = DIRECT
) -> Success:
    """Perform the link action that the token allows.

    Raises Busy, Refused with the sentence for the customer, or InDoubt for a visit that must be asked first.

    `action` is one of `link_actions.ACTION_NAMES`. `fields` are the request's by API name; those the action does not
    know are ignored. If `merchant` is given, another merchant's token counts as invalid. `visit` is recorded with the
    click.
    """
    link_action = find_link_action(action, fields)
    given = parameters.pick_parameters(fields, link_action.parameters)
    attempt, visit = fields.get("attempt", "")[:ATTEMPT_LENGTH], replace(visit, product=given.get("og_product_id", ""))
    nonce = decode_nonce(text)
    if nonce is None:
        raise customer_refusal(link_action.name, "invalid_token", merchant)
    try:
        with lock_token(nonce, merchant) as token:
            if _is_replay(token, link_action, given, attempt):
                clicks.record_click(token, link_action.name, "success", visit, replayed=True)
                return Success(link_action.action, token.used_message, undo_offer(token), replayed=True)
            _check_token(token, link_action)
            if code := signed_links.link_refusal(token.merchant, link_action.action, given, fields):
                raise Refused(code, "The link is not as it was signed.")
            parameters.require_parameters(given, link_action.required)
            visit = weigh_visit(token, visit)
            if visit.needs_question:
                raise InDoubt(token, visit)
            # Before the action, which may move the items of the order; a subscription comes with the result.
            product_id = find_product_id(token, link_action.name, visit.product) if token.order_id else None
            with pipeline(), reserve_ids(WRITTEN):
                actor = Actor(ActorKind.LINK, str(token.pk), f"1-Click {link_action.action}")
                result = link_action.perform(token, given, actor)
                message = write_message(token, link_action.name, result.message)
                _mark_used(token, link_action, given, attempt, result, message)
                if isinstance(result.next_target, Subscription):
                    product_id = result.next_target.product_id
                facts = {"product_id": product_id, **_gained_row(token, result)}
                clicks.record_click(token, link_action.name, "success", visit, **facts)
                _emit_next_token(result)
            return Success(link_action.action, message, undo_offer(token))
    except NotFound as error:
        raise customer_refusal(link_action.name, "invalid_token", merchant) from error
    except Refused as refusal:
        code = link_action.codes.get(refusal.code, refusal.code)
        raise record_refusal(nonce, link_action.name, code, visit) from refusal


def _is_replay(token: ActionToken, link_action: LinkAction, given: Parameters, attempt: str) -> bool:
    """Whether this click was answered before.

    It may be the second half of a double click, a mail program that fetches the link again, or the script that got no
    answer to this attempt.
    """
    if token.used_at is None or token.undone_at or token.revoked_at:
        return False
    if token.used_action != link_action.name or token.used_parameters != given:
        return False
    window = timedelta(seconds=one_click_of(token.merchant).replay_seconds)
    return (attempt != "" and attempt == token.used_attempt) or timezone.now() < token.used_at + window


def _check_token(token: ActionToken, link_action: LinkAction) -> None:
    if token.revoked_at or not one_click_of(token.merchant).enabled:
        raise Refused("invalid_token", "This token was revoked.")
    # The token's use may have ended or moved the order; a used token is refused as used, not as expired.
    expired = token.expires_at <= calendar.now() if token.used_at else token.expired
    if expired:
        raise Refused("expired_token", "This token is expired.")
    if token.used_at:
        raise Refused("token_already_used", "This token was used.")
    if token.scope != link_action.scope:
        raise Refused("token_wrong_context", f"This token is good for its {token.scope} only.")


def _mark_used(
    token: ActionToken, link_action: LinkAction, given: Parameters, attempt: str, result: Result, message: str
) -> None:
    token.used_at = timezone.now()
    token.used_action = link_action.name
    token.used_parameters = given
    token.used_message = message
    token.used_attempt = attempt
    token.activity = result.context.activity
    update(token, "used_at", "used_action", "used_parameters", "used_message", "used_attempt", "activity")


def _gained_row(token: ActionToken, result: Result) -> dict[str, int | None]:
    """The subscription, item or order that the click gained or kept, as a column of Click; analytics follows it."""
    gained = result.context.undo_facts or {}
    if subscription := token.subscription_id or gained.get("subscription"):
        return {"subscription_id": subscription}
    if "item" in gained:
        return {"item_id": gained["item"]}
    return {"order_id": result.next_target.pk if result.next_target else None}


def _emit_next_token(result: Result) -> None:
    """Send the customer's next token to the merchant's webhooks."""
    if result.next_target:
        kind = catalogue.ORDER_REFRESH if isinstance(result.next_target, Order) else catalogue.SUBSCRIPTION_REFRESH
        emit_followup(result.context, kind, result.next_target)
