"""The verbs of an address. The content of an address never changes; a corrected address is a new row."""

from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import use_record
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer
from subscriptions.normal_forms import parse_country


@action("address.create")
def create(context: ActionContext[Customer], /, **fields: Any) -> str:
    """Add an address with these columns. `context.result` is the new address. Refused for an unknown country."""
    country = parse_country(fields["country_code"])
    if country is None:
        raise refused("invalid_value", name="country_code", rule="a country in two letters, such as US")
    customer = context.customer
    context.result = Address(merchant=customer.merchant, customer=customer, **fields | {"country_code": country})
    insert(context.result)
    is_shipping = context.result.address_type == Address.Type.SHIPPING
    if customer.country_code is None or (is_shipping and customer.country_code != country):
        customer.country_code = country
        update(customer, "country_code")
    return f"Added the address {context.result}."


@action("address.update")
def update_record(context: ActionContext[Address], *, live: bool | None = None, label: str | None = None) -> str:
    """Change whether anything new may use the address, and its label; what is None stays. Existing uses keep it."""
    address = context.subject
    address.live = address.live if live is None else live
    address.label = address.label if label is None else label or None
    if not context.has_changed("live", "label"):
        return UNCHANGED
    address.updated = calendar.now()
    update(address, "live", "label", "updated")
    if not context.has_changed("live"):
        return f"Changed the label of the address {address} to {address.label or 'none'}."
    return f"{'Brought back' if address.live else 'Retired'} the address {address}."


@action("address.use_for_all")
def use_for_all(context: ActionContext[Address]) -> str:
    """Change the shipping address of all live subscriptions and open orders to this one."""
    use_record.use_record_for_all(
        context, "shipping_address", catalogue.CHANGE_SHIPPING, catalogue.ORDER_CHANGE_SHIPPING
    )
    if not context.events:
        return UNCHANGED
    return f"Changed the shipping address of all subscriptions and open orders to {context.subject}."
