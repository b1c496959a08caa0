from typing import Any

from django.db.models import Exists, OuterRef
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from subscriptions.actions import customer
from subscriptions.actions.core import CUSTOMER_BY_KEY, lock_customer
from subscriptions.api import bodies
from subscriptions.api.filtersets import CustomerFilters
from subscriptions.api.serializers import ContactSerializer, CustomerSerializer
from subscriptions.api.views.base import ActionView, CreateView, DetailView, ListView, View
from subscriptions.models import Customer, Subscription


class Customers(View):
    scopes = "AS"
    queryset = Customer.objects.annotate(live=Exists(Subscription.objects.live().filter(customer=OuterRef("pk"))))
    serializer_class: Any = CustomerSerializer


class CustomerList(Customers, ListView):
    """The customers, newest first."""

    filterset_class = CustomerFilters
    orderings = {"created": "created", "updated": "last_updated"}
    default_order = ("-created", "-id")


class OneCustomer(Customers):
    lookup_field = "merchant_user_id"


class CustomerDetail(OneCustomer, DetailView):
    """One customer, by the merchant's own id."""


class CreateCustomer(OneCustomer, CreateView):
    """Create a customer. A storefront may create the customer that its signature is for."""

    body = bodies.CustomerBody

    def create(self, inputs: dict[str, Any]) -> Customer:
        if self.caller.customer not in (None, inputs["merchant_user_id"]):
            raise ValidationError({"merchant_user_id": ["It is not the customer that the signature is for."]})
        return customer.create(self.caller.merchant, actor=self.caller.actor, **inputs).subject


class UpdateCustomer(OneCustomer, ActionView):
    """Change extra data, locale and price code: whatever is sent. The answer has only the keys that were sent."""

    body = bodies.CustomerUpdateBody
    changes = {
        "extra_data": customer.change_extra_data,
        "locale": customer.change_locale,
        "price_code": customer.change_price_code,
    }

    def perform(self, row: Customer, **inputs: Any) -> None:
        with lock_customer(CUSTOMER_BY_KEY, pk=row.pk, merchant=row.merchant_id):
            for name, value in inputs.items():
                self.changes[name](row, actor=self.caller.actor, **{name: value})

    def answer_object(self, row: Any, status: int = 200) -> Response:
        answer = super().answer_object(row, status)
        answer.data = {name: value for name, value in answer.data.items() if name in self.request.data}
        return answer


class SetContactDetails(OneCustomer, ActionView):
    """Change where messages go from now on."""

    serializer_class: Any = ContactSerializer
    body = bodies.ContactBody
    verb = customer.change_contact_details
