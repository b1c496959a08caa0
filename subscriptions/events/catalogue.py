"""The kinds of events that are delivered to other systems, one row each."""

from dataclasses import dataclass
from typing import Literal

Base = Literal["subscriber", "subscription", "order", "item"]
Scope = Literal["order", "subscription"]
Status = Literal["active", "inactive"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is the name of the metric at an ESP, verbatim; `title` is for staff.

    `base` says which builder makes the payload. `adds` and `omits` are the fields that this kind has in addition, or
    lacks. With `shopify_only` the added fields are sent only for merchants on Shopify.
    `token_scope`: the event carries an action token of that scope.
    `profile_status`: the event sets the customer property `Ordergroove Subscriber Status`.
    `webhook_only`: ESPs have no such metric.
    """

    name: str
    title: str
    base: Base
    adds: tuple[str, ...] = ()
    omits: tuple[str, ...] = ()
    shopify_only: bool = False
    token_scope: Scope | None = None
    profile_status: Status | None = None
    webhook_only: bool = False

    @property
    def webhook_type(self) -> str:
        """The `type` of its webhook."""
        return OTHER_TYPES.get(self.name) or self.name.removeprefix("ordergroove.")

    @property
    def on_request(self) -> bool:
        """Whether it is emitted only for merchants whose webhooks ask for it.

        A fresh token is issued with its event, so these events are emitted for all.
        """
        return self.webhook_only and self.token_scope is None

    @property
    def category(self) -> str:
        """`subscriber`, `subscription` or `order`; an item's event counts as an order's."""
        return "order" if self.base == "item" else self.base


CANCEL_REASON = ("cancel_reason", "cancel_reason_code", "cancel_reason_message")
REJECTION = ("rejected_code", "rejected_message")

SUBSCRIBER_CREATE = "ordergroove.subscriber.create"
SUBSCRIBER_CANCEL = "ordergroove.subscriber.cancel"
SUBSCRIPTIONS_CREATED = "ordergroove.subscriber.subscriptions_created"
SUBSCRIPTION_CREATE = "ordergroove.subscription.create"
SUBSCRIPTION_REACTIVATE = "ordergroove.subscription.reactivate"
SUBSCRIPTION_CANCEL = "ordergroove.subscription.cancel"
CHANGE_FREQUENCY = "ordergroove.subscription.change_frequency"
CHANGE_PAYMENT = "ordergroove.subscription.change_payment"
CHANGE_QUANTITY = "ordergroove.subscription.change_quantity"
CHANGE_SHIPPING = "ordergroove.subscription.change_shipping_address"
SKU_SWAP = "ordergroove.subscription.sku_swap"
ORDER_REMINDER = "ordergroove.order.reminder"
ORDER_CANCEL = "ordergroove.order.cancel"
ORDER_SUCCESS = "ordergroove.order.success"
ORDER_CHANGE_DATE = "ordergroove.order.change_next_order_date"
ORDER_CHANGE_PAYMENT = "ordergroove.order.change_payment"
ORDER_CHANGE_SHIPPING = "ordergroove.order.change_shipping_address"
ORDER_SEND_NOW = "ordergroove.order.send_now"
ORDER_SKIP = "ordergroove.order.skip_order"
ORDER_REJECT = "ordergroove.order.reject"
# The only name without the prefix; receivers know it this way.
RETRYABLE_FAILURE = "order.retryable_placement_failure"
CARD_EXPIRATION = "ordergroove.order.credit_card_expiration_warning"
OUT_OF_STOCK = "ordergroove.item.out_of_stock"

ROWS = [
    Kind(SUBSCRIBER_CREATE, "Subscriber Created", "subscriber", profile_status="active"),
    Kind(SUBSCRIBER_CANCEL, "Subscriber Canceled", "subscriber", profile_status="inactive"),
    Kind(
        SUBSCRIPTIONS_CREATED,
        "Subscriptions Created",
        "subscriber",
        omits=("total_subscriptions_count",),
        profile_status="active",
    ),
    Kind(
        SUBSCRIPTION_CREATE,
        "Subscription Created",
        "subscription",
        token_scope="subscription",
        profile_status="active",
    ),
    Kind(SUBSCRIPTION_REACTIVATE, "Subscription Reactivated", "subscription", profile_status="active"),
    Kind(
        SUBSCRIPTION_CANCEL,
        "Subscription Canceled",
        "subscription",
        adds=CANCEL_REASON,
        token_scope="subscription",
    ),
    Kind(CHANGE_FREQUENCY, "Subscription Frequency Changed", "subscription"),
    Kind(CHANGE_PAYMENT, "Subscription Payment Changed", "subscription"),
    Kind(CHANGE_QUANTITY, "Subscription Quantity Changed", "subscription"),
    Kind(
        CHANGE_SHIPPING,
        "Subscription Shipping Address Changed",
        "subscription",
    ),
    Kind(SKU_SWAP, "Subscription SKU Swapped", "subscription"),
    Kind(ORDER_REMINDER, "Order Reminder", "order", token_scope="order"),
    Kind(CARD_EXPIRATION, "Credit Card Expiration Warning", "order"),
    Kind(ORDER_CANCEL, "Order Canceled", "order"),
    Kind(ORDER_SUCCESS, "Order Success", "order"),
    Kind(ORDER_CHANGE_DATE, "Order Date Changed", "order"),
    Kind(ORDER_CHANGE_PAYMENT, "Order Payment Changed", "order"),
    Kind(ORDER_CHANGE_SHIPPING, "Order Address Changed", "order"),
    Kind(ORDER_SEND_NOW, "Order Sent Now", "order"),
    Kind(ORDER_SKIP, "Order Skipped", "order"),
    Kind(ORDER_REJECT, "Order Rejected", "order", adds=REJECTION),
    Kind(RETRYABLE_FAILURE, "Order Retry-able Failure", "order", adds=REJECTION, shopify_only=True),
    Kind(OUT_OF_STOCK, "Item Out of Stock", "item"),
]
KINDS = {kind.name: kind for kind in ROWS}

SUBSCRIPTION_COMPONENTS = "subscription.change_components"
SUBSCRIPTION_REFRESH = "subscription.refresh_one_click_token"
ORDER_CREATE = "order.create"
ORDER_DELETE = "order.delete"
ORDER_ERROR = "order.generic_error"
ORDER_REFRESH = "order.refresh_one_click_token"
ITEM_CREATE = "item.create"
ITEM_CHANGE_ORDER = "item.change_order"
ITEM_QUANTITY = "item.change_quantity"
ITEM_REMOVE = "item.remove"
ITEM_SUBSCRIBE = "item.item_subscribe"
ITEM_PRICE = "item.update_price"
ITEM_PLACED = "item.successfully_placed"

WEBHOOK_ROWS = [
    # Nothing emits it yet: bundles have no components here.
    Kind(SUBSCRIPTION_COMPONENTS, "Subscription Components Changed", "subscription", webhook_only=True),
    Kind(
        SUBSCRIPTION_REFRESH,
        "Fresh 1-Click Token of a Subscription",
        "subscription",
        token_scope="subscription",
        webhook_only=True,
    ),
    Kind(ORDER_CREATE, "Order Created", "order", webhook_only=True),
    Kind(ORDER_DELETE, "Order Removed", "order", webhook_only=True),
    Kind(ORDER_ERROR, "Order Temporary Error", "order", webhook_only=True),
    Kind(ORDER_REFRESH, "Fresh 1-Click Token of an Order", "order", token_scope="order", webhook_only=True),
    Kind(ITEM_CREATE, "Item Created", "item", webhook_only=True),
    Kind(ITEM_CHANGE_ORDER, "Item Moved to Another Order", "item", webhook_only=True),
    Kind(ITEM_QUANTITY, "Item Quantity Changed", "item", webhook_only=True),
    Kind(ITEM_REMOVE, "Item Removed", "item", webhook_only=True),
    Kind(ITEM_SUBSCRIBE, "Item Subscribed To", "item", webhook_only=True),
    Kind(ITEM_PRICE, "Item Price Changed", "item", webhook_only=True),
    Kind(ITEM_PLACED, "Item Placed", "item", webhook_only=True),
]
ALL_KINDS = KINDS | {kind.name: kind for kind in WEBHOOK_ROWS}

# The type of a webhook is the metric's name without its prefix, except here.
OTHER_TYPES = {SUBSCRIPTION_REACTIVATE: "subscription.change_live"}
# Filters may name a type so, too.
TYPE_ALIASES = {"subscription.reactivate": "subscription.change_live"}
