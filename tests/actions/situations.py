"""States a customer may be in before an action; each function changes a world of `random_actions`."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from subscriptions.actions import (
    customer_notes,
    customer_tags,
    placement_results,
    prepaid,
    subscription,
    upcoming_order,
)
from subscriptions.actions import order as orders
from subscriptions.models import (
    Customer,
    Discount,
    Entitlement,
    Item,
    Merchant,
    Offer,
    OfferProfile,
    OneTimeIncentive,
    Payment,
    Product,
    ProductGroup,
    Resource,
    ResourceGrant,
    Subscription,
)
from tests.actions import random_actions
from tests.actions.random_actions import World
from tests.factories import STAFF, ProductFactory, SubscriptionFactory, plan_item

Situation = Callable[[World], Any]
RESOURCES = ("Music", "Recipes")
HOUR = 3600  # seconds
LATER = datetime(2026, 11, 25, tzinfo=UTC)


def resource(world: World, name: str = "Music") -> Resource:
    merchant = world.customer.merchant
    return Resource.objects.get_or_create(merchant=merchant, name=name, external_resource_id=name)[0]


def entitled(world: World) -> None:
    """Each subscription has two entitlements, which have just ended."""
    for row in world.customer.subscriptions.all():
        for name in RESOURCES:
            Entitlement.objects.create(
                merchant=row.merchant,
                customer=row.customer,
                subscription=row,
                product=row.product,
                resource=resource(world, name),
                expiration=timezone.now(),
            )


def on_plans(world: World) -> None:
    """Each product is a plan that grants two resources."""
    Product.objects.update(product_type=Product.Type.PLAN)
    for product in world.products:
        for name in RESOURCES:
            ResourceGrant.objects.create(
                merchant=product.merchant, product=product, resource=resource(world, name), time_amount=HOUR
            )


def eligible(world: World) -> None:
    """All products may be prepaid."""
    group = ProductGroup.objects.create(
        merchant=world.customer.merchant, group_type=ProductGroup.Type.ELIGIBILITY, name=prepaid.ELIGIBLE_GROUP
    )
    group.products.add(*world.products)


def noted(world: World) -> None:
    written = customer_notes.write_note(world.customer, actor=STAFF, text="Likes it dark.")
    assert written.activity
    world.note = written.activity


def tagged(world: World) -> None:
    customer_tags.add_tag(world.customer, actor=STAFF, name="VIP")


def paid_ahead(world: World) -> None:
    eligible(world)
    for row in world.customer.subscriptions.all():
        prepaid.upgrade(row, actor=STAFF, orders_per_billing=3)


def offered(world: World) -> None:
    profile = OfferProfile.objects.create(merchant=world.customer.merchant, name="Standard")
    offer = Offer.objects.create(merchant=profile.merchant, profile=profile, name="Standard")
    Subscription.objects.update(offer=offer)
    Item.objects.update(offer=offer)


def promised(world: World) -> None:
    """The order has an incentive."""
    order = world.order(0)
    OneTimeIncentive.objects.create(
        merchant=order.merchant,
        customer=order.customer,
        order=order,
        name="Sorry",
        type=OneTimeIncentive.Type.DISCOUNT,
        target="order",
        field="sub_total",
        discount_type=Discount.Type.PERCENT,
        value=10,
    )


def alone(world: World) -> None:
    """Each subscription has an order of its own."""
    for days, row in enumerate(world.customer.subscriptions.order_by("id")):
        subscription.change_next_order_date(row, actor=STAFF, day=date(2026, 12, 5 + days))


def skipped(world: World) -> None:
    random_actions.skip(world, 0)


def merged(world: World) -> None:
    """The first order was merged into another one."""
    order = world.order(0)
    day = date(2026, 12, 24)
    row = world.subscription(0)
    where = {"payment": order.payment, "shipping_address": order.shipping_address}
    added = SubscriptionFactory(customer=row.customer, product=row.product, **where)
    plan_item(added, day)
    orders.change_date(order, actor=STAFF, day=day)


def queued(world: World) -> None:
    random_actions.queue(world, 0)


def declined(world: World) -> Any:
    return placement_results.decline(world.order(0), actor=STAFF, code="140", message="Declined")


def retried(world: World) -> None:
    """An order of the first subscription alone is being retried."""
    alone(world)
    queued(world)
    declined(world)


def waiting(world: World) -> None:
    Merchant.objects.update(retry_plan="external")
    queued(world)
    declined(world)


def rejected(world: World) -> None:
    queued(world)
    random_actions.reject(world, 0)


def out_of_stock(world: World) -> None:
    """The product of the first item is out of stock."""
    missing = ProductFactory(merchant=world.customer.merchant, live=False)
    Item.objects.filter(pk=world.item(0).pk).update(product=missing)


def all_out_of_stock(world: World) -> None:
    Product.objects.update(live=False)


def card_expires(world: World) -> None:
    Payment.objects.update(expires_on=date(2026, 1, 31))


def first(*steps: Situation) -> Situation:
    def run(world: World) -> None:
        for step in steps:
            step(world)

    return run


def waited(world: World) -> None:
    """The order has waited for stock for its longest time."""
    all_out_of_stock(world)
    upcoming_order.set_aside(world.order(0), actor=STAFF)
    Item.objects.exclude(out_of_stock_on=None).update(out_of_stock_since=date(2026, 10, 21))


def tried_out(world: World) -> None:
    Customer.objects.update(is_test=True)
