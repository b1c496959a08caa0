"""The merchant's saved links: their list, and the builder for each."""

from copy import copy
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import Truncator
from unfold.decorators import display

from oneclick.admin import analytics, builder
from oneclick.admin.saved_link_buttons import BUTTONS, LIST
from oneclick.models import SavedLink
from oneclick.redemption.link_actions import LINK_ACTIONS, find_link_action
from subscriptions.calendar import frequency_description
from subscriptions.models import Product
from subscriptions.staff.base import MerchantAdmin, lock_row, retry_on_integrity_error
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

MAX_ADDRESS_LENGTH = 40


def describe_parameters(link: Any) -> str:
    """The details of a link's action for the list, such as product and frequency."""
    given = link.parameters
    if "days" in find_link_action(link.action, given).parameters:
        return f"By {given['days']} days" if "days" in given else "By your usual number of days"
    words = [link.product_name or given["og_product_id"]] if "og_product_id" in given else []
    if "og_every" in given:
        words.append(frequency_description(int(given["og_every"]), int(given["og_every_period"])).lower())
    if "og_offer_id" in given or "winback_id" in given:
        words.append("with a discount" if words else "With a discount")
    return ", ".join(words)


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("archived", "Archived"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": "In use"}, *others]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows if self.value() == "all" else rows.filter(archived=self.value() == "archived")


@admin.register(SavedLink, site=site)
class SavedLinkAdmin(MerchantAdmin):
    edit_right = Right.LINKS
    deletable = False
    empty_about = (
        "A link lets customers delay or skip an order, come back, or add a product with one click in a message. "
        "Build a link, test it, and paste it into your e-mails and text messages."
    )
    list_display = ["name_and_parameters", "does", "leads_to", "sent_by", "created"]
    list_filter = [StateFilter, "action"]
    list_select_related = ["landing_page", "merchant"]
    ordering = ["-created", "-id"]
    search_fields = ["name__icontains"]
    search_help_text = "Name"
    buttons = BUTTONS

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        external_id = KeyTextTransform("og_product_id", OuterRef("parameters"))
        product = Product.objects.filter(merchant=OuterRef("merchant"), external_product_id=external_id)
        return super().get_queryset(request).annotate(product_name=Subquery(product.values("name")[:1]))

    @display(description="Link", header=True, ordering="name")
    def name_and_parameters(self, row: SavedLink) -> list[str]:
        return [row.name, describe_parameters(row)]

    @display(description="Does", label={row.label: row.badge for row in LINK_ACTIONS.values()})
    def does(self, row: SavedLink) -> str:
        return find_link_action(row.action, row.parameters).label

    @display(description="Leads to")
    def leads_to(self, row: SavedLink) -> str:
        if row.esp == "api":
            return "The API"
        if row.landing_page:
            return str(row.landing_page)
        if row.page_url:
            address = urlsplit(row.page_url)
            return Truncator(f"{address.netloc}{address.path}").chars(MAX_ADDRESS_LENGTH)
        return "Your default landing page"

    @display(description="Sent by")
    def sent_by(self, row: SavedLink) -> str:
        return row.get_esp_display() + (", in events" if row.event_kinds else "")

    @retry_on_integrity_error
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not (object_id and "_save" in request.POST):
            return self.show_builder(request, object_id)
        with transaction.atomic():
            lock_row(self.get_queryset(request), object_id)
            return self.show_builder(request, object_id)

    # The answer to its form may lead to the link that is tested, on a page of the shop.
    @method_decorator(csp_update({"form-action": ["http:", "https:"]}))
    def show_builder(self, request: HttpRequest, object_id: str | None) -> HttpResponse:
        link = self.get_object(request, object_id) if object_id else None
        if object_id and link is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        editable = self.has_change_permission(request, link)
        if not (editable or (link and self.has_view_permission(request, link) and request.method in ("GET", "HEAD"))):
            raise PermissionDenied
        merchant = merchant_of(request)
        # The form changes this copy; the rest of the page shows the stored link.
        subject = copy(link) if link else SavedLink(merchant=merchant)
        subject.merchant = merchant
        context = {
            **self.admin_site.each_context(request),
            "title": str(link) if link else "New 1-click link",
            "opts": self.opts,
            "original": link,
            "editable": editable,
            "buttons": self.offered_buttons(request, link) if link else [],
            "list_url": reverse(LIST),
            "analytics": analytics.saved_link_analytics(link) if link and request.method == "GET" else None,
        }
        return builder.builder_page(request, subject, context, self.save_link)

    def save_link(self, request: HttpRequest, link: SavedLink, changed: str) -> HttpResponse:
        """Save the link of a valid form and go to its page."""
        if link._state.adding:
            link.save()
            self.log_addition(request, link, "Added.")
            messages.success(request, f"{link} is saved and signed. Copy it from this page.")
        else:
            link.save()
            self.log_change(request, link, changed or "Saved without a change.")
            messages.success(request, f"{link} is saved.")
        return redirect(self.url("change", link))
