"""The verbs of a customer's own record: contact details, locale and test mode."""

from datetime import datetime, timedelta
from typing import Any

from common.db import update
from subscriptions import calendar
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.actions.customer_lock import create_locked_customer
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.models import Customer, Merchant
from subscriptions.normal_forms import parse_email, parse_locale

FARTHEST = timedelta(days=366)


def create(merchant: Merchant, *, actor: Actor, **fields: Any) -> ActionContext[Customer]:
    """Create a customer with these columns; `merchant_user_id`, names and `email` are required.

    Refused when the shop's id is taken, or the e-mail address or locale is invalid.
    """
    fields["email"] = _require_email(fields["email"])
    fields["locale"] = _require_locale(fields.get("locale") or merchant.locale)
    with create_locked_customer(merchant, **fields) as customer:
        context: ActionContext[Customer] = _created(customer, actor=actor)
        return context


@action("customer.create")
def _created(context: ActionContext[Customer]) -> str:
    return f"Created the customer {context.subject}."


@action("customer.change_contact_details")
def change_contact_details(context: ActionContext[Customer], *, email: str, phone_number: str | None) -> str:
    """Change where messages go from now on; past events keep the address they went to."""
    context.subject.email, context.subject.phone_number = _require_email(email), phone_number or None
    if not context.has_changed("email", "phone_number"):
        return UNCHANGED
    _save_customer(context.subject, "email", "phone_number")
    return f"Changed the contact details to {context.subject.email}, {context.subject.phone_number or 'no phone'}."


@action("customer.change_locale")
def change_locale(context: ActionContext[Customer], *, locale: str) -> str:
    """Change the language of messages, such as `fr-ca`; upper case and underscores are accepted."""
    context.subject.locale = _require_locale(locale)
    if not context.has_changed("locale"):
        return UNCHANGED
    _save_customer(context.subject, "locale")
    return f"Changed the locale from {context.before.locale} to {context.subject.locale}."


@action("customer.change_extra_data")
def change_extra_data(context: ActionContext[Customer], *, extra_data: Any) -> str:
    """Replace the shop's own data about the customer: an object or None."""
    context.subject.extra_data = extra_data
    if not context.has_changed("extra_data"):
        return UNCHANGED
    _save_customer(context.subject, "extra_data")
    return "Changed the extra data of the customer."


@action("customer.change_price_code")
def change_price_code(context: ActionContext[Customer], *, price_code: str | None) -> str:
    """Change the shop's code for the prices of this customer."""
    context.subject.price_code = price_code or None
    if not context.has_changed("price_code"):
        return UNCHANGED
    _save_customer(context.subject, "price_code")
    return f"Changed the price code to {context.subject.price_code or 'none'}."


@action("customer.mark_as_test")
def mark_as_test(context: ActionContext[Customer]) -> str:
    """Send this customer's orders to the simulator, and events to the sandbox only, from now on.

    Refused once one of their orders was handed to placement or an event was emitted: those may have reached real
    systems.
    """
    customer = context.subject
    if customer.is_test:
        raise refused("customer_is_test")
    if has_history(customer):
        raise refused("customer_has_history")
    customer.is_test = True
    _save_customer(customer, "is_test")
    return "Made this a test customer."


@action("customer.move_clock")
def move_clock(context: ActionContext[Customer], *, to: datetime | None) -> str:
    """Set the clock of a test customer to `to`, at most a year after their current time; None returns to real time.

    The caller runs what falls due until then.
    """
    customer = context.subject
    if not customer.is_test:
        raise refused("not_a_test_customer")
    if to and not calendar.now() <= to <= calendar.now() + FARTHEST:
        raise refused("clock_out_of_range")
    customer.clock = to
    _save_customer(customer, "clock")
    if to is None:
        return "Set the clock back to the real time."
    day = calendar.local_time(to, customer.merchant.time_zone).date()
    return f"Moved the clock to {calendar.human_date(day)}."


def has_history(customer: Customer) -> bool:
    """Whether other systems may know this customer: an event was emitted, or an order was handed to placement."""
    return customer.events.exists() or customer.orders.filter(tries__gt=0).exists()


def _require_email(text: str) -> str:
    """`text` as it was typed, without blanks around it."""
    if parse_email(text) is None:
        raise refused("invalid_value", name="email", rule="an e-mail address such as ana@example.com")
    return text.strip()


def _require_locale(text: str) -> str:
    locale = parse_locale(text)
    if locale is None:
        raise refused("invalid_locale", given=text)
    return locale


def _save_customer(customer: Customer, *names: str) -> None:
    customer.last_updated = calendar.now()
    update(customer, *names, "last_updated")
