"""What a link action is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from oneclick.models import Action, ActionToken
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor
from subscriptions.models import Order, Subscription


class Frequency(NamedTuple):
    every: int
    every_period: int


Parameters = Mapping[str, str]
Facts = Mapping[str, str | date | Frequency]


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the link action's table, by its code, and the facts that fill its placeholders."""

    facts: Facts
    code: str = "success"


@dataclass(frozen=True, slots=True)
class Result:
    """What performing a link action gave.

    `undo_facts` is what undoing needs, with the keys of `affected_rows`, whose later change forbids undoing.
    `next_target` is what the token was good for, as it now is: the customer's next token is for it.
    """

    context: ActionContext[Any]
    message: Message
    undo_facts: dict[str, Any]
    next_target: Order | Subscription | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAction:
    """One thing a 1-click link can do, with everything that is said about it.

    `name` is the name of its table of messages, `action` what links call it; two upsells share one action.
    """

    name: str
    action: Action
    scope: str
    # The names of the API that the action understands. They and the token make a click the same click.
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    perform: Callable[[ActionToken, Parameters, Actor], Result]
    # Gives the facts for `undone`.
    undo: Callable[[ActionToken, Actor], Facts]
    # Codes of the domain's refusals that customers know by another code here.
    codes: Mapping[str, str] = field(default_factory=dict)

    # For staff: `icon` is a Material symbol, `badge` one of unfold's label types.
    label: str
    about: str
    icon: str
    badge: str
    # What merchants paste into a text message, in English.
    sms_text: str

    # For customers, in English; `oneclick/locale` has the other languages. Question and button are interface messages
    # with `interface_code` in their codes, such as `confirm_delay`; merchants' own wording is stored by these codes.
    interface_code: str
    question: str
    button: str
    undone: str
    # By code: `success` and each refusal that has a text of its own, with `other` for the rest.
    messages: Mapping[str, str]
    # What replaces some of `messages` where the merchant chose the corrected wording.
    corrected_messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def interface_messages(self) -> dict[str, str]:
        """What a page asks before it acts, and the words on its button."""
        return {f"confirm_{self.interface_code}": self.question, f"button_{self.interface_code}": self.button}


def token_order(token: ActionToken) -> Order:
    """The order of an order's token that is good, or was when it was used."""
    order = token.order
    assert order is not None
    order.customer, order.merchant = token.customer, token.merchant
    return order
