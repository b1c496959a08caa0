"""The verbs of an address. Its content never changes: a new address is a new one."""

from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import use_record
from subscriptions.actions.core import ActionContext, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer


@action("address.create")
def create(context: ActionContext[Customer], /, **fields: Any) -> str:
    """Add an address of these columns; `context.result` is it."""
    context.result = Address(merchant=context.customer.merchant, customer=context.customer, **fields)
    insert(context.result)
    return f"Added the address {context.result}."


@action("address.retire")
def retire(context: ActionContext[Address]) -> str:
    """Nothing new is sent there; what goes there already stays until it is changed."""
    if not context.subject.live:
        raise refused("record_inactive")
    context.subject.live, context.subject.updated = False, calendar.now()
    update(context.subject, "live", "updated")
    return f"Retired the address {context.subject}."


@action("address.use_for_all")
def use_for_all(context: ActionContext[Address]) -> str:
    """Send all live subscriptions and all open orders there."""
    use_record.use_record_for_all(
        context, "shipping_address", catalogue.CHANGE_SHIPPING, catalogue.ORDER_CHANGE_SHIPPING
    )
    return f"Sends everything to {context.subject} from now on."
