"""Orders and the items on them."""

from datetime import date
from typing import NamedTuple

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from subscriptions.calendar import human_date
from subscriptions.models.customer import Address, Customer, Payment
from subscriptions.models.fields import ClockTimeField, MoneyField, PublicIdField, TotalField
from subscriptions.models.merchant import Merchant
from subscriptions.models.offer import Offer
from subscriptions.models.order_status import STATUS_ROWS, OrderStatus, StatusRow, statuses_where
from subscriptions.models.product import Product
from subscriptions.models.subscription import Subscription

OPEN = Q(status=OrderStatus.UNSENT, locked=False, oos_free_shipping=False)
# Reprise cannot find out what became of these orders, or waits for a decision.
UNDECIDED = [
    *statuses_where(lambda row: row.settled_by_staff),
    OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
    OrderStatus.AWAITING_RETRY_INSTRUCTIONS,
]
UNDECIDED_OR_REJECTED = Q(status__in=[*UNDECIDED, OrderStatus.REJECTED])


class OrderKey(NamedTuple):
    """Date, payment, address and currency: together they are unique among the open orders of one customer."""

    place_date: date
    payment_id: int
    shipping_address_id: int
    currency_code: str


class OrderQuerySet(models.QuerySet["Order"]):
    def open(self) -> "OrderQuerySet":
        """Orders that can still be changed, and into which others with the same `OrderKey` are merged."""
        return self.filter(OPEN)


class Order(models.Model):
    """`sub_total` is after discounts; `total` is `sub_total` plus `shipping_total`."""

    kept_of_erased = ("currency_code", "rejected_error_code")

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="orders", db_index=False)
    public_id = PublicIdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="orders")
    shipping_address = models.ForeignKey(Address, models.PROTECT, related_name="orders")
    status = models.PositiveSmallIntegerField(choices=OrderStatus, default=OrderStatus.UNSENT)
    place_date = models.DateField("placement date", help_text="In the merchant's time zone.")
    reminded_for = models.DateField(
        null=True, blank=True, editable=False, help_text="The place date the customer was last reminded of."
    )
    warned_of_card_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The check that last found its card to end before it."
    )
    warned_of_card = models.ForeignKey(
        Payment,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The card that the check found to end before it.",
    )
    tried_at = models.DateTimeField(null=True, blank=True, help_text="The last attempt to place it.")
    place = ClockTimeField(
        blank=True,
        editable=False,
        help_text="The last attempt or, before the first, midnight of the placement date. The database keeps it.",
    )
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="When a failed order is tried again, or the instruction for it is due."
    )
    sub_total = TotalField(verbose_name="subtotal", default=0)
    tax_total = TotalField(verbose_name="tax", default=0)
    shipping_total = TotalField(verbose_name="shipping", default=0)
    discount_total = TotalField(verbose_name="discounts", default=0)
    total = TotalField(default=0)
    currency_code = models.CharField(max_length=3, default="USD")
    cancelled = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    generic_error_count = models.PositiveSmallIntegerField(default=0)
    declines = models.PositiveSmallIntegerField(default=0, editable=False)
    first_declined = models.DateTimeField(null=True, blank=True, editable=False)
    order_merchant_id = models.CharField("order ID on your platform", max_length=255, null=True, blank=True)
    rejected_message = models.TextField(null=True, blank=True)
    rejected_error_code = models.CharField(max_length=16, null=True, blank=True)
    locked = models.BooleanField(default=False)
    oos_free_shipping = models.BooleanField(default=False, help_text="Made for items out of stock.")
    extra_data = models.JSONField(null=True, blank=True)
    applied_incentives = models.JSONField(
        null=True, blank=True, editable=False, help_text="What came off the order and its shipping, for order posts."
    )
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "customer", "place_date", "payment", "shipping_address", "currency_code"],
                condition=OPEN,
                name="order_one_open_per_date",
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status"),
            models.CheckConstraint(condition=Q(total=F("sub_total") + F("shipping_total")), name="order_total"),
            models.CheckConstraint(
                condition=Q(sub_total__gte=0, tax_total__gte=0, shipping_total__gte=0, discount_total__gte=0),
                name="order_amounts",
            ),
            models.CheckConstraint(
                condition=Q(status=OrderStatus.CANCELLED, cancelled__isnull=False)
                | (~Q(status=OrderStatus.CANCELLED) & Q(cancelled__isnull=True)),
                name="order_cancelled",
            ),
        ]
        indexes = [
            # The orders by each `ordering` of the REST API, and those of a status.
            models.Index(fields=["merchant", "-created", "public_id"], name="order_list"),
            models.Index(fields=["merchant", "status", "-created", "public_id"], name="order_status_list"),
            models.Index(fields=["merchant", "-updated", "public_id"], name="order_updated"),
            models.Index(fields=["merchant", "status", "-updated", "public_id"], name="order_status_updated"),
            models.Index(
                fields=["merchant", "-updated", "public_id"], condition=UNDECIDED_OR_REJECTED, name="order_needs_you"
            ),
            models.Index(fields=["merchant", "-place", "public_id"], name="order_place"),
            models.Index(fields=["merchant", "status", "-place", "public_id"], name="order_status_place"),
            models.Index(fields=["merchant", "customer", "-place_date"], name="order_customer"),
            models.Index(fields=["merchant", "status", "place_date"], name="order_due"),
            # The orders to come by day; and how many a day has and what they come to, from the index alone.
            models.Index(
                fields=["merchant", "place_date", "public_id"],
                include=["total", "customer"],
                condition=OPEN,
                name="order_day_total",
            ),
            models.Index(
                fields=["merchant", "order_merchant_id"],
                condition=Q(order_merchant_id__isnull=False),
                name="order_by_number",
            ),
            models.Index(
                fields=["status", "retry_at"],
                condition=Q(status__in=statuses_where(lambda row: row.each_minute)),
                name="order_prompt",
            ),
        ]

    def __str__(self) -> str:
        return f"Order of {human_date(self.place_date)}"

    @property
    def is_open(self) -> bool:
        """The same condition as `open()`."""
        return self.status == OrderStatus.UNSENT and not self.locked and not self.oos_free_shipping

    @property
    def status_row(self) -> StatusRow:
        """What may happen to an order of this status."""
        return STATUS_ROWS[OrderStatus(self.status)]

    @property
    def order_key(self) -> OrderKey:
        return OrderKey(self.place_date, self.payment_id, self.shipping_address_id, self.currency_code)


class Item(models.Model):
    """A product on an order. `price` is for one unit before discounts, `total_price` for all units after them."""

    kept_of_erased = ()

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    public_id = PublicIdField()
    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="items")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="items")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    quantity = models.PositiveIntegerField(default=1)
    price = MoneyField(verbose_name="unit price")
    extra_cost = MoneyField(default=0)
    total_price = TotalField(verbose_name="total")
    one_time = models.BooleanField("one-time", default=False)
    applied_incentives = models.JSONField(
        null=True, blank=True, editable=False, help_text="What came off the item, for order posts; a gift's promise."
    )
    frozen = models.BooleanField(default=False, help_text="The price was set by hand and stays.")
    upcoming = models.BooleanField(
        default=True, help_text="The order is still to come; kept beside the status for the constraint below."
    )
    # For lists of items by what their order is like. The database keeps both.
    order_status = models.PositiveSmallIntegerField(blank=True, editable=False)
    order_place = ClockTimeField(blank=True, editable=False)
    first_placed = models.DateTimeField(null=True, blank=True)
    out_of_stock_since = models.DateField(
        null=True, blank=True, editable=False, help_text="The day of the first try that found it out of stock."
    )
    out_of_stock_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The day of the latest try that found it out of stock."
    )
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "subscription"], condition=Q(upcoming=True), name="item_one_upcoming"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="item_quantity"),
            models.CheckConstraint(
                condition=Q(price__gte=0, extra_cost__gte=0, total_price__gte=0), name="item_amounts"
            ),
            models.CheckConstraint(
                condition=Q(one_time=True, subscription__isnull=True) | Q(one_time=False, subscription__isnull=False),
                name="item_one_time_or_subscribed",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="item_list"),
            models.Index(fields=["merchant", "order_status", "-created", "public_id"], name="item_status_list"),
            models.Index(fields=["merchant", "-order_place", "public_id"], name="item_place"),
            models.Index(fields=["merchant", "order_status", "-order_place", "public_id"], name="item_status_place"),
            models.Index(fields=["product", "-created", "public_id"], name="item_product"),
            models.Index(fields=["offer", "-created", "public_id"], name="item_offer"),
            models.Index(
                fields=["merchant", "-created", "public_id"], condition=Q(one_time=True), name="item_one_time"
            ),
            models.Index(
                fields=["merchant", "product"],
                condition=Q(order_status=OrderStatus.UNSENT),
                name="item_upcoming_product",
            ),
            models.Index(fields=["merchant", "order"], name="item_order"),
            models.Index(
                fields=["merchant", "first_placed"], condition=Q(first_placed__isnull=False), name="item_first_placed"
            ),
            models.Index(fields=["merchant", "subscription", "-created"], name="item_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def customer_id(self) -> int:
        return self.order.customer_id

    def days_out_of_stock(self, today: date) -> int:
        """Days since the first try that found it out of stock; 0 if none has."""
        return max(0, (today - self.out_of_stock_since).days) if self.out_of_stock_since else 0
