"""The verbs of a payment."""

from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import use_record
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.errors import refused
from subscriptions.models import Customer, Payment


@action("payment.create")
def create(context: ActionContext[Customer], /, **fields: Any) -> str:
    """Add a payment with these columns, as `context.result`. Accepts only the last four digits of a card number."""
    context.result = _insert_payment(context.customer, fields)
    return f"Added the payment {context.result}."


@action("payment.replace")
def replace(context: ActionContext[Payment], /, **fields: Any) -> str:
    """Add a payment with these columns, as `context.result`, where this one is used, and retire this one."""
    context.result = _insert_payment(context.customer, fields)
    use_record.use_instead(context, context.result, use_record.PAYMENT)
    return f"Replaced the payment {context.subject} by {context.result}."


@action("payment.update")
def update_record(context: ActionContext[Payment], *, live: bool) -> str:
    """Change whether anything new may use the payment; existing subscriptions and orders keep it."""
    payment = context.subject
    payment.live = live
    if not context.has_changed("live"):
        return UNCHANGED
    payment.last_updated = calendar.now()
    update(payment, "live", "last_updated")
    return f"{'Brought back' if live else 'Retired'} the payment {payment}."


@action("payment.use_for_all")
def use_for_all(context: ActionContext[Payment]) -> str:
    """Change the payment of all live subscriptions and open orders to this one."""
    use_record.use_for_all(context, use_record.PAYMENT)
    if not context.events:
        return UNCHANGED
    return f"Changed the payment of all subscriptions and open orders to {context.subject}."


def _insert_payment(customer: Customer, fields: dict[str, Any]) -> Payment:
    ending = fields.get("cc_number_ending")
    if ending and not (len(ending) == 4 and ending.isascii() and ending.isdecimal()):
        raise refused("invalid_value", name="cc_number_ending", rule="the last four digits of the card, never more")
    payment = Payment(merchant=customer.merchant, customer=customer, **fields)
    insert(payment)
    return payment
