"""For each kind of event, the action that emits it on a customer of its own."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from subscriptions.actions import checkout, placement_results, upcoming_order
from subscriptions.actions.core import ActionContext
from subscriptions.models import Customer, Entitlement, Payment, Product, Resource, Subscription
from tests.actions import random_actions
from tests.factories import STAFF

TOMORROW = timedelta(days=1)


def create_rich_world() -> random_actions.World:
    """A customer of a merchant on Shopify who has everything a payload can mention."""
    world = random_actions.create_world(2)
    merchant = world.customer.merchant
    merchant.is_shopify = True
    merchant.save()
    subscription = world.subscription(1)
    Subscription.objects.filter(pk=subscription.pk).update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=0, renewal_behavior="autorenew"
    )
    make_plan(world.products[0])
    for granted in world.products[0].resource_grants.all():
        Entitlement.objects.create(
            merchant=merchant,
            customer=world.customer,
            subscription=world.subscription(0),
            product=granted.product,
            resource=granted.resource,
            expiration=datetime.fromisoformat("2027-07-28T18:48:37.783Z"),
            grace_period=granted.grace_period,
        )
    return world


def make_plan(product: Product) -> None:
    """Let `product` grant two resources, the second without a grace period."""
    product.product_type = Product.Type.PLAN
    product.save()
    for name, grace_period in (("Ad free music", 86400), ("Recipes", None)):
        product.resource_grants.create(
            merchant=product.merchant,
            resource=Resource.objects.create(merchant=product.merchant, name=name, external_resource_id=name),
            time_amount=30 * 86400,
            grace_period=grace_period,
        )


def check_out(world: random_actions.World) -> ActionContext[Any]:
    line = checkout.Line(product=world.products[0], quantity=1, every=1, every_period=3)
    return checkout.checkout(
        world.customer,
        actor=STAFF,
        merchant_order_id="1224",
        payment=world.payments[0],
        address=world.addresses[0],
        lines=[line],
    )


def check_out_first_time(world: random_actions.World) -> ActionContext[Any]:
    """A checkout of a customer who has never subscribed."""
    newcomer = random_actions.create_world(0)
    Customer.objects.filter(pk=newcomer.customer.pk).update(merchant=world.customer.merchant)
    for rows in (newcomer.payments, newcomer.addresses, newcomer.products):
        for row in rows:
            type(row).objects.filter(pk=row.pk).update(merchant=world.customer.merchant)
            row.refresh_from_db()
    newcomer.customer.refresh_from_db()
    return check_out(newcomer)


def cancel_all(world: random_actions.World) -> ActionContext[Any]:
    random_actions.cancel(world, 1)
    return random_actions.cancel(world, 0)


def perform_after(
    first: random_actions.Perform, then: Callable[[random_actions.World], ActionContext[Any]]
) -> Callable[[random_actions.World], ActionContext[Any]]:
    def run(world: random_actions.World) -> ActionContext[Any]:
        first(world, 0)
        return then(world)

    return run


def decline_order(world: random_actions.World) -> ActionContext[Any]:
    return placement_results.decline(world.order(0), actor=STAFF, code="140", message="Declined")


def warn_of_card(world: random_actions.World) -> ActionContext[Any]:
    Payment.objects.filter(customer=world.customer).update(expires_on=date(2026, 1, 31))
    return upcoming_order.warn_of_card(world.order(0), day=date(2026, 11, 20), actor=STAFF)


def sell_out(world: random_actions.World) -> ActionContext[Any]:
    Product.objects.filter(pk=world.products[1].pk).update(live=False)
    return upcoming_order.set_aside(world.order(0), actor=STAFF)


def numbered_action(
    act: random_actions.Perform, number: int = 0
) -> Callable[[random_actions.World], ActionContext[Any]]:
    return lambda world: act(world, number)


SUBSCRIBER, SUBSCRIPTION, ORDER = "ordergroove.subscriber.", "ordergroove.subscription.", "ordergroove.order."
EMIT: dict[str, Callable[[random_actions.World], ActionContext[Any]]] = {
    SUBSCRIBER + "create": check_out_first_time,
    SUBSCRIBER + "cancel": cancel_all,
    SUBSCRIBER + "subscriptions_created": check_out,
    SUBSCRIPTION + "create": check_out,
    SUBSCRIPTION + "reactivate": perform_after(random_actions.cancel, numbered_action(random_actions.reactivate)),
    SUBSCRIPTION + "cancel": numbered_action(random_actions.cancel),
    SUBSCRIPTION + "change_frequency": numbered_action(random_actions.change_frequency),
    SUBSCRIPTION + "change_payment": numbered_action(random_actions.change_payment),
    SUBSCRIPTION + "change_quantity": numbered_action(random_actions.change_quantity),
    SUBSCRIPTION + "change_shipping_address": numbered_action(random_actions.change_shipping),
    SUBSCRIPTION + "sku_swap": numbered_action(random_actions.change_product),
    ORDER + "reminder": lambda world: upcoming_order.remind(world.order(0), actor=STAFF),
    ORDER + "credit_card_expiration_warning": warn_of_card,
    ORDER + "cancel": perform_after(
        random_actions.queue, lambda world: placement_results.call_off(world.order(0), actor=STAFF)
    ),
    ORDER + "success": perform_after(random_actions.queue, numbered_action(random_actions.succeed)),
    ORDER + "change_next_order_date": numbered_action(random_actions.change_order_date),
    ORDER + "change_payment": numbered_action(random_actions.change_order_payment),
    ORDER + "change_shipping_address": lambda world: random_actions.orders.change_shipping_address(
        world.order(0), actor=STAFF, address=world.addresses[1]
    ),
    ORDER + "send_now": numbered_action(random_actions.send_now),
    ORDER + "skip_order": numbered_action(random_actions.skip),
    ORDER + "reject": perform_after(random_actions.queue, numbered_action(random_actions.reject)),
    "order.retryable_placement_failure": perform_after(random_actions.queue, decline_order),
    "ordergroove.item.out_of_stock": sell_out,
}
