"""What access the orders of a product give: staff add it, change its length and take it away."""

from typing import Any, cast

from django import forms
from django.http import HttpRequest
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from subscriptions.actions.resource import manage_grants
from subscriptions.admin.catalogue.durations import LONGEST_DAYS, describe_grant, in_seconds
from subscriptions.admin.catalogue.pages import log_catalogue_change
from subscriptions.models import Product, Resource, ResourceGrant
from subscriptions.staff.buttons import Button, ButtonForm
from subscriptions.staff.fields import RowChoiceField
from subscriptions.staff.roles import Right

USUAL_DAYS = 30


class AccessForm(ButtonForm):
    resource = RowChoiceField(label="Access to")
    days = forms.IntegerField(
        label="Days with each order",
        initial=USUAL_DAYS,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    grace = forms.IntegerField(
        label="Days of grace after the end",
        required=False,
        min_value=0,
        max_value=LONGEST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Access goes on for so long if the next order is late.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        resources = Resource.objects.filter(merchant=self.subject.merchant_id).order_by("name", "pk")
        cast(RowChoiceField, self.fields["resource"]).offer_rows(resources)


class StopForm(ButtonForm):
    grant = RowChoiceField(label="Access to")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        cast(RowChoiceField, self.fields["grant"]).offer_rows(grants_of(self.subject), lambda row: str(row.resource))


def grants_of(product: Product) -> Any:
    return ResourceGrant.objects.filter(product=product).select_related("resource").order_by("pk")


def give_access(request: HttpRequest, product: Product, answers: dict[str, Any]) -> str:
    resource, grace = answers["resource"], answers["grace"]
    terms = {"time_amount": in_seconds(answers["days"]), "grace_period": in_seconds(grace) if grace else None}
    held = grants_of(product).filter(resource=resource).first()
    if held:
        manage_grants(product, create=[], update=[{"grant": held, **terms}], delete=[])
    else:
        manage_grants(product, create=[{"resource": resource, **terms}], update=[], delete=[])
    words = describe_grant(ResourceGrant(**terms))
    return log_catalogue_change(request, product, f"Gives access to {resource} now: {words}.")


def stop_access(request: HttpRequest, product: Product, answers: dict[str, Any]) -> str:
    manage_grants(product, create=[], update=[], delete=[answers["grant"]])
    return log_catalogue_change(request, product, f"Gives no access to {answers['grant'].resource} any more.")


GIVE_ACCESS = Button(
    verb="give-access",
    title="Give access",
    icon="key",
    right=Right.CATALOGUE,
    question=(
        "Each placed order of a subscription to this product gives access to the resource. The product becomes a plan. "
        "Access that customers have already stays as it is."
    ),
    run=give_access,
    form=AccessForm,
    offered=lambda product: not product.discontinued and product.merchant.resources.exists(),
)
STOP_ACCESS = Button(
    verb="stop-access",
    title="Stop giving access",
    icon="key_off",
    right=Right.CATALOGUE,
    question="Later orders give no access to the resource. Access that customers have already stays as it is.",
    run=stop_access,
    form=StopForm,
    offered=lambda product: grants_of(product).exists(),
    variant=ActionVariant.DANGER,
)
ACCESS_BUTTONS = (GIVE_ACCESS, STOP_ACCESS)
