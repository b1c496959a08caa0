from django.db.models import Prefetch

from subscriptions.api import pagination
from subscriptions.api.catalogue_filters import EntitlementFilters, ResourceFilters
from subscriptions.api.serializers import EntitlementSerializer, ResourceSerializer
from subscriptions.api.views.base import DetailView, ListView, View
from subscriptions.models import Entitlement, Grantee, Resource


class Entitlements(View):
    queryset = Entitlement.objects.select_related("customer", "resource").prefetch_related(
        Prefetch("grantees", Grantee.objects.order_by("pk"))
    )
    serializer_class = EntitlementSerializer


class EntitlementList(Entitlements, ListView):
    """The access that customers have to resources, newest first. Always in cursor mode."""

    scopes = "AS"
    filterset_class = EntitlementFilters
    orderings = {"created": "created", "updated": "last_updated"}

    @property
    def paginator(self) -> pagination.Pages | pagination.Cursors:
        if not hasattr(self, "_paginator"):
            self._paginator = pagination.Cursors() if self.credential else pagination.Pages()
        return self._paginator


class Resources(View):
    missing = {"detail": "Not found."}
    queryset = Resource.objects.all()
    serializer_class = ResourceSerializer


class ResourceList(Resources, ListView):
    """The resources, newest first."""

    filterset_class = ResourceFilters
    across = False
    orderings = {"created": "created", "updated": "last_updated"}


class ResourceDetail(Resources, DetailView):
    """One resource."""
