from typing import Any

from django.db.models import CharField, Exists, OuterRef, Value
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from subscriptions.actions import customer
from subscriptions.api import etags
from subscriptions.api.bodies.people import ContactBody, CustomerBody, CustomerUpdateBody
from subscriptions.api.filtersets import CustomerFilters
from subscriptions.api.serializers import (
    ChangedCustomerSerializer,
    ContactSerializer,
    CreatedCustomerSerializer,
    CustomerSerializer,
)
from subscriptions.api.views.base import ActionView, CreateView, DetailView, FieldsView, ListView, View
from subscriptions.models import Customer, Subscription


class Customers(View):
    scopes = "AS"
    queryset = Customer.objects.annotate(live=Exists(Subscription.objects.live().filter(customer=OuterRef("pk"))))
    serializer_class: Any = CustomerSerializer


class CustomerList(Customers, ListView):
    """The customers, newest first."""

    filterset_class = CustomerFilters
    orderings = {"created": "created", "updated": "last_updated"}
    times = orderings
    default_order = ("-created", "-id")


class OneCustomer(Customers):
    lookup_field = "merchant_user_id"


class CustomerDetail(OneCustomer, DetailView):
    """One customer, by the merchant's own id."""


class CreateCustomer(OneCustomer, CreateView):
    """Create a customer. A storefront may create the customer that its signature is for."""

    body = CustomerBody
    serializer_class: Any = CreatedCustomerSerializer

    def create(self, inputs: dict[str, Any]) -> Customer:
        if self.caller.customer not in (None, inputs["merchant_user_id"]):
            raise ValidationError({"merchant_user_id": ["It is not the customer that the signature is for."]})
        experiences = inputs.pop("experiences", None)
        created = customer.create(self.caller.merchant, actor=self.caller.actor, **inputs).subject
        self.queryset = self.queryset.annotate(experiences=Value(experiences, CharField()))
        return created


class UpdateCustomer(OneCustomer, FieldsView):
    """Change extra data, locale and price code: whatever is sent. The answer has only the keys that were sent."""

    serializer_class: Any = ChangedCustomerSerializer
    body = CustomerUpdateBody
    changes = {
        "extra_data": customer.change_extra_data,
        "locale": customer.change_locale,
        "price_code": customer.change_price_code,
    }

    def answer_object(self, row: Any, status: int = 200) -> Response:
        answer = super().answer_object(row, status)
        answer.data = {name: value for name, value in answer.data.items() if name in self.request.data}
        return answer


class SetContactDetails(OneCustomer, ActionView):
    """Change where messages go from now on."""

    serializer_class: Any = ContactSerializer
    body = ContactBody
    verb = customer.change_contact_details

    def answer_object(self, row: Any, status: int = 200) -> Response:
        answer = super().answer_object(row, status)
        # As everywhere, the ETag is that of the whole customer.
        whole = CustomerSerializer(self.get_queryset().get(pk=row.pk), context=self.get_serializer_context())
        answer["ETag"] = etags.entity_tag(whole.data)
        return answer
