"""Entitlements: who has access to what, until when; staff change the end and revoke."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import localtime
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from subscriptions import calendar
from subscriptions.actions import entitlement as verbs
from subscriptions.admin.catalogue.durations import describe_duration
from subscriptions.models import Entitlement, Product, Resource
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.filters import RowFilter
from subscriptions.staff.lists.export import Column
from subscriptions.staff.lists.filters import Choice, ChoiceFilter
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

MOST_GRANTEES = 50


class EndForm(ButtonForm):
    day = forms.DateField(
        label="Access ends on",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="At the end of this day (UTC). A later day extends the access, also one that has ended.",
    )
    correct_renewal = forms.BooleanField(
        label="Move the subscription's next order to that day", required=False, widget=UnfoldBooleanWidget
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        row: Entitlement = self.subject
        today = calendar.today(row.merchant.time_zone)
        self.fields["day"].initial = max(today, localtime(row.expiration).date())
        cast(Any, self.fields["day"].widget).attrs["min"] = today.isoformat()
        if row.subscription is None or not row.subscription.live:
            del self.fields["correct_renewal"]
        else:
            is_plan = row.subscription.product.product_type == Product.Type.PLAN
            self.fields["correct_renewal"].initial = is_plan


def change_end(request: HttpRequest, row: Entitlement, answers: dict[str, Any]) -> str:
    moves = answers.get("correct_renewal", False)
    done = verbs.modify_expiration(row, actor=actor_of(request), day=answers["day"], correct_renewal=moves)
    moved = " The next order has moved to that day." if done.result else ""
    return f"{row.customer} has access to {row.resource} until {calendar.human_date(answers['day'])}.{moved}"


def revoke_access(request: HttpRequest, row: Entitlement, answers: dict[str, Any]) -> str:
    verbs.void(row, actor=actor_of(request))
    return f"{row.customer} no longer has access to {row.resource}."


CHANGE_END = Button(
    verb="change-end",
    title="Change the end",
    icon="event",
    right=Right.ACCESS,
    question="Extends or shortens the access. Days already granted are not added to this day.",
    run=change_end,
    form=EndForm,
    previews=True,
)
REVOKE_ACCESS = Button(
    verb="revoke",
    title="Revoke access",
    icon="key_off",
    right=Right.ACCESS,
    question="The access ends at once, even if time is left. The subscription and its orders stay as they are.",
    run=revoke_access,
    offered=lambda row: row.live,
    variant=ActionVariant.DANGER,
)


class StateFilter(ChoiceFilter):
    title = "status"
    parameter_name = "status"
    choices_by_name = {
        "active": Choice("Has access", lambda rows, _: rows.filter(live=True)),
        "ended": Choice("Ended", lambda rows, _: rows.filter(live=False)),
    }


class ResourceFilter(RowFilter):
    title = "resource"
    parameter_name = "resource"
    model = Resource


def describe_state(row: Entitlement) -> tuple[str, str]:
    """The state of the access and the colour of its label."""
    if not row.live:
        return "Ended", "danger"
    return ("Grace period", "warning") if row.expiration < calendar.now() else ("Has access", "success")


@admin.register(Entitlement, site=site)
class EntitlementAdmin(CustomerSearch, ListAdmin, PageAdmin):
    page_template = "admin/catalogue/entitlement.html"
    buttons = (CHANGE_END, REVOKE_ACCESS)
    empty_about = (
        "Customers get access to a resource with each order of a plan, or when you grant it on the customer's page."
    )
    list_display = ["customer_of", "resource", "expiration", "state"]
    list_filter = [StateFilter, ResourceFilter]
    ordering = ["-created", "public_id"]
    id_paths = ("public_id",)
    tabs = [(choice.title, f"status={name}") for name, choice in StateFilter.choices_by_name.items()]
    csv_columns = [
        Column("customer ID", lambda row: row.customer.merchant_user_id),
        Column("customer", lambda row: row.customer.full_name),
        Column("email", lambda row: row.customer.email),
        Column("resource", lambda row: row.resource.name),
        Column("resource ID", lambda row: row.resource.external_resource_id),
        Column("until", lambda row: row.expiration),
        Column("status", lambda row: describe_state(row)[0]),
        Column("created", lambda row: row.created),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.select_related("customer", "resource", "merchant", "product", "subscription__product")

    @display(description="Customer", header=True)
    def customer_of(self, row: Entitlement) -> list[str]:
        return [str(row.customer), row.customer.email]

    @display(description="Status", label={"Has access": "success", "Grace period": "warning", "Ended": "danger"})
    def state(self, row: Entitlement) -> str:
        return describe_state(row)[0]

    def page_context(self, request: HttpRequest, row: Entitlement) -> dict[str, Any]:
        state, color = describe_state(row)
        return {
            "title": str(row),
            "row": row,
            "labels": [(state, color)],
            "grace": describe_duration(row.grace_period) if row.grace_period else "",
            "grantees": row.grantees.order_by("pk")[:MOST_GRANTEES],
            "buttons": self.offered_buttons(request, row),
        }
