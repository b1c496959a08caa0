from typing import Any

from django.db.models import Prefetch

from subscriptions.api.catalogue_filters import CATEGORIES, IncentiveFilters, OfferProfileFilters
from subscriptions.api.serializers import (
    OfferProfileOnRequestSerializer,
    OfferProfileSerializer,
    OneTimeIncentiveSerializer,
)
from subscriptions.api.views.base import DetailView, ListView, View
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
