from typing import Any

from subscriptions.actions import item as item_actions
from subscriptions.actions import prepaid, subscription
from subscriptions.api.bodies.shared import ChangePaymentBody, ChangeProductBody, ChangeShippingBody, QuantityBody
from subscriptions.api.bodies.subscriptions import (
    CancelBody,
    FrequencyBody,
    OrderDateBody,
    PrepaidBody,
    ReactivateBody,
    ReminderBody,
    RenewalBody,
    SubscribeItemBody,
    SubscriptionUpdateBody,
    UpgradeBody,
    UpsellSubscriptionBody,
)
from subscriptions.api.errors import Denied
from subscriptions.api.filtersets import SubscriptionFilters
from subscriptions.api.serializers import SubscriptionSerializer
from subscriptions.api.views.base import ActionView, CreateView, DetailView, FieldsView, ListView, View
from subscriptions.models import Subscription


class Subscriptions(View):
    scopes = "AS"
    queryset = Subscription.objects.select_related(
        "customer", "product", "payment", "shipping_address", "offer"
    ).prefetch_related("entitlements__grantees")
    serializer_class = SubscriptionSerializer


class SubscriptionList(Subscriptions, ListView):
    """The subscriptions, newest first."""

    filterset_class = SubscriptionFilters
    orderings = {"created": "created", "updated": "updated"}
    times = orderings


class SubscriptionDetail(Subscriptions, DetailView):
    """One subscription. `GET /items/?subscription=…&status=1` leads to its next order."""

    scopes = "ASR"


class Cancel(Subscriptions, ActionView):
    """Cancel a live subscription and remove its upcoming item."""

    scopes = "ASR"
    body = CancelBody
    verb = subscription.cancel


class Reactivate(Subscriptions, ActionView):
    """Make a cancelled subscription live again and plan its next order."""

    body = ReactivateBody
    verb = subscription.reactivate


class ChangeQuantity(Subscriptions, ActionView):
    """Change the quantity, from the upcoming order on."""

    body = QuantityBody
    refusal_fields = {"amount_too_large": "quantity"}
    verb = subscription.change_quantity


class ChangeFrequency(Subscriptions, ActionView):
    """Change the frequency. The upcoming order keeps its date."""

    body = FrequencyBody
    verb = subscription.change_frequency


class ChangeNextOrderDate(Subscriptions, ActionView):
    """Move the next order of this subscription alone."""

    body = OrderDateBody
    refusal_fields = {"amount_too_large": "order_date"}
    verb = subscription.change_next_order_date


class ChangePayment(Subscriptions, ActionView):
    """Change the payment of the subscription and its upcoming order."""

    body = ChangePaymentBody
    refusal_fields = {"amount_too_large": "payment"}
    verb = subscription.change_payment


class ChangeShipping(Subscriptions, ActionView):
    """Change the shipping address of the subscription and its upcoming order."""

    body = ChangeShippingBody
    refusal_fields = {"amount_too_large": "shipping_address"}
    verb = subscription.change_shipping_address


class ChangeProduct(Subscriptions, ActionView):
    """Swap the product for good, from the upcoming order on."""

    body = ChangeProductBody
    refusal_fields = {"amount_too_large": "product"}
    verb = subscription.change_product


class ChangeReminder(Subscriptions, ActionView):
    """Change how many days before an order its reminder goes out."""

    body = ReminderBody
    verb = subscription.change_reminder_days


class UpdateSubscription(Subscriptions, FieldsView):
    """Change extra data, offer, locked price, or the reason of a cancelled subscription: whatever is sent."""

    body = SubscriptionUpdateBody
    refusal_fields = {"amount_too_large": "price", "subscription_already_active": "cancel_reason"}
    changes = {
        "extra_data": subscription.change_extra_data,
        "offer": subscription.change_offer,
        "cancel_reason": subscription.change_cancel_reason,
        "price": subscription.change_price,
    }

    def perform(self, row: Subscription, **inputs: Any) -> None:
        if self.caller.scope != "A" and {"price", "components"} & set(self.request.data):
            raise Denied("insufficient_scope")
        super().perform(row, **inputs)


class CreateFromOrder(Subscriptions, CreateView):
    """Subscribe to a product, beginning with an open order of the customer."""

    body = UpsellSubscriptionBody
    refusal_fields = {"amount_too_large": "quantity"}

    def create(self, inputs: dict[str, Any]) -> Subscription:
        if "price" in inputs and self.caller.scope != "A":
            raise Denied("insufficient_scope")
        item = item_actions.add_with_subscription(inputs.pop("order"), actor=self.caller.actor, **inputs).result
        started: Subscription = item.subscription
        return started


class CreateFromItem(Subscriptions, CreateView):
    """Make a one-time item the first item of a new subscription."""

    body = SubscribeItemBody

    def create(self, inputs: dict[str, Any]) -> Subscription:
        started: Subscription = item_actions.subscribe(inputs.pop("item"), actor=self.caller.actor, **inputs).result
        return started


class UpgradeToPrepaid(Subscriptions, ActionView):
    """Make the subscription prepaid: its next order charges several orders at once."""

    body = UpgradeBody

    def perform(self, row: Subscription, **inputs: Any) -> None:
        if inputs.get("offer") == "live":
            inputs["offer"] = row.offer
        prepaid.upgrade(row, actor=self.caller.actor, **inputs)


class ChangeRenewalBehavior(Subscriptions, ActionView):
    """Change what follows the prepaid orders."""

    body = RenewalBody
    verb = prepaid.change_renewal_behavior


class UpdatePrepaidContext(Subscriptions, ActionView):
    """Correct the prepaid cycle: whatever is sent. A storefront may change the renewal behaviour alone."""

    body = PrepaidBody

    def perform(self, row: Subscription, **inputs: Any) -> None:
        if self.caller.scope != "A" and inputs.keys() - {"renewal_behavior"}:
            raise Denied("insufficient_scope")
        prepaid.change_context(row, actor=self.caller.actor, **inputs)
