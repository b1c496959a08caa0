"""What a link action is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from oneclick.models import Action, ActionToken
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor
from subscriptions.models import Merchant, Order, Subscription


class Frequency(NamedTuple):
    every: int
    every_period: int


class Price(NamedTuple):
    amount: Decimal
    currency_code: str


Fact = str | date | Frequency | Price
Facts = Mapping[str, Fact]
Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the link action's table, by its code, and the facts that fill its placeholders."""

    facts: Facts
    code: str = "success"


@dataclass(frozen=True, slots=True)
class Result:
    """What a link action gave.

    `next_target` is the order or subscription that the customer's next token is for.
    """

    context: ActionContext[Any]
    message: Message
    next_target: Order | Subscription | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAction:
    """One thing a 1-click link can do, with all its texts.

    `name` also names its message table. `action` is its name in links; both upsells share one.
    """

    name: str
    action: Action
    scope: str
    # The API names that the action understands. A click that repeats their values and the token is the same click.
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    perform: Callable[[ActionToken, Parameters, Actor], Result]
    # Gives the facts for `undone`, once the action of the click is undone by the action given.
    undone_facts: Callable[[ActionContext[Any]], Facts]
    # Gives what the question names besides the parameters. Raises Refused for parameters that no click could use.
    question_facts: Callable[[Merchant, Parameters], Facts] = lambda merchant, given: {}
    # The domain's refusal codes that have another code here.
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
    # These replace some of `messages` if the merchant chose the corrected wording.
    corrected_messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def interface_messages(self) -> dict[str, str]:
        """The question that a page asks before it acts, and the label of its button."""
        return {f"confirm_{self.interface_code}": self.question, f"button_{self.interface_code}": self.button}


def token_order(token: ActionToken) -> Order:
    """The order of an order token that is valid, or was valid when it was used."""
    order = token.order
    assert order is not None
    order.customer, order.merchant = token.customer, token.merchant
    return order
