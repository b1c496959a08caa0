"""The verbs of a payment."""

from typing import Any

from subscriptions import calendar
from subscriptions.actions import sharing
from subscriptions.actions.core import Act, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Customer, Payment
from subscriptions.models.prepared import insert, update


@action("payment.create")
def create(act: Act[Customer], /, **fields: Any) -> str:
    """Add a payment of these columns; `act.result` is it. Of a card only the last four digits are taken."""
    ending = fields.get("cc_number_ending")
    if ending and not (len(ending) == 4 and ending.isascii() and ending.isdecimal()):
        raise refused("invalid_value", name="cc_number_ending", rule="the last four digits of the card, never more")
    act.result = Payment(merchant=act.customer.merchant, customer=act.customer, **fields)
    insert(act.result)
    return f"Added the payment {act.result}."


@action("payment.retire")
def retire(act: Act[Payment]) -> str:
    """Nothing new is charged to it; what is charged to it already stays until it is changed."""
    if not act.subject.live:
        raise refused("record_inactive")
    act.subject.live, act.subject.last_updated = False, calendar.now()
    update(act.subject, "live", "last_updated")
    return f"Retired the payment {act.subject}."


@action("payment.use_for_all")
def use_for_all(act: Act[Payment]) -> str:
    """Charge all live subscriptions and all open orders to it."""
    sharing.use_for_all(act, "payment", catalogue.CHANGE_PAYMENT, catalogue.ORDER_CHANGE_PAYMENT)
    return f"Charges everything to {act.subject} from now on."
