"""A customer with all that the operations of subscriptions, orders and items need, and a table of these operations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from subscriptions.actions import item as items
from subscriptions.models import (
    Address,
    Customer,
    Item,
    Merchant,
    Offer,
    OfferProfile,
    Order,
    OrderStatus,
    Payment,
    Product,
    ProductGroup,
    Subscription,
)
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    OrderFactory,
    PaymentFactory,
    ProductFactory,
    subscription_with_order,
)

# The world is made a day before it is asked; the place of its order is midnight in New York.
MADE = datetime(2026, 11, 19, 17, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
NOW_TEXT = "2026-11-20 12:00:00"
DAY = date(2026, 12, 1)
PLACED = "<order><code>SUCCESS</code><orderId>1224</orderId></order>"


@dataclass
class World:
    customer: Customer
    subscription: Subscription
    order: Order
    item: Item
    coffee: Product
    tea: Product
    offer: Offer
    payment: Payment
    address: Address

    def id(self, name: str) -> str:
        found: str = getattr(self, name).public_id.hex
        return found


def make_world(merchant: Merchant, user: str = "C-1001") -> World:
    """One subscription to coffee, with its order of the first of December, and a second payment and address."""
    customer = CustomerFactory(merchant=merchant, merchant_user_id=user)
    coffee, tea = (
        ProductFactory(merchant=merchant, external_product_id=f"{name}-{user}", price=Decimal("12.50"))
        for name in ("coffee", "tea")
    )
    profile = OfferProfile.objects.create(merchant=merchant, name="Subscribers")
    offer = Offer.objects.create(merchant=merchant, profile=profile, name="Subscribers")
    subscription = subscription_with_order(DAY, customer=customer, product=coffee)
    item = subscription.items.get()
    payment, address = PaymentFactory(customer=customer), AddressFactory(customer=customer)
    return World(customer, subscription, item.order, item, coffee, tea, offer, payment, address)


def cancelled(w: World) -> None:
    w.item.order.delete()
    Subscription.objects.filter(pk=w.subscription.pk).update(cancelled=NOW, cancel_reason="4|Overstocked")


def prepaid(w: World, remaining: int = 2) -> None:
    Subscription.objects.filter(pk=w.subscription.pk).update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=remaining, renewal_behavior="autorenew"
    )


def eligible(w: World) -> None:
    merchant = w.customer.merchant
    Merchant.objects.filter(pk=merchant.pk).update(prepaid_enabled=True)
    group = ProductGroup.objects.create(merchant=merchant, group_type="eligibility", name="prepaid")
    w.coffee.groups.add(group)


def with_status(status: OrderStatus, **columns: Any) -> Callable[[World], None]:
    def prepare(w: World) -> None:
        cancelled = NOW if status == OrderStatus.CANCELLED else None
        Order.objects.filter(pk=w.order.pk).update(status=status, cancelled=cancelled, **columns)
        Item.objects.filter(order=w.order).update(upcoming=False)

    return prepare


def one_time(w: World) -> None:
    w.item = items.add(w.order, actor=STAFF, product=w.tea).result


def lock(w: World) -> None:
    Order.objects.filter(pk=w.order.pk).update(locked=True)


def leave_alone(w: World) -> None:
    pass


def add_second_order(w: World) -> Order:
    """Another open order of the same customer, of the 24th of December, with one piece of tea."""
    order: Order = OrderFactory(
        customer=w.customer,
        payment=w.subscription.payment,
        shipping_address=w.subscription.shipping_address,
        place_date=date(2026, 12, 24),
    )
    items.add(order, actor=STAFF, product=w.tea)
    return order


@dataclass
class Operation:
    """`path` has the names of rows in braces; `body` may name them, too. `prepare` makes the operation possible."""

    method: str
    path: str
    scopes: str
    body: Callable[[World], dict[str, Any]] | None = None
    status: int = 200
    prepare: Callable[[World], None] = leave_alone

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, w: World) -> str:
        names = [name for name in ("subscription", "order", "item") if f"{{{name}}}" in self.path]
        return "/api/" + self.path.format(**{name: w.id(name) for name in names})


def of_customer(w: World) -> dict[str, Any]:
    return {
        "customer": w.customer.merchant_user_id,
        "product": w.tea.external_product_id,
        "offer": w.id("offer"),
        "order": w.id("order"),
        "payment": w.id("payment"),
        "shipping_address": w.id("address"),
        "quantity": 3,
        "every": 1,
        "every_period": 3,
    }


def new_item(w: World) -> dict[str, Any]:
    return {
        "customer_id": w.customer.merchant_user_id,
        "product_id": w.tea.external_product_id,
        "offer_id": w.id("offer"),
        "payment_id": w.id("payment"),
        "shipping_id": w.id("address"),
        "place_date": "12/24/2026",
        "quantity": 3,
    }


def product(w: World) -> dict[str, Any]:
    return {"product": w.tea.external_product_id}


S, ORD, IT = "subscriptions/{subscription}/", "orders/{order}/", "items/{item}/"
RETRY = with_status(OrderStatus.AWAITING_RETRY_INSTRUCTIONS, rejected_error_code="140", rejected_message="Declined")
OPERATIONS = [
    Operation("get", "subscriptions/", "AS"),
    Operation("get", "orders/", "ASR"),
    Operation("get", "items/", "AS"),
    Operation("get", S, "ASR"),
    Operation("patch", S + "cancel/", "ASR", lambda w: {"cancel_reason": "4|Overstocked"}),
    Operation(
        "patch",
        S + "reactivate/",
        "AS",
        lambda w: {"every": 1, "every_period": 3, "start_date": "2026-11-20"},
        prepare=cancelled,
    ),
    Operation("patch", S + "change_quantity/", "AS", lambda w: {"quantity": 5}),
    Operation("patch", S + "change_frequency/", "AS", lambda w: {"every": 1, "every_period": 3}),
    Operation("patch", S + "change_next_order_date/", "AS", lambda w: {"order_date": "2026-12-24"}),
    Operation("patch", S + "change_payment/", "AS", lambda w: {"payment": w.id("payment")}),
    Operation("patch", S + "change_shipping/", "AS", lambda w: {"shipping_address": w.id("address")}),
    Operation("patch", S + "change_product/", "AS", product),
    Operation("patch", S + "change_email_reminder/", "AS", lambda w: {"reminder_days": 7}),
    Operation("patch", S + "update/", "AS", lambda w: {"extra_data": {"gift": True}, "offer": w.id("offer")}),
    Operation("post", "subscriptions/iu/", "AS", of_customer),
    Operation(
        "post",
        "subscriptions/create_from_item/",
        "AS",
        lambda w: {"item": w.id("item"), "every": 1, "every_period": 3},
        prepare=one_time,
    ),
    Operation("patch", S + "upgrade_to_prepaid/", "AS", lambda w: {"orders_per_billing": 3}, prepare=eligible),
    Operation("patch", S + "change_renewal_behavior/", "AS", lambda w: {"renewal_behavior": "cancel"}, prepare=prepaid),
    Operation("patch", S + "update_prepaid_context/", "AS", lambda w: {"renewal_behavior": "cancel"}, prepare=prepaid),
    Operation("get", ORD, "ASR"),
    Operation("patch", ORD + "cancel/", "ASR"),
    Operation("patch", ORD + "skip_subscription/", "AS", lambda w: {"subscription": w.id("subscription")}),
    Operation("patch", ORD + "send_now/", "AS"),
    Operation("patch", ORD + "change_place_date/", "ASR", lambda w: {"place": "2026-12-24 00:00:00"}),
    Operation("patch", ORD + "change_payment/", "AS", lambda w: {"payment": w.id("payment")}),
    Operation("patch", ORD + "change_shipping/", "AS", lambda w: {"shipping_address": w.id("address")}),
    Operation("patch", ORD + "update/", "A", lambda w: {"extra_data": {"gift": True}}),
    Operation(
        "patch", ORD + "rescue/", "A", prepare=with_status(OrderStatus.REJECTED, rejected_error_code="020", updated=NOW)
    ),
    Operation("get", ORD + "rescuable_check/", "A"),
    Operation("patch", ORD + "retry_instruction/retry/", "A", lambda w: {"place": "2026-11-21"}, prepare=RETRY),
    Operation("patch", ORD + "retry_instruction/reject/", "A", prepare=RETRY),
    *(
        Operation(
            method,
            ORD + "finalize_placement/",
            "A",
            lambda w: {"response_xml": PLACED},
            prepare=with_status(OrderStatus.PENDING_VERIFICATION),
        )
        for method in ("post", "patch")
    ),
    Operation("get", "placement_logs/responses/", "A"),
    Operation("get", IT, "AS"),
    Operation("post", "items/iu/", "ASR", lambda w: {"order": w.id("order"), "quantity": 1, **product(w)}),
    Operation("post", "items/create/", "AS", new_item),
    Operation("patch", IT + "change_quantity/", "AS", lambda w: {"quantity": 5}),
    Operation("patch", IT + "change_price/", "A", lambda w: {"price": "9.00"}),
    Operation("patch", IT + "change_product/", "AS", product),
    Operation("delete", IT + "delete/", "ASR", status=204),
]
