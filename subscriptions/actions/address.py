"""The verbs of an address. Its content never changes: a new address is a new one."""

from typing import Any

from subscriptions import calendar
from subscriptions.actions import sharing
from subscriptions.actions.core import Act, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer
from subscriptions.models.prepared import insert, update


@action("address.create")
def create(act: Act[Customer], /, **fields: Any) -> str:
    """Add an address of these columns; `act.result` is it."""
    act.result = Address(merchant=act.customer.merchant, customer=act.customer, **fields)
    insert(act.result)
    return f"Added the address {act.result}."


@action("address.retire")
def retire(act: Act[Address]) -> str:
    """Nothing new is sent there; what goes there already stays until it is changed."""
    if not act.subject.live:
        raise refused("record_inactive")
    act.subject.live, act.subject.updated = False, calendar.now()
    update(act.subject, "live", "updated")
    return f"Retired the address {act.subject}."


@action("address.use_for_all")
def use_for_all(act: Act[Address]) -> str:
    """Send all live subscriptions and all open orders there."""
    sharing.use_for_all(act, "shipping_address", catalogue.CHANGE_SHIPPING, catalogue.ORDER_CHANGE_SHIPPING)
    return f"Sends everything to {act.subject} from now on."
