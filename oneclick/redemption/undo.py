"""Undoing a redemption: one transaction that holds the customer."""

from django.utils import timezone

from common.db import update
from oneclick.analytics import clicks
from oneclick.models import ActionToken
from oneclick.models.token import ATTEMPT_LENGTH
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import LinkAction, Message
from oneclick.redemption.locked_token import lock_token
from oneclick.redemption.refusals import customer_refusal, record_refusal
from oneclick.redemption.success import Success, undo_deadline, write_message
from oneclick.tokens.token_text import decode_nonce
from subscriptions.actions.undo import undo
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import NotFound, Refused, refused
from subscriptions.models import Activity, Merchant


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
            answered = token.undo_facts or {}
            if token.undone_at and attempt and attempt == answered.get("undo_attempt"):
                return Success("undo", answered["undo_message"], replayed=True)
            link_action, activity = _check_undo(token)
            actor = Actor(ActorKind.LINK, str(token.pk), f"1-Click undo of {link_action.action}")
            facts = link_action.undone_facts(undo(activity, actor=actor))
            message = write_message(token, "undo", Message(facts, link_action.name))
            token.undone_at = timezone.now()
            token.undo_facts = {"undo_attempt": attempt, "undo_message": message}
            update(token, "undone_at", "undo_facts")
            clicks.record_undo(token, "undone")
            return Success("undo", message)
    except NotFound as error:
        raise customer_refusal("undo", "invalid_token", merchant) from error
    except Refused as refusal:
        raise record_refusal(nonce, "undo", refusal.code) from refusal


def _check_undo(token: ActionToken) -> tuple[LinkAction, Activity]:
    """What the click did, and the activity that tells of it."""
    if token.used_at is None:
        raise Refused("invalid_token", "There is nothing to undo.")
    if token.undone_at:
        raise Refused("undo_already_done", "It was undone before.")
    if undo_deadline(token) <= timezone.now():
        raise Refused("undo_too_late", "The time for undoing it is over.")
    if token.activity is None or token.activity.undo_facts is None:
        raise refused("undo_superseded")
    return LINK_ACTIONS[token.used_action], token.activity
