"""The addresses and payments of customers."""

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from subscriptions.actions import address, payment
from subscriptions.api.bodies.people import AddressBody, AddressUpdateBody, LiveBody, PaymentCreateBody
from subscriptions.api.filtersets import AddressFilters, PaymentFilters
from subscriptions.api.serializers import AddressSerializer, PaymentSerializer
from subscriptions.api.views.base import ActionView, CreateView, DetailView, ListView, ObjectView, View, WriteView
from subscriptions.models import Address, Payment


class UseForAllView(WriteView, ObjectView):
    """POST without a body: the row is used by `verb`."""

    http_method_names = ["post", "options"]
    answers_nothing = True
    verb: Callable[..., Any]

    def answer(self) -> Response:
        type(self).verb(self.get_object(), actor=self.caller.actor)
        return Response(status=self.success_status)


class Addresses(View):
    scopes = "ASR"
    queryset = Address.objects.select_related("customer")
    serializer_class: Any = AddressSerializer


class AddressList(Addresses, ListView):
    """The addresses, newest first."""

    filterset_class = AddressFilters
    orderings = {"created": "created", "updated": "updated"}


class AddressDetail(Addresses, DetailView):
    """One address."""


class CreateAddress(Addresses, CreateView):
    """Add an address. Its content never changes: a corrected address is a new one."""

    body = AddressBody

    def create(self, inputs: dict[str, Any]) -> Address:
        created: Address = address.create(inputs.pop("customer"), actor=self.caller.actor, **inputs).result
        return created


class UpdateAddress(Addresses, ActionView):
    """Change whether the address is in use, and its label."""

    body = AddressUpdateBody

    def perform(self, row: Address, **inputs: Any) -> None:
        kept = {name: inputs.pop(name) for name in ("live", "label") if name in inputs}
        changed = [name for name, value in inputs.items() if (value or "") != (_content(row, name) or "")]
        if changed:
            raise ValidationError({name: ["An address does not change; create a new one."] for name in changed})
        address.update_record(row, actor=self.caller.actor, **kept)


def _content(row: Address, name: str) -> str | None:
    """What the address has under this key of a body."""
    content: str | None = row.customer.merchant_user_id if name == "customer" else getattr(row, name)
    return content


class UseAddressForAll(Addresses, UseForAllView):
    """Use this address for all live subscriptions and open orders."""

    scopes = "AS"
    success_status = 204
    verb = address.use_for_all


class Payments(View):
    scopes = "AS"
    queryset = Payment.objects.select_related("customer", "billing_address")
    serializer_class: Any = PaymentSerializer


class PaymentList(Payments, ListView):
    """The payments, newest first."""

    filterset_class = PaymentFilters
    orderings = {"created": "created", "updated": "last_updated"}


class PaymentDetail(Payments, DetailView):
    """One payment."""


class CreatePayment(Payments, CreateView):
    """Add a payment: the platform's token for it, and of a card the last four digits."""

    body = PaymentCreateBody

    def create(self, inputs: dict[str, Any]) -> Payment:
        created: Payment = payment.create(inputs.pop("customer"), actor=self.caller.actor, **inputs).result
        return created


class UpdatePayment(Payments, ActionView):
    """Change whether the payment is in use."""

    body = LiveBody
    verb = payment.update_record


class UsePaymentForAll(Payments, UseForAllView):
    """Use this payment for all live subscriptions and open orders."""

    verb = payment.use_for_all
