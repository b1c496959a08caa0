"""How each kind of event comes about: the act that makes it, on a customer of its own."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from subscriptions.actions import checkout, placement_results, upcoming_order
from subscriptions.actions.core import ActionContext
from subscriptions.models import Customer, Entitlement, Payment, Product, Resource, Subscription
from tests.actions import acts
from tests.factories import STAFF

TOMORROW = timedelta(days=1)


def rich_world() -> acts.World:
    """A customer of a merchant on Shopify who has all a payload can speak of."""
    world = acts.world(2)
    merchant = world.customer.merchant
    merchant.is_shopify = True
    merchant.save()
    subscription = world.subscription(1)
    Subscription.objects.filter(pk=subscription.pk).update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=0, renewal_behavior="autorenew"
    )
    plan(world.products[0])
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


def plan(product: Product) -> None:
    """Make `product` one that grants two resources, the second without a grace period."""
    product.product_type = Product.Type.PLAN
    product.save()
    for name, grace_period in (("Ad free music", 86400), ("Recipes", None)):
        product.resource_grants.create(
            merchant=product.merchant,
            resource=Resource.objects.create(merchant=product.merchant, name=name, external_resource_id=name),
            time_amount=30 * 86400,
            grace_period=grace_period,
        )


def bought(world: acts.World) -> ActionContext[Any]:
    line = checkout.Line(product=world.products[0], quantity=1, every=1, every_period=3)
    return checkout.checkout(
        world.customer,
        actor=STAFF,
        merchant_order_id="1224",
        payment=world.payments[0],
        address=world.addresses[0],
        lines=[line],
    )


def first_bought(world: acts.World) -> ActionContext[Any]:
    """By somebody who has never subscribed before."""
    newcomer = acts.world(0)
    Customer.objects.filter(pk=newcomer.customer.pk).update(merchant=world.customer.merchant)
    for rows in (newcomer.payments, newcomer.addresses, newcomer.products):
        for row in rows:
            type(row).objects.filter(pk=row.pk).update(merchant=world.customer.merchant)
            row.refresh_from_db()
    newcomer.customer.refresh_from_db()
    return bought(newcomer)


def last_cancelled(world: acts.World) -> ActionContext[Any]:
    acts.cancel(world, 1)
    return acts.cancel(world, 0)


def after(
    first: acts.Perform, then: Callable[[acts.World], ActionContext[Any]]
) -> Callable[[acts.World], ActionContext[Any]]:
    def run(world: acts.World) -> ActionContext[Any]:
        first(world, 0)
        return then(world)

    return run


def declined(world: acts.World) -> ActionContext[Any]:
    return placement_results.decline(world.order(0), actor=STAFF, code="140", message="Declined")


def warned(world: acts.World) -> ActionContext[Any]:
    Payment.objects.filter(customer=world.customer).update(expires_on=date(2026, 1, 31))
    return upcoming_order.warn_of_card(world.order(0), day=date(2026, 11, 20), actor=STAFF)


def sold_out(world: acts.World) -> ActionContext[Any]:
    Product.objects.filter(pk=world.products[1].pk).update(live=False)
    return upcoming_order.set_aside(world.order(0), actor=STAFF)


def by(act: acts.Perform, number: int = 0) -> Callable[[acts.World], ActionContext[Any]]:
    return lambda world: act(world, number)


SUBSCRIBER, SUBSCRIPTION, ORDER = "ordergroove.subscriber.", "ordergroove.subscription.", "ordergroove.order."
PROVOKE: dict[str, Callable[[acts.World], ActionContext[Any]]] = {
    SUBSCRIBER + "create": first_bought,
    SUBSCRIBER + "cancel": last_cancelled,
    SUBSCRIBER + "subscriptions_created": bought,
    SUBSCRIPTION + "create": bought,
    SUBSCRIPTION + "reactivate": after(acts.cancel, by(acts.reactivate)),
    SUBSCRIPTION + "cancel": by(acts.cancel),
    SUBSCRIPTION + "change_frequency": by(acts.change_frequency),
    SUBSCRIPTION + "change_payment": by(acts.change_payment, 2),
    SUBSCRIPTION + "change_quantity": by(acts.change_quantity),
    SUBSCRIPTION + "change_shipping_address": by(acts.change_shipping, 2),
    SUBSCRIPTION + "sku_swap": by(acts.change_product),
    ORDER + "reminder": lambda world: upcoming_order.remind(world.order(0), actor=STAFF),
    ORDER + "credit_card_expiration_warning": warned,
    ORDER + "cancel": after(acts.queue, lambda world: placement_results.call_off(world.order(0), actor=STAFF)),
    ORDER + "success": after(acts.queue, by(acts.succeed)),
    ORDER + "change_next_order_date": by(acts.change_order_date),
    ORDER + "change_payment": by(acts.change_order_payment, 2),
    ORDER + "change_shipping_address": lambda world: acts.orders.change_shipping_address(
        world.order(0), actor=STAFF, address=world.addresses[1]
    ),
    ORDER + "send_now": by(acts.send_now),
    ORDER + "skip_order": by(acts.skip),
    ORDER + "reject": after(acts.queue, by(acts.reject)),
    "order.retryable_placement_failure": after(acts.queue, declined),
    "ordergroove.item.out_of_stock": sold_out,
}
