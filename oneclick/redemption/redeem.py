"""Redeeming a token, and undoing it: each one transaction that holds the customer.

Checks in this order: signature, exists and not revoked, expired, used, context, parameters, business rules. A refusal
leaves the token unused; the click is noted either way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from common.db import Param, Query, gathered, reserve_ids, update
from oneclick.analytics import clicks
from oneclick.analytics.clicks import Visit
from oneclick.links import signed_links
from oneclick.messages import customer_messages
from oneclick.models import ActionToken, Click
from oneclick.models.token import ATTEMPT_LENGTH, MESSAGE_LENGTH
from oneclick.redemption import link_actions, parameters
from oneclick.redemption.link_actions.link_action import LinkAction, Message, Result, conflicting_activities
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions import calendar
from subscriptions.actions.core import emit_followup, lock_customer
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import NotFound, Refused
from subscriptions.events import catalogue
from subscriptions.models import Activity, Customer, Event, Item, Merchant, Order

# Both rows are locked, for only a locked row is read as the click before has left it.
TOKEN = Query(
    lambda: (
        ActionToken.objects.select_for_update(of=("customer", "self"), no_key=True)
        .select_related("customer__merchant__one_click")
        .filter(nonce=Param("nonce"))
    )
)

# The new rows of nearly every click.
WRITTEN = {Order: 1, Item: 1, Activity: 1, Event: 2, ActionToken: 2, Click: 1}
# What a verb finds changed is the same to the customer as what is found by the activities.
UNDO_CODES = {
    "order_not_restorable": "undo_superseded",
    "order_not_open": "undo_superseded",
    "subscription_not_active": "undo_superseded",
}

DIRECT = Visit()


@dataclass(frozen=True, slots=True)
class Success:
    """`undo` is the undo token and the moment it ends, or None when the merchant offers no undo."""

    action: str
    message: str
    undo: tuple[str, datetime] | None = None
    replayed: bool = False


def redeem_token(
    text: str, action: str, fields: dict[str, str], merchant: Merchant | None = None, visit: Visit = DIRECT
) -> Success:
    """Do what the token allows. Raises Refused with the customer's own sentence, Busy.

    `action` is one of `deeds.ACTIONS`, `fields` are the request's by the API's names; those the action does not know
    are ignored. A token of another than the given `merchant` counts as invalid. `visit` is noted with the click.
    """
    link_action = link_actions.find_link_action(action, fields)
    given = parameters.pick_parameters(fields, link_action.parameters)
    attempt = fields.get("attempt", "")[:ATTEMPT_LENGTH]
    nonce = decode_nonce(text)
    if nonce is None:
        raise _customer_refusal(link_action.name, "invalid_token", merchant)
    try:
        with lock_customer(TOKEN, nonce=nonce) as token:
            _check_merchant(token, merchant)
            if _is_replay(token, link_action, given, attempt):
                return _replay(token, link_action, visit)
            _check_token(token, link_action)
            if code := signed_links.link_refusal(token.merchant, link_action.action, given, fields):
                raise Refused(code, "The link is not as it was signed.")
            with reserve_ids(WRITTEN), gathered():
                message = _act(token, link_action, given, attempt, visit)
            return Success(link_action.action, message, _undo_offer(token))
    except NotFound as error:
        raise _customer_refusal(link_action.name, "invalid_token", merchant) from error
    except Refused as refusal:
        code = link_action.codes.get(refusal.code, refusal.code)
        raise _note_refusal(nonce, link_action.name, code, visit) from refusal


def undo_redemption(text: str, merchant: Merchant | None = None, attempt: str = "") -> Success:
    """Take an act back within the merchant's window, once, if nothing else changed since. Raises as `redeem`.

    `attempt` is the script's own name for the wish: asked again under it, it is answered as the first time.
    """
    attempt = attempt[:ATTEMPT_LENGTH]
    nonce = decode_nonce(text, "undo")
    if nonce is None:
        raise _customer_refusal("undo", "invalid_token", merchant)
    try:
        with lock_customer(TOKEN, nonce=nonce) as token:
            _check_merchant(token, merchant)
            if (before := _told_before(token, attempt)) is not None:
                return Success("undo", before, replayed=True)
            _check_undo(token)
            link_action = link_actions.LINK_ACTIONS_BY_NAME[token.used_action]
            told = link_action.undo(
                token, Actor(ActorKind.LINK, str(token.pk), f"1-Click undo of {link_action.action}")
            )
            message = _told(token, "undo", told)
            token.undone_at = timezone.now()
            token.undo_facts = {**(token.undo_facts or {}), "undo_attempt": attempt, "undo_message": message}
            update(token, "undone_at", "undo_facts")
            clicks.record_undo(token, "undone")
            return Success("undo", message)
    except NotFound as error:
        raise _customer_refusal("undo", "invalid_token", merchant) from error
    except Refused as refusal:
        raise _note_refusal(nonce, "undo", UNDO_CODES.get(refusal.code, refusal.code)) from refusal


def _act(token: ActionToken, link_action: LinkAction, given: dict[str, str], attempt: str, visit: Visit) -> str:
    """What the customer reads of it."""
    done = link_action.perform(token, given, Actor(ActorKind.LINK, str(token.pk), f"1-Click {link_action.action}"))
    message = _told(token, link_action.name, done.told)
    _mark_used(token, link_action, given, attempt, done, message)
    clicks.record_click(token, link_action.name, "success", visit, **_brought(token, done))
    _refresh(done)
    return message


def _check_merchant(token: ActionToken, merchant: Merchant | None) -> None:
    if merchant and merchant.pk != token.merchant_id:
        raise NotFound("not_found", "This token is another merchant's.")
    token.merchant = token.customer.merchant


def _check_token(token: ActionToken, link_action: LinkAction) -> None:
    if token.revoked_at or not token.merchant.one_click.enabled:
        raise Refused("invalid_token", "This token was revoked.")
    if _expired(token):
        raise Refused("expired_token", "This token is expired.")
    if token.used_at:
        raise Refused("token_already_used", "This token was used.")
    if token.scope != link_action.scope:
        raise Refused("token_wrong_context", f"This token is good for its {token.scope} only.")


def _expired(token: ActionToken) -> bool:
    # Its own use may have ended or moved the order; that is the next check's to say.
    return token.expires_at <= calendar.now() if token.used_at else token.expired


def _is_replay(token: ActionToken, link_action: LinkAction, given: dict[str, str], attempt: str) -> bool:
    """The click that arrives twice: a double click, a mail program that fetches a link again, or the script that had no
    answer to this attempt."""
    if token.used_at is None or token.undone_at or token.revoked_at:
        return False
    window = timedelta(seconds=token.merchant.one_click.replay_seconds)
    same = token.used_action == link_action.name and token.used_parameters == given
    lost = attempt != "" and attempt == token.used_attempt
    return same and (lost or timezone.now() < token.used_at + window)


def _replay(token: ActionToken, link_action: LinkAction, visit: Visit) -> Success:
    clicks.record_click(token, link_action.name, "success", visit, replayed=True)
    return Success(link_action.action, token.used_message, _undo_offer(token), replayed=True)


def _mark_used(
    token: ActionToken, link_action: LinkAction, given: dict[str, str], attempt: str, done: Result, message: str
) -> None:
    token.used_at = timezone.now()
    token.used_action = link_action.name
    token.used_parameters = given
    token.used_message = message
    token.used_attempt = attempt
    token.activity = done.act.activity
    token.undo_facts = done.undo_facts
    update(token, "used_at", "used_action", "used_parameters", "used_message", "used_attempt", "activity", "undo_facts")


def _refresh(done: Result) -> None:
    """Tell the merchant's webhooks of the next token."""
    if done.next_target:
        kind = catalogue.ORDER_REFRESH if isinstance(done.next_target, Order) else catalogue.SUBSCRIPTION_REFRESH
        emit_followup(done.act, kind, done.next_target)


def _undo_offer(token: ActionToken) -> tuple[str, datetime] | None:
    ends = _undo_ends(token)
    return (encode_token(token, "undo"), ends) if ends > timezone.now() else None


def _undo_ends(token: ActionToken) -> datetime:
    assert token.used_at is not None
    return token.used_at + timedelta(minutes=token.merchant.one_click.undo_minutes)


def _check_undo(token: ActionToken) -> None:
    if token.used_at is None:
        raise Refused("invalid_token", "There is nothing to undo.")
    if token.undone_at:
        raise Refused("undo_already_done", "It was undone before.")
    if _undo_ends(token) <= timezone.now():
        raise Refused("undo_too_late", "The time for undoing it is over.")
    if token.activity is None or _changed_since(token):
        raise Refused("undo_superseded", "Something else was changed since.")


def _told_before(token: ActionToken, attempt: str) -> str | None:
    """What the script was told, or would have been, when it asked for this undo under the same name."""
    facts = token.undo_facts or {}
    asked_again = token.undone_at is not None and attempt != "" and attempt == facts.get("undo_attempt")
    return facts["undo_message"] if asked_again else None


def _changed_since(token: ActionToken) -> bool:
    later = token.customer.activities.filter(pk__gt=token.activity_id)
    return later.filter(conflicting_activities(token.undo_facts or {})).exists()


def _brought(token: ActionToken, done: Result) -> dict[str, int | None]:
    """What the act gained or kept, whose orders are counted later."""
    facts = done.undo_facts
    if subscription := token.subscription_id or facts.get("subscription"):
        return {"subscription_id": subscription}
    if "item" in facts:
        return {"item_id": facts["item"]}
    return {"order_id": done.next_target.pk if done.next_target else None}


def _told(token: ActionToken, table: str, told: Message) -> str:
    customer: Customer = token.customer
    # A merchant's text may name a long product many times; the column holds no more.
    return customer_messages.result_message(table, told.code, told.facts, customer.merchant, customer.locale)[
        :MESSAGE_LENGTH
    ]


def _note_refusal(nonce: UUID, table: str, code: str, visit: Visit = DIRECT) -> Refused:
    """Note the click after the transaction has undone everything; the refusal in the customer's words."""
    token = ActionToken.objects.select_related("merchant__one_click", "customer").get(nonce=nonce)
    if table == "undo":
        clicks.record_undo(token, code)
    else:
        clicks.record_click(token, table, code, visit)
    return _customer_refusal(table, code, token.merchant, token.customer.locale)


def _customer_refusal(table: str, code: str, merchant: Merchant | None = None, locale: str = "") -> Refused:
    return Refused(
        code, customer_messages.error_message(table, code, merchant, locale or (merchant.locale if merchant else ""))
    )
