"""Undoing a redemption: one transaction that holds the customer."""

from django.utils import timezone

from common.db import update
from oneclick.analytics import clicks
from oneclick.models import ActionToken
from oneclick.models.token import ATTEMPT_LENGTH
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import Message
from oneclick.redemption.link_actions.undo_facts import conflicting_activities
from oneclick.redemption.locked_token import lock_token
from oneclick.redemption.refusals import customer_refusal, record_refusal
from oneclick.redemption.success import Success, undo_deadline, write_message
from oneclick.tokens.token_text import decode_nonce
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import NotFound, Refused
from subscriptions.models import Merchant

# For the customer it makes no difference whether the domain or the activities reveal the change.
CODES = {
    "order_not_restorable": "undo_superseded",
    "order_not_open": "undo_superseded",
    "subscription_not_active": "undo_superseded",
}


def undo_redemption(text: str, merchant: Merchant | None = None, attempt: str = "") -> Success:
    """Undo a click within the merchant's window, once, if nothing else changed since. Raises like `redeem_token`.

    `attempt` is the script's own name for the press; a repeat under this name gets the first answer.
    """
    attempt = attempt[:ATTEMPT_LENGTH]
    nonce = decode_nonce(text, "undo")
    if nonce is None:
        raise customer_refusal("undo", "invalid_token", merchant)
    try:
        with lock_token(nonce, merchant) as token:
            undo_facts = token.undo_facts or {}
            if token.undone_at and attempt and attempt == undo_facts.get("undo_attempt"):
                return Success("undo", undo_facts["undo_message"], replayed=True)
            _check_undo(token)
            link_action = LINK_ACTIONS[token.used_action]
            facts = link_action.undo(
                token, Actor(ActorKind.LINK, str(token.pk), f"1-Click undo of {link_action.action}")
            )
            message = write_message(token, "undo", Message(facts, link_action.name))
            token.undone_at = timezone.now()
            token.undo_facts = {**undo_facts, "undo_attempt": attempt, "undo_message": message}
            update(token, "undone_at", "undo_facts")
            clicks.record_undo(token, "undone")
            return Success("undo", message)
    except NotFound as error:
        raise customer_refusal("undo", "invalid_token", merchant) from error
    except Refused as refusal:
        raise record_refusal(nonce, "undo", CODES.get(refusal.code, refusal.code)) from refusal


def _check_undo(token: ActionToken) -> None:
    if token.used_at is None:
        raise Refused("invalid_token", "There is nothing to undo.")
    if token.undone_at:
        raise Refused("undo_already_done", "It was undone before.")
    if undo_deadline(token) <= timezone.now():
        raise Refused("undo_too_late", "The time for undoing it is over.")
    if token.activity is None or _changed_since(token):
        raise Refused("undo_superseded", "Something else was changed since.")


def _changed_since(token: ActionToken) -> bool:
    later = token.customer.activities.filter(pk__gt=token.activity_id)
    return later.filter(conflicting_activities(token.undo_facts or {})).exists()
