"""Actions on one customer's data, each with a number that picks its arguments, for random sequences and pairs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from subscriptions import calendar
from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions import placement_results, restore_order, subscription, upcoming_order
from subscriptions.errors import NotFound
from subscriptions.models import (
    Activity,
    Address,
    Customer,
    Entitlement,
    Item,
    OneTimeIncentive,
    Order,
    OrderStatus,
    Payment,
    Product,
    Subscription,
)
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    PaymentFactory,
    ProductFactory,
    SubscriptionFactory,
    plan_item,
)


@dataclass
class World:
    """One customer with two payments, two addresses and some products and subscriptions."""

    customer: Customer
    products: list[Product]
    payments: list[Payment]
    addresses: list[Address]
    days: int = 14
    note: Activity = field(default_factory=Activity)

    def subscription(self, n: int) -> Subscription:
        return pick_row(self.customer.subscriptions.order_by("id"), n)

    def order(self, n: int) -> Order:
        return pick_row(self.customer.orders.order_by("id"), n)

    def item(self, n: int) -> Item:
        return pick_row(Item.objects.filter(order__customer=self.customer).order_by("id"), n)

    def entitlement(self, n: int) -> Entitlement:
        return pick_row(self.customer.entitlements.order_by("id"), n)

    def incentive(self, n: int) -> OneTimeIncentive:
        return pick_row(self.customer.incentives.order_by("id"), n)


def pick_row(found: QuerySet[Any], n: int) -> Any:
    rows = list(found)
    if not rows:
        raise NotFound("not_found", "There is none.")
    return rows[n % len(rows)]


def create_world(subscriptions: int = 2, customer: Customer | None = None) -> World:
    customer = customer or CustomerFactory()
    products = [ProductFactory(merchant=customer.merchant, price=Decimal(price)) for price in (10, 15)]
    payments = [PaymentFactory(customer=customer) for _ in range(2)]
    addresses = [AddressFactory(customer=customer) for _ in range(2)]
    today = calendar.today(customer.merchant.time_zone)
    for number in range(subscriptions):
        row = SubscriptionFactory(
            customer=customer,
            product=products[number % 2],
            payment=payments[0],
            shipping_address=addresses[0],
            quantity=1 + number,
            every=1 + number,
        )
        plan_item(row, today + timedelta(days=14))
    return World(customer, products, payments, addresses)


def cancel(w: World, n: int) -> Any:
    return subscription.cancel(w.subscription(n), actor=STAFF, reason="4|too much")


def reactivate(w: World, n: int) -> Any:
    return subscription.reactivate(w.subscription(n), actor=STAFF)


def change_quantity(w: World, n: int) -> Any:
    return subscription.change_quantity(w.subscription(n), actor=STAFF, quantity=2 + n % 4)


def change_frequency(w: World, n: int) -> Any:
    return subscription.change_frequency(w.subscription(n), actor=STAFF, every=1 + n % 5, every_period=1 + n % 4)


def change_product(w: World, n: int) -> Any:
    return subscription.change_product(w.subscription(n), actor=STAFF, product=w.products[(n + 1) % 2])


def change_payment(w: World, n: int) -> Any:
    return subscription.change_payment(w.subscription(n), actor=STAFF, payment=w.payments[(n // 2 + 1) % 2])


def change_shipping(w: World, n: int) -> Any:
    return subscription.change_shipping_address(w.subscription(n), actor=STAFF, address=w.addresses[(n // 2 + 1) % 2])


def change_next_date(w: World, n: int) -> Any:
    day = calendar.today(w.customer.merchant.time_zone) + timedelta(days=1 + n % w.days)
    return subscription.change_next_order_date(w.subscription(n), actor=STAFF, day=day)


def skip(w: World, n: int) -> Any:
    return orders.skip(w.order(n), actor=STAFF)


def skip_one(w: World, n: int) -> Any:
    row = w.item(n)
    return orders.skip_subscription(row.order, actor=STAFF, subscription=row.subscription or w.subscription(n))


def unskip(w: World, n: int) -> Any:
    return restore_order.unskip(w.order(n), actor=STAFF)


def unmerge(w: World, n: int) -> Any:
    """Takes the first item of the merged order back."""
    order = w.order(n)
    into = (order.extra_data or {}).get("merged_order_id")
    items = Item.objects.filter(order__public_id=into).order_by("id").values_list("pk", flat=True)
    return restore_order.unmerge(order, actor=STAFF, items=list(items[:1]))


def send_now(w: World, n: int) -> Any:
    return orders.send_now(w.order(n), actor=STAFF)


def change_order_date(w: World, n: int) -> Any:
    day = calendar.today(w.customer.merchant.time_zone) + timedelta(days=n % w.days)
    return orders.change_date(w.order(n), actor=STAFF, day=day)


def change_order_payment(w: World, n: int) -> Any:
    return orders.change_payment(w.order(n), actor=STAFF, payment=w.payments[(n // 2 + 1) % 2])


def add_product(w: World, n: int) -> Any:
    return items.add(w.order(n), actor=STAFF, product=w.products[n % 2])


def add_subscription(w: World, n: int) -> Any:
    return items.add_with_subscription(
        w.order(n), actor=STAFF, product=w.products[n % 2], quantity=1, every=1 + n % 3, every_period=2
    )


def subscribe_item(w: World, n: int) -> Any:
    return items.subscribe(w.item(n), actor=STAFF, every=1 + n % 3, every_period=3)


def change_item_quantity(w: World, n: int) -> Any:
    return items.change_quantity(w.item(n), actor=STAFF, quantity=1 + n % 3)


def change_item_price(w: World, n: int) -> Any:
    return items.change_price(w.item(n), actor=STAFF, price=Decimal(n % 9))


def remove_item(w: World, n: int) -> Any:
    return items.remove(w.item(n), actor=STAFF)


def queue(w: World, n: int) -> Any:
    return upcoming_order.queue(w.order(n), actor=STAFF)


def succeed(w: World, n: int) -> Any:
    return placement_results.succeed(w.order(n), actor=STAFF, order_merchant_id=str(n))


def reject(w: World, n: int) -> Any:
    return placement_results.reject(w.order(n), actor=STAFF, code="110", message="Wrong number")


def hold(w: World, n: int) -> Any:
    status = OrderStatus.GENERIC_ERROR_RESPONSE
    return placement_results.hold(w.order(n), actor=STAFF, status=status, code="", message="Later")


def set_aside(w: World, n: int) -> Any:
    Product.objects.filter(pk=w.products[n % 2].pk).update(live=False)
    try:
        return upcoming_order.set_aside(w.order(n), actor=STAFF)
    finally:
        Product.objects.filter(pk__in=[row.pk for row in w.products]).update(live=True)


Perform = Callable[[World, int], Any]
COMMONEST: list[Perform] = [
    cancel,
    reactivate,
    change_quantity,
    change_product,
    change_payment,
    change_next_date,
    skip,
    send_now,
    change_order_date,
    add_product,
]
ALL: list[Perform] = [
    *COMMONEST,
    change_frequency,
    change_shipping,
    skip_one,
    change_order_payment,
    add_subscription,
    subscribe_item,
    change_item_quantity,
    change_item_price,
    remove_item,
    queue,
    succeed,
    reject,
    hold,
    set_aside,
    unskip,
    unmerge,
]
S = OrderStatus
# The statuses an order may have after one action, by its present one; the rest are final.
PATHS = {
    S.UNSENT: {S.CANCELLED, S.SEND_NOW, S.MERGED, S.PENDING_PLACEMENT},
    S.SEND_NOW: {S.PENDING_PLACEMENT, S.UNSENT},
    S.PENDING_PLACEMENT: {S.SUCCESS, S.REJECTED, S.GENERIC_ERROR_RESPONSE},
    S.CANCELLED: {S.UNSENT},
    S.MERGED: {S.UNSENT},
    S.GENERIC_ERROR_RESPONSE: {S.PENDING_PLACEMENT, S.UNSENT, S.CANCELLED, S.REJECTED},
}
