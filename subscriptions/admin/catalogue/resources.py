"""Resources: what customers get access to, such as a course or a members' area."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from subscriptions.actions.resource import change_resource, create_resource
from subscriptions.admin.catalogue.durations import describe_grant
from subscriptions.admin.catalogue.pages import CatalogueAdmin, CatalogueForm
from subscriptions.models import Entitlement, Resource
from subscriptions.staff.audit import list_changes
from subscriptions.staff.counts import count_text
from subscriptions.staff.display import header_with_picture
from subscriptions.staff.site import site

MOST_PLANS = 50


class ResourceForm(CatalogueForm):
    name = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget)
    external_resource_id = forms.CharField(
        label="Shop ID",
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text="The ID that your shop or course platform knows it by. It cannot change later.",
    )
    description = forms.CharField(
        required=False, max_length=10_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    image_url = forms.URLField(
        label="Picture",
        required=False,
        max_length=1000,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "url", "placeholder": "https://"}),
    )

    def __init__(self, *args: Any, row: Resource | None = None, **options: Any) -> None:
        initial = {name: getattr(row, name) for name in self.base_fields} if row else None
        super().__init__(*args, row=row, initial=initial, **options)
        if row:
            del self.fields["external_resource_id"]

    def save(self) -> Resource:
        values = self.cleaned_data | {name: self.cleaned_data[name] or None for name in ("description", "image_url")}
        if self.row is None:
            return create_resource(self.merchant, **values)
        change_resource(self.row, **values)
        self.row.name = values["name"]
        return self.row


@admin.register(Resource, site=site)
class ResourceAdmin(CatalogueAdmin):
    page_template = "admin/catalogue/resource.html"
    edit_form = ResourceForm
    empty_about = (
        "A resource is something digital that customers get access to, such as a course. Add it here, then say on the "
        "page of a product how many days of access each order gives."
    )
    list_display = ["resource_of", "created"]
    ordering = ["name", "pk"]
    search_fields = ["name__icontains", "external_resource_id__istartswith"]
    search_help_text = "Name or shop ID"

    @display(description="Resource", header=True)
    def resource_of(self, row: Resource) -> list[Any]:
        return header_with_picture(row.name, row.external_resource_id, row.image_url)

    def page_context(self, request: HttpRequest, row: Resource) -> dict[str, Any]:
        holders = Entitlement.objects.filter(merchant=row.merchant_id, resource=row, live=True)
        plans = row.grants.filter(merchant=row.merchant_id).select_related("product").order_by("pk")[:MOST_PLANS]
        return {
            "row": row,
            "about": [f"Shop ID {row.external_resource_id}"],
            "figures": [
                (
                    "group",
                    count_text(holders),
                    "Customers with access",
                    f"{reverse('admin:subscriptions_entitlement_changelist')}?status=active&resource={row.pk}",
                )
            ],
            "plans": [(grant.product, describe_grant(grant)) for grant in plans],
            "changes": list_changes(row),
            "buttons": self.offered_buttons(request, row),
            "edit_url": self.url("edit", row) if self.has_change_permission(request) else "",
        }
