from typing import Any

from django.db.models import Prefetch

from subscriptions.actions import incentive
from subscriptions.api.bodies.incentives import IncentiveBody, IncentiveUpdateBody
from subscriptions.api.catalogue_filters import CATEGORIES, IncentiveFilters, OfferProfileFilters
from subscriptions.api.serializers import (
    OfferProfileOnRequestSerializer,
    OfferProfileSerializer,
    OneTimeIncentiveSerializer,
)
from subscriptions.api.views.base import ActionView, CreateView, DetailView, ListView, View
from subscriptions.models import Coupon, Discount, Offer, OfferProfile, OneTimeIncentive

COUPONS = Prefetch(
    "coupons", Coupon.objects.prefetch_related(Prefetch("discounts", Discount.objects.order_by("pk"))).order_by("pk")
)
OFFERS = Prefetch("offers", Offer.objects.order_by("pk"))


class OfferProfileList(ListView):
    """The offer profiles with their coupons, newest first; without filters, those that are available."""

    queryset = OfferProfile.objects.prefetch_related(COUPONS, OFFERS)
    serializer_class: Any = OfferProfileOnRequestSerializer
    filterset_class = OfferProfileFilters
    across = False
    orderings = {"created": "created"}

    def get_serializer_class(self) -> Any:
        category = self.request.query_params.get("offer_profile_category") or CATEGORIES[0] if self.credential else ""
        return OfferProfileSerializer if category == CATEGORIES[0] else OfferProfileOnRequestSerializer


class Incentives(View):
    missing = {"detail": "Not found"}
    queryset = OneTimeIncentive.objects.select_related("customer", "order", "item", "product")
    serializer_class = OneTimeIncentiveSerializer


class IncentiveList(Incentives, ListView):
    """The one-time incentives, newest first."""

    scopes = "AS"
    filterset_class = IncentiveFilters
    orderings = {"created": "created", "updated": "last_updated"}


class IncentiveDetail(Incentives, DetailView):
    """One one-time incentive."""

    scopes = "AS"


class CreateIncentive(Incentives, CreateView):
    """Promise a discount or gift for one order or one item."""

    body = IncentiveBody
    success_status = 201

    def create(self, inputs: dict[str, Any]) -> OneTimeIncentive:
        created: OneTimeIncentive = incentive.create(inputs.pop("customer"), actor=self.caller.actor, **inputs).result
        return created


class UpdateIncentive(Incentives, ActionView):
    """Change what is sent, until the incentive is applied."""

    body = IncentiveUpdateBody
    verb = incentive.change
    success_status = 201


class DeleteIncentive(Incentives, ActionView):
    """Take the incentive back, until it is applied. The answer is the object as it was last."""

    http_method_names = ["delete", "options"]
    verb = incentive.delete
