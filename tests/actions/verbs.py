"""Every verb of the domain, performed on a world of `random_actions`."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from subscriptions.actions import address as addresses
from subscriptions.actions import (
    checkout,
    customer_notes,
    customer_tags,
    entitlement,
    incentive,
    placement_results,
    prepaid,
    subscription,
    upcoming_order,
)
from subscriptions.actions import customer as customers
from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions import payment as payments
from subscriptions.actions.core import ActionContext
from tests.actions import random_actions, situations
from tests.actions.random_actions import World
from tests.factories import STAFF

Verb = Callable[[World], ActionContext[Any]]
BY = {"actor": STAFF}
SORRY = {
    "name": "Sorry",
    "type": "Discount",
    "target": "order",
    "field": "sub_total",
    "discount_type": "Discount Amount",
    "value": Decimal(5),
}
BO = {"merchant_user_id": "C-new", "first_name": "Bo", "last_name": "Li", "email": "bo@shop.test"}


def checkout_line(world: World) -> checkout.Line:
    return checkout.Line(product=world.products[0], quantity=1, every=1, every_period=3)


def check_out(world: World, lines: int = 1) -> ActionContext[Any]:
    where = {"payment": world.payments[0], "address": world.addresses[0]}
    return checkout.checkout(
        world.customer, merchant_order_id="1224", lines=[checkout_line(world) for _ in range(lines)], **where, **BY
    )


def create_subscription(world: World) -> ActionContext[Any]:
    return checkout.create(
        world.customer, line=checkout_line(world), payment=world.payments[0], address=world.addresses[0], **BY
    )


def numbered_action(act: random_actions.Perform, number: int = 0) -> Verb:
    return lambda world: act(world, number)


VERBS: dict[str, Verb] = {
    "customer.create": lambda w: customers.create(w.customer.merchant, **BO, **BY),
    "customer.change_contact_details": lambda w: customers.change_contact_details(
        w.customer, email="new@shop.test", phone_number=None, **BY
    ),
    "customer.change_locale": lambda w: customers.change_locale(w.customer, locale="fr-ca", **BY),
    "customer.change_extra_data": lambda w: customers.change_extra_data(w.customer, extra_data={"tier": "gold"}, **BY),
    "customer.change_price_code": lambda w: customers.change_price_code(w.customer, price_code="vip", **BY),
    "customer.move_clock": lambda w: customers.move_clock(w.customer, to=situations.LATER, **BY),
    "customer.note": lambda w: customer_notes.write_note(w.customer, text="Likes it dark.", **BY),
    "customer.note_change": lambda w: customer_notes.change_note(w.customer, note=w.note, text="Likes it.", **BY),
    "customer.note_delete": lambda w: customer_notes.delete_note(w.customer, note=w.note, **BY),
    "customer.add_tag": lambda w: customer_tags.add_tag(w.customer, name="VIP", **BY),
    "customer.remove_tag": lambda w: customer_tags.remove_tag(w.customer, name="VIP", **BY),
    "customer.mark_as_test": lambda w: customers.mark_as_test(w.customer, **BY),
    "address.create": lambda w: addresses.create(w.customer, address="2 Side Street", country_code="US", **BY),
    "address.update": lambda w: addresses.update_record(w.addresses[1], live=False, **BY),
    "address.use_for_all": lambda w: addresses.use_for_all(w.addresses[1], **BY),
    "address.correct": lambda w: addresses.correct(w.addresses[0], address="2 Side Street", **BY),
    "payment.create": lambda w: payments.create(w.customer, token_id="tok_new", **BY),
    "payment.update": lambda w: payments.update_record(w.payments[1], live=False, **BY),
    "payment.use_for_all": lambda w: payments.use_for_all(w.payments[1], **BY),
    "payment.replace": lambda w: payments.replace(w.payments[0], token_id="tok_new", **BY),
    "checkout": check_out,
    "subscription.create": create_subscription,
    "subscription.cancel": numbered_action(random_actions.cancel),
    "subscription.reactivate": numbered_action(random_actions.reactivate),
    "subscription.change_quantity": lambda w: subscription.change_quantity(w.subscription(0), quantity=5, **BY),
    "subscription.change_frequency": numbered_action(random_actions.change_frequency),
    "subscription.change_product": lambda w: subscription.change_product(
        w.subscription(0), product=w.products[1], **BY
    ),
    "subscription.change_payment": numbered_action(random_actions.change_payment),
    "subscription.change_shipping_address": numbered_action(random_actions.change_shipping),
    "subscription.change_next_order_date": numbered_action(random_actions.change_next_date),
    "subscription.change_reminder_days": lambda w: subscription.change_reminder_days(w.subscription(0), days=7, **BY),
    "subscription.change_offer": lambda w: subscription.change_offer(w.subscription(0), offer=None, **BY),
    "subscription.change_price": lambda w: subscription.change_price(w.subscription(0), price=Decimal(9), **BY),
    "subscription.change_extra_data": lambda w: subscription.change_extra_data(
        w.subscription(0), extra_data={"gift": True}, **BY
    ),
    "subscription.change_cancel_reason": lambda w: subscription.change_cancel_reason(
        w.subscription(0), cancel_reason="8|Too expensive", **BY
    ),
    "prepaid.upgrade": lambda w: prepaid.upgrade(w.subscription(0), orders_per_billing=3, **BY),
    "prepaid.change_context": lambda w: prepaid.change_context(w.subscription(0), orders_remaining=1, **BY),
    "prepaid.change_renewal_behavior": lambda w: prepaid.change_renewal_behavior(
        w.subscription(0), renewal_behavior="cancel", **BY
    ),
    "order.skip": numbered_action(random_actions.skip),
    "order.skip_subscription": numbered_action(random_actions.skip_one),
    "order.unskip": numbered_action(random_actions.unskip),
    "order.unmerge": numbered_action(random_actions.unmerge),
    "order.send_now": numbered_action(random_actions.send_now),
    "order.change_date": numbered_action(random_actions.change_order_date),
    "order.change_payment": numbered_action(random_actions.change_order_payment),
    "order.change_shipping_address": lambda w: orders.change_shipping_address(w.order(0), address=w.addresses[1], **BY),
    "order.change_extra_data": lambda w: orders.change_extra_data(w.order(0), extra_data={"gift": "yes"}, **BY),
    "order.rescue": lambda w: orders.rescue(w.order(0), **BY),
    "order.retry": lambda w: orders.retry(w.order(0), at=situations.LATER, **BY),
    "order.give_up": lambda w: orders.give_up(w.order(0), **BY),
    "order.remind": lambda w: upcoming_order.remind(w.order(0), **BY),
    "order.warn_of_card": lambda w: upcoming_order.warn_of_card(w.order(0), day=situations.LATER.date(), **BY),
    "order.queue": numbered_action(random_actions.queue),
    "order.set_aside": lambda w: upcoming_order.set_aside(w.order(0), **BY),
    "order.stop_waiting": lambda w: upcoming_order.stop_waiting(w.order(0), **BY),
    "order.succeed": numbered_action(random_actions.succeed),
    "order.reject": numbered_action(random_actions.reject),
    "order.decline": situations.declined,
    "order.hold": numbered_action(random_actions.hold),
    "order.call_off": lambda w: placement_results.call_off(w.order(0), **BY),
    "item.add": numbered_action(random_actions.add_product),
    "item.create": lambda w: items.create(
        w.customer,
        product=w.products[0],
        quantity=1,
        day=date(2027, 12, 24),
        payment=w.payments[0],
        address=w.addresses[0],
        **BY,
    ),
    "item.add_with_subscription": numbered_action(random_actions.add_subscription),
    "item.subscribe": lambda w: items.subscribe(w.item(-1), every=1, every_period=3, **BY),
    "item.change_quantity": lambda w: items.change_quantity(w.item(0), quantity=5, **BY),
    "item.change_price": lambda w: items.change_price(w.item(0), price=Decimal(9), **BY),
    "item.change_product": lambda w: items.change_product(w.item(0), product=w.products[1], **BY),
    "item.remove": numbered_action(random_actions.remove_item),
    "incentive.create": lambda w: incentive.create(w.customer, order=w.order(0), **SORRY, **BY),
    "incentive.update": lambda w: incentive.change(w.incentive(0), value=Decimal(4), **BY),
    "incentive.delete": lambda w: incentive.delete(w.incentive(0), **BY),
    "entitlement.grant": lambda w: entitlement.grant(
        w.subscription(0), resource=situations.resource(w), seconds=situations.HOUR, **BY
    ),
    "entitlement.modify_expiration": lambda w: entitlement.modify_expiration(
        w.entitlement(0), day=date(2026, 12, 24), **BY
    ),
    "entitlement.expire": lambda w: entitlement.expire(w.entitlement(0), **BY),
    "entitlement.void": lambda w: entitlement.void(w.entitlement(0), **BY),
}
