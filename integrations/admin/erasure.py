"""The buttons for what a customer may ask for: all that is kept about them, and its end, here or at Klaviyo alone."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, StreamingHttpResponse
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.klaviyo.runs import control
from integrations.models import Connection, SentProfile
from integrations.privacy.erasing import erase_customer
from integrations.privacy.export import export_customer
from subscriptions.models import Customer
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

QUESTION = (
    "Deletes this person's profile at Klaviyo with everything Klaviyo knows of them, and sends nothing about them any "
    "more, nor about other customers with the same e-mail address. This cannot be undone. Here, subscriptions, orders "
    "and this page stay as they are."
)


def erase_at_klaviyo(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    control.erase_customer(customer, actor=actor_of(request))
    site.get_model_admin(Customer).log_change(request, customer, "Erased at Klaviyo.")
    return "Nothing more is sent to Klaviyo about this customer. The profile there is deleted in a minute."


def may_be_erased(customer: Customer) -> bool:
    """Whether a Klaviyo connection is left that may still be told of the customer."""
    if customer.erased_at:
        return False
    erased = SentProfile.objects.filter(connection=OuterRef("pk"), customer=customer, erased_at__isnull=False)
    connections = Connection.objects.filter(
        merchant=customer.merchant_id, integration=Connection.Integration.KLAVIYO, removed_at=None
    )
    return connections.filter(~Exists(erased)).exists()


ERASE_AT_KLAVIYO = Button(
    verb="erase-at-klaviyo",
    title="Erase at Klaviyo",
    icon="person_remove",
    right=Right.ERASE,
    question=QUESTION,
    run=erase_at_klaviyo,
    offered=may_be_erased,
    variant=ActionVariant.DANGER,
)


class ConfirmForm(ButtonForm):
    """Asks for what names the customer, so that nobody is erased by mistake."""

    name = forms.CharField(
        label="E-mail address of the customer", help_text="Enter it to confirm.", widget=UnfoldAdminTextInputWidget()
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        expected = self.subject.email or self.subject.merchant_user_id
        if name.strip().casefold() != expected.casefold():
            raise forms.ValidationError(f"Enter {expected} to confirm.")
        return name

    @property
    def about(self) -> str:  # type: ignore[override]  # counted only when it is shown
        live = self.subject.subscriptions.live().count()
        same = control.customers_of_person(self.subject).count() - 1
        twins = f" Other customers with this address: {same:,}; erase each on their own page." if same else ""
        return f"Active subscriptions that end: {live:,}.{twins}"


def erase(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    erase_customer(customer, actor=actor_of(request))
    customer.refresh_from_db()
    site.get_model_admin(Customer).log_change(request, customer, "Erased the customer.")
    return "The customer is erased. The profile at Klaviyo is deleted in a minute, if there is one."


def take_away(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> StreamingHttpResponse:
    audit(request, Kind.EXPORT, "Took all that is kept about the customer away as a file.", customer)
    response = StreamingHttpResponse(export_customer(customer), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="customer-{customer.pk}.json"'
    response["Cache-Control"] = "no-store"
    return response


EXPORT = Button(
    verb="export-data",
    title="Export all data",
    icon="download",
    right=Right.ERASE,
    question=(
        "One JSON file with everything that is kept here about this customer, for a customer who asks for it. Payment "
        "tokens, links in their usable form and the names of your team are left out."
    ),
    run=take_away,
    offered=lambda customer: customer.erased_at is None,
)
ERASE = Button(
    verb="erase",
    title="Erase this customer",
    icon="person_off",
    right=Right.ERASE,
    question=(
        "Ends the active subscriptions and upcoming orders without a message, then deletes name, addresses, payments, "
        "notes, history and what was sent, here and at Klaviyo. Orders and subscriptions stay for your figures, as "
        "nobody's. In your shop, at Attentive and in Gladly nothing is deleted. This cannot be undone."
    ),
    run=erase,
    offered=lambda customer: customer.erased_at is None,
    form=ConfirmForm,
    variant=ActionVariant.DANGER,
)
site.get_model_admin(Customer).buttons += (ERASE_AT_KLAVIYO, EXPORT, ERASE)
