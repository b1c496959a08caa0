from django.db.models import Exists, OuterRef

from subscriptions.api.filtersets import CustomerFilters
from subscriptions.api.serializers import CustomerSerializer
from subscriptions.api.views.base import DetailView, ListView, View
from subscriptions.models import Customer, Subscription


class Customers(View):
    queryset = Customer.objects.annotate(live=Exists(Subscription.objects.live().filter(customer=OuterRef("pk"))))
    serializer_class = CustomerSerializer


class CustomerList(Customers, ListView):
    """The customers, newest first."""

    scopes = "AS"
    filterset_class = CustomerFilters
    orderings = {"created": "created", "updated": "last_updated"}
    default_order = ("-created", "-id")


class CustomerDetail(Customers, DetailView):
    """One customer, by the merchant's own id."""

    scopes = "AS"
    lookup_field = "merchant_user_id"
