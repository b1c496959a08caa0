"""The rows that the datasets of the app package speak of."""

from datetime import UTC, date, datetime
from decimal import Decimal

from subscriptions.calendar import Period
from subscriptions.models import Customer, Merchant, Order, Subscription
from tests.factories import CancelReasonFactory, CustomerFactory, ProductFactory, SubscriptionFactory, plan_item

BLEND, DECAF, TEA = (f"9f1c000000007000800000000000000{number}" for number in (1, 2, 3))
ORDER = "77aa0000000070008000000000000001"
DAY = date(2026, 12, 15)


def make_world(merchant: Merchant) -> None:
    """Ana with three subscriptions: one with a next order, one cancelled, one with paid orders left."""
    CancelReasonFactory(merchant=merchant, code=1, label="Other")
    CancelReasonFactory(merchant=merchant, code=4, label="Overstocked")
    ana = CustomerFactory(merchant=merchant, merchant_user_id="C-1001", email="Ana@shop.test")
    CustomerFactory(merchant=merchant, merchant_user_id="C-1002")
    _subscribe(
        ana,
        DECAF,
        "Decaf “Sunday”",
        "11.00",
        quantity=1,
        cancelled=datetime(2026, 9, 15, 12, tzinfo=UTC),
        cancel_reason="4|cupboard is full",
    )
    prepaid = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "autorenew"}
    _subscribe(ana, TEA, "Green tea", "8.50", quantity=1, every_period=Period.MONTHS, **prepaid)
    blend = _subscribe(ana, BLEND, "House blend", "12.99", every=30, every_period=Period.DAYS)
    plan_item(blend, DAY)
    Order.objects.update(public_id=ORDER)


def _subscribe(customer: Customer, public_id: str, name: str, price: str, **fields: object) -> Subscription:
    product = ProductFactory(merchant=customer.merchant, name=name, price=Decimal(price))
    times = {"created": datetime(2026, 1, 31, 14, tzinfo=UTC), "updated": datetime(2026, 10, 2, 13, tzinfo=UTC)}
    made: Subscription = SubscriptionFactory(customer=customer, product=product, public_id=public_id, **times, **fields)
    return made
