"""What goes wrong in the sandbox: staff of a test merchant choose it, to see how the portal copes."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.models import SandboxFault
from integrations.sandbox.endpoints import ENDPOINT_CHOICES
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

TITLES = {"": "All requests", **dict(ENDPOINT_CHOICES)}
# Long enough to try something, and over before anybody wonders why events are late.
USUAL_LENGTH = timedelta(hours=1)


def fault_end(fault: SandboxFault) -> str:
    if not fault.is_active:
        return "has ended"
    ends = []
    if fault.times is not None:
        ends.append(f"after {fault.times:,} more request{'' if fault.times == 1 else 's'}")
    if fault.until is not None:
        ends.append(f"on {date_format(timezone.localtime(fault.until), 'N j, g:i A')}")
    return " or ".join(ends) or "when it is deleted"


def fault_sentence(fault: SandboxFault) -> str:
    """`Server error (500): 30% of “Klaviyo: create event” requests. It ends after 5 more requests.`"""
    share = "all" if fault.share == 100 else f"{fault.share}% of"
    requests = f"“{TITLES[fault.endpoint]}” requests" if fault.endpoint else "requests"
    return f"{fault}: {share} {requests}. It ends {fault_end(fault)}".removesuffix(".") + "."


class SandboxFaultForm(MerchantForm):
    endpoint = forms.ChoiceField(
        label="Requests", choices=list(TITLES.items()), required=False, widget=UnfoldAdminSelectWidget
    )


@admin.register(SandboxFault, site=site)
class SandboxFaultAdmin(MerchantAdmin):
    form = SandboxFaultForm
    view_right = edit_right = Right.TEST
    list_display = ["about", "share_of", "end_of", "state"]
    ordering = ["-pk"]
    fieldsets = [
        (None, {"fields": ["outcome", "endpoint", "milliseconds", "takes_effect"]}),
        ("How often and how long", {"fields": ["share", "times", "until"]}),
    ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"until": timezone.now() + USUAL_LENGTH, **super().get_changeform_initial_data(request)}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Only test merchants have a sandbox.
        return merchant_of(request).is_test and super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return merchant_of(request).is_test and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return merchant_of(request).is_test and super().has_add_permission(request)

    @display(description="What happens", header=True)
    def about(self, row: SandboxFault) -> list[str]:
        return [row.get_outcome_display(), TITLES.get(row.endpoint, row.endpoint)]

    @display(description="Share")
    def share_of(self, row: SandboxFault) -> str:
        return f"{row.share}%"

    @display(description="Ends")
    def end_of(self, row: SandboxFault) -> str:
        return fault_end(row)

    @display(description="State", label={"On": "warning", "Over": "default"})
    def state(self, row: SandboxFault) -> str:
        return "On" if row.is_active else "Over"
