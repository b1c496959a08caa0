"""The button that erases a customer at Klaviyo."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from unfold.enums import ActionVariant

from integrations.klaviyo.runs import control
from integrations.models import Connection, SentProfile
from subscriptions.models import Customer
from subscriptions.staff.buttons import Button, actor_of
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
    erased = SentProfile.objects.filter(connection=OuterRef("pk"), customer=customer, erased_at__isnull=False)
    connections = Connection.objects.filter(
        merchant=customer.merchant_id, integration=Connection.Integration.KLAVIYO, removed_at=None
    )
    return connections.filter(~Exists(erased)).exists()


ERASE = Button(
    verb="erase-at-klaviyo",
    title="Erase at Klaviyo",
    icon="person_remove",
    right=Right.ERASE,
    question=QUESTION,
    run=erase_at_klaviyo,
    offered=may_be_erased,
    variant=ActionVariant.DANGER,
)
site.get_model_admin(Customer).buttons += (ERASE,)
