from typing import Any

from subscriptions.actions import subscription
from subscriptions.actions.core import ActionContext
from subscriptions.api.bodies import CancelBody, ReactivateBody
from subscriptions.api.filtersets import SubscriptionFilters
from subscriptions.api.serializers import SubscriptionSerializer
from subscriptions.api.views.base import ActionView, DetailView, ListView, View
from subscriptions.models import Subscription


class Subscriptions(View):
    queryset = Subscription.objects.select_related(
        "customer", "product", "payment", "shipping_address", "offer"
    ).prefetch_related("entitlements__grantees")
    serializer_class = SubscriptionSerializer


class SubscriptionList(Subscriptions, ListView):
    """The subscriptions, newest first."""

    scopes = "AS"
    filterset_class = SubscriptionFilters
    orderings = {"created": "created", "updated": "updated"}


class SubscriptionDetail(Subscriptions, DetailView):
    """One subscription. `GET /items/?subscription=…&status=1` leads to its next order."""

    scopes = "ASR"


class Cancel(Subscriptions, ActionView):
    """Cancel a live subscription and remove its upcoming item."""

    scopes = "ASR"
    body = CancelBody

    def perform(
        self, row: Subscription, *, cancel_reason: str | None = None, **inputs: Any
    ) -> ActionContext[Subscription]:
        return subscription.cancel(row, reason=cancel_reason or "", **inputs)


class Reactivate(Subscriptions, ActionView):
    """Make a cancelled subscription live again and plan its next order."""

    scopes = "AS"
    body = ReactivateBody

    def perform(self, row: Subscription, **inputs: Any) -> ActionContext[Subscription]:
        return subscription.reactivate(row, **inputs)
