"""The answer to a successful click."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from oneclick.messages.customer_messages import result_message
from oneclick.models import ActionToken
from oneclick.models.settings import one_click_of
from oneclick.models.token import MESSAGE_LENGTH
from oneclick.redemption.link_actions.link_action import Message
from oneclick.tokens.token_text import encode_token


@dataclass(frozen=True, slots=True)
class Success:
    """`undo` is the undo token and the moment it ends, or None when the merchant offers no undo."""

    action: str
    message: str
    undo: tuple[str, datetime] | None = None
    replayed: bool = False


def undo_offer(token: ActionToken) -> tuple[str, datetime] | None:
    """The undo token of a used token and the moment it ends; None once that moment has come."""
    ends = undo_deadline(token)
    return (encode_token(token, "undo"), ends) if ends > timezone.now() else None


def undo_deadline(token: ActionToken) -> datetime:
    assert token.used_at is not None
    return token.used_at + timedelta(minutes=one_click_of(token.merchant).undo_minutes)


def write_message(token: ActionToken, table: str, message: Message) -> str:
    """The message as this customer reads it."""
    customer = token.customer
    text = result_message(table, message.code, message.facts, customer.merchant, customer.locale)
    # A merchant's text may name a long product many times, beyond what the column holds.
    return text[:MESSAGE_LENGTH]
