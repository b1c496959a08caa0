"""Redeeming a token, and undoing it: each one transaction that holds the customer.

Checks in this order: signature, exists and not revoked, expired, used, context, parameters, business rules. A refusal
leaves the token unused; the click is noted either way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from oneclick import messages, tokens
from oneclick.deeds import DEEDS, Deed, Done
from oneclick.models import ActionToken, Click
from subscriptions.actions.core import locked
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import NotFound, Refused
from subscriptions.models import Customer, Merchant, OrderStatus
from subscriptions.models.prepared import Given, Prepared, insert, update

# Both rows are locked, for only a locked row is read as the click before has left it.
TOKEN = Prepared(
    lambda: (
        ActionToken.objects.select_for_update(of=("customer", "self"), no_key=True)
        .select_related("customer__merchant__one_click")
        .filter(nonce=Given("nonce"))
    )
)


@dataclass(frozen=True, slots=True)
class Success:
    """`undo` is the undo token and the moment it ends, or None when the merchant offers no undo."""

    action: str
    message: str
    undo: tuple[str, datetime] | None = None
    replayed: bool = False


def redeem(text: str, action: str, parameters: dict[str, str], merchant: Merchant | None = None) -> Success:
    """Do what the token allows. Raises Refused with the customer's own sentence, Busy.

    `parameters` are the request's; those the action does not know are ignored. A token of another than the given
    `merchant` counts as invalid.
    """
    deed = DEEDS[action]
    wanted = {name: parameters[name] for name in deed.parameters if name in parameters}
    nonce = tokens.nonce_in(text)
    if nonce is None:
        raise _customer_refusal(deed.table, "invalid_token")
    try:
        with locked(TOKEN, nonce=nonce) as token:
            customer = _owner(token, merchant)
            if _is_replay(token, action, wanted):
                return _replay(token)
            _check(token, deed)
            done = deed.perform(token, wanted, Actor(ActorKind.LINK, str(token.pk), f"1-Click {action}"))
            message = messages.success(deed.table, customer.merchant, customer.locale, **done.facts)
            _mark_used(token, action, wanted, done, message)
            return Success(action, message, _undo_offer(token))
    except NotFound as error:
        raise _customer_refusal(deed.table, "invalid_token") from error
    except Refused as refusal:
        raise _note_refusal(nonce, action, deed.table, refusal) from refusal


def undo(text: str, merchant: Merchant | None = None) -> Success:
    """Take an act back within the merchant's window, once, if nothing else changed since. Raises as `redeem`."""
    nonce = tokens.nonce_in(text, "undo")
    if nonce is None:
        raise _customer_refusal("undo", "invalid_token")
    try:
        with locked(TOKEN, nonce=nonce) as token:
            customer = _owner(token, merchant)
            _check_undo(token)
            actor = Actor(ActorKind.LINK, str(token.pk), f"1-Click undo of {token.used_action}")
            facts = DEEDS[token.used_action].undo(token, actor)
            token.undone_at = timezone.now()
            token.save(update_fields=["undone_at"])
            _note(token, "undo", "undone")
            return Success("undo", messages.success("undo", customer.merchant, customer.locale, **facts))
    except NotFound as error:
        raise _customer_refusal("undo", "invalid_token") from error
    except Refused as refusal:
        raise _note_refusal(nonce, "undo", "undo", refusal) from refusal


def _owner(token: ActionToken, merchant: Merchant | None) -> Customer:
    if merchant and merchant.pk != token.merchant_id:
        raise NotFound("not_found", "This token is another merchant's.")
    token.merchant = token.customer.merchant
    return token.customer


def _check(token: ActionToken, deed: Deed) -> None:
    if token.revoked_at or not token.merchant.one_click.enabled:
        raise Refused("invalid_token", "This token was revoked.")
    if _expired(token):
        raise Refused("expired_token", "This token is expired.")
    if token.used_at:
        raise Refused("token_already_used", "This token was used.")
    if token.scope != deed.scope:
        raise Refused("token_wrong_context", f"This token is good for its {token.scope} only.")


def _expired(token: ActionToken) -> bool:
    if token.expires_at <= timezone.now():
        return True
    if token.scope != ActionToken.Scope.ORDER or token.used_at:
        # Its own use may have ended the order; that is the next check's to say.
        return False
    return token.order is None or token.order.status != OrderStatus.UNSENT


def _is_replay(token: ActionToken, action: str, parameters: dict[str, str]) -> bool:
    """The click that arrives twice: a double click, or a mail program that fetches a link again."""
    if token.used_at is None or token.undone_at or token.revoked_at:
        return False
    window = timedelta(seconds=token.merchant.one_click.replay_seconds)
    same = token.used_action == action and token.used_parameters == parameters
    return same and timezone.now() < token.used_at + window


def _replay(token: ActionToken) -> Success:
    _note(token, token.used_action, "success", replayed=True)
    return Success(token.used_action, token.used_message, _undo_offer(token), replayed=True)


def _mark_used(token: ActionToken, action: str, parameters: dict[str, str], done: Done, message: str) -> None:
    token.used_at = timezone.now()
    token.used_action = action
    token.used_parameters = parameters
    token.used_message = message
    token.activity = done.act.activity
    token.undo_facts = done.undo_facts
    update(token, "used_at", "used_action", "used_parameters", "used_message", "activity", "undo_facts")
    _note(token, action, "success")


def _undo_offer(token: ActionToken) -> tuple[str, datetime] | None:
    ends = _undo_ends(token)
    return (tokens.text_of(token, "undo"), ends) if ends > timezone.now() else None


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


def _changed_since(token: ActionToken) -> bool:
    later = token.customer.activities.filter(pk__gt=token.activity_id)
    return later.filter(subscription=token.subscription_id).exists()


def _note(token: ActionToken, action: str, outcome: str, *, replayed: bool = False) -> None:
    insert(Click(merchant=token.merchant, token=token, action=action, outcome=outcome, replayed=replayed))


def _note_refusal(nonce: UUID, action: str, table: str, refusal: Refused) -> Refused:
    """Note the click after the transaction has undone everything; the refusal in the customer's words."""
    token = ActionToken.objects.select_related("merchant__one_click", "customer").get(nonce=nonce)
    _note(token, action, refusal.code)
    return _customer_refusal(table, refusal.code, token.merchant, token.customer.locale)


def _customer_refusal(table: str, code: str, merchant: Merchant | None = None, locale: str = "") -> Refused:
    return Refused(code, messages.error(table, code, merchant, locale))
