"""The verbs of an address. The content of an address never changes; a corrected address is a new row."""

from typing import Any

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import use_record
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.errors import refused
from subscriptions.models import Address, Customer
from subscriptions.normal_forms import parse_country

CONTENT = (
    *("address_type", "label", "first_name", "last_name", "company_name", "address", "address2", "city"),
    *("state_province_code", "zip_postal_code", "country_code", "phone", "fax", "store_public_id"),
)


@action("address.create")
def create(context: ActionContext[Customer], /, **fields: Any) -> str:
    """Add an address with these columns. `context.result` is the new address. Refused for an unknown country."""
    context.result = _insert_address(context.customer, fields)
    return f"Added the address {context.result}."


@action("address.correct")
def correct(context: ActionContext[Address], /, **fields: Any) -> str:
    """Use an address with these columns, as `context.result`, wherever this one is used, and retire this one.

    Columns that are not given stay as they are. Refused for an unknown country.
    """
    old = context.subject
    if all(getattr(old, name) == value for name, value in fields.items()):
        return UNCHANGED
    kept = {name: getattr(old, name) for name in CONTENT}
    context.result = _insert_address(context.customer, kept | fields)
    use_record.use_instead(context, context.result, use_record.SHIPPING_ADDRESS)
    return f"Corrected the address {old} to {context.result}."


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
    use_record.use_for_all(context, use_record.SHIPPING_ADDRESS)
    if not context.events:
        return UNCHANGED
    return f"Changed the shipping address of all subscriptions and open orders to {context.subject}."


def _insert_address(customer: Customer, fields: dict[str, Any]) -> Address:
    country = parse_country(fields["country_code"])
    if country is None:
        raise refused("invalid_value", name="country_code", rule="a country in two letters, such as US")
    address = Address(merchant=customer.merchant, customer=customer, **fields | {"country_code": country})
    insert(address)
    is_shipping = address.address_type == Address.Type.SHIPPING
    if customer.country_code is None or (is_shipping and customer.country_code != country):
        customer.country_code = country
        update(customer, "country_code")
    return address
