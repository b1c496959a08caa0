"""The lists: bare arrays with all rows, because Gladly follows no pages."""

from typing import Any

from django.db.models import Value
from django.db.models.functions import Lower
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.gladly.api.base import GladlyView
from integrations.gladly.api.objects import customer_object, reason_object, subscription_object
from integrations.gladly.cards import count_subscriptions, read_cards
from integrations.gladly.enabled_actions import enabled_actions
from integrations.gladly.matching import find_customer
from subscriptions.actions.cancel_reasons import offered_reasons
from subscriptions.api.failures import REQUIRED
from subscriptions.models import Activity, Customer, Merchant

MOST_ROWS = 250


class GladlyList(GladlyView):
    """`parameter` is the query parameter that names whose rows to list."""

    http_method_names = ["get", "head"]
    parameter = ""

    def get(self, request: Request, **_: str) -> Response:
        wanted = request.query_params.get(self.parameter, "").strip() if self.parameter else ""
        if self.parameter and not wanted:
            raise ValidationError({self.parameter: [REQUIRED]})
        # The database takes no NUL, so nobody has one in an address or an id.
        return Response([] if "\0" in wanted else self.read_rows(self.caller.merchant, wanted)[:MOST_ROWS])

    def read_rows(self, merchant: Merchant, wanted: str) -> list[dict[str, Any]]:
        raise NotImplementedError


class CustomerList(GladlyList):
    """The customers with an e-mail address, in any case."""

    parameter = "email"

    def read_rows(self, merchant: Merchant, wanted: str) -> list[dict[str, Any]]:
        # As in the index. Not ordered: the database would rather walk through all customers than sort the few.
        rows = Customer.objects.filter(merchant=merchant).alias(lowered=Lower("email")).order_by()
        found = rows.filter(lowered=Lower(Value(wanted)))[:MOST_ROWS]
        customers = sorted(found, key=lambda customer: -customer.pk)
        counts = count_subscriptions(merchant, customers)
        return [customer_object(customer, counts[customer.pk]) for customer in customers]


class SubscriptionList(GladlyList):
    """The subscriptions of a customer, active ones first."""

    parameter = "customer"

    def read_rows(self, merchant: Merchant, wanted: str) -> list[dict[str, Any]]:
        customer = find_customer(merchant, wanted)
        if customer is None:
            return []
        actions = enabled_actions(merchant)
        activities = Activity.objects.filter(merchant=merchant, customer=customer).order_by("-pk")
        changed = activities.values_list("at", flat=True).first()
        return [subscription_object(card, actions, changed) for card in read_cards(merchant, customer)]


class CancelReasonList(GladlyList):
    """The reasons that agents choose from."""

    def read_rows(self, merchant: Merchant, wanted: str) -> list[dict[str, Any]]:
        return [reason_object(reason) for reason in offered_reasons(merchant)[:MOST_ROWS]]
