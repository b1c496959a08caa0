"""The verbs of an address. The content of an address never changes; a corrected address is a new row."""

from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import use_record
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer


@action("address.create")
def create(context: ActionContext[Customer], /, **fields: Any) -> str:
    """Add an address with these columns. `context.result` is the new address."""
    context.result = Address(merchant=context.customer.merchant, customer=context.customer, **fields)
    insert(context.result)
    return f"Added the address {context.result}."


@action("address.retire")
def retire(context: ActionContext[Address]) -> str:
    """Retire the address: nothing new can use it, but existing subscriptions and orders keep it."""
    if not context.subject.live:
        raise refused("record_inactive")
    context.subject.live, context.subject.updated = False, calendar.now()
    update(context.subject, "live", "updated")
    return f"Retired the address {context.subject}."


@action("address.use_for_all")
def use_for_all(context: ActionContext[Address]) -> str:
    """Change the shipping address of all live subscriptions and open orders to this one."""
    use_record.use_record_for_all(
        context, "shipping_address", catalogue.CHANGE_SHIPPING, catalogue.ORDER_CHANGE_SHIPPING
    )
    if not context.events:
        return UNCHANGED
    return f"Changed the shipping address of all subscriptions and open orders to {context.subject}."
