"""The merchant's API keys, and the log of the requests with them."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.api_keys import create_api_key
from subscriptions.errors import Refused
from subscriptions.models import ApiKey, ApiRequest
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.filters import CatalogueFilter, PeriodFilter
from subscriptions.staff.roles import Right, may
from subscriptions.staff.secrets import show_secret
from subscriptions.staff.site import site

SCOPES = {
    "read": "Read: see everything of one customer",
    "write": "Write: create and change",
    "bulk": "Bulk: read lists of all customers",
    "gladly:read": "Gladly: agents see customers",
    "gladly:act": "Gladly: agents act for customers",
}


class ApiKeyForm(MerchantForm):
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=list(SCOPES.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Give a program only what it needs. Read and write do not imply each other.",
    )
    expires = forms.DateField(
        label="Expires",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="The day at whose beginning the key ends. Leave empty for a key that is valid until it is revoked.",
    )

    class Meta:
        help_texts = {"name": "The program that gets the key. Activities name it."}

    def clean_expires(self) -> datetime | None:
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        if not calendar.today(self.merchant.time_zone) < day <= calendar.LAST_DAY:
            raise forms.ValidationError("Choose tomorrow or a later day.")
        return calendar.local_midnight(day, self.merchant.time_zone)


def revoke_key(request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> str:
    ApiKey.objects.filter(pk=key.pk, merchant=merchant_of(request), revoked=None).update(revoked=timezone.now())
    site.get_model_admin(ApiKey).log_change(request, key, "Revoked.")
    return f"{key} is revoked. Requests with this key are refused from now on."


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(MerchantAdmin):
    form = ApiKeyForm
    view_right = Right.SETTINGS
    deletable = False
    list_display = ["name", "shown", "scopes_of", "created", "used", "expires", "state"]
    ordering = ["-created", "-id"]
    readonly_fields = ["shown", "scopes_of", "created", "last_used"]
    buttons = (
        Button(
            verb="revoke",
            title="Revoke",
            icon="block",
            right=Right.SETTINGS,
            question="Programs that use this key are refused from now on. This cannot be undone.",
            run=revoke_key,
            offered=lambda key: key.revoked is None,
            variant=ActionVariant.DANGER,
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.SETTINGS)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        stored = ["name", "shown", "scopes_of", "created", "last_used", "expires", "revoked"]
        return [(None, {"fields": stored if obj else ["name", "scopes", "expires"]})]

    def get_form(self, request: HttpRequest, obj: Model | None = None, **options: Any) -> type[forms.ModelForm]:
        if obj is None:
            return super().get_form(request, obj, **options)
        # The page of a key only shows it.
        return super().get_form(request, obj, form=MerchantForm, **options)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The saved key is shown at once, so no other form can follow.
        only_save = {"show_save_and_continue": False, **(extra_context or {})}
        try:
            return super().add_view(request, form_url, only_save)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
            return redirect("admin:subscriptions_apikey_changelist")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool) -> None:
        key, text = create_api_key(merchant_of(request), obj.name, obj.scopes, expires=obj.expires)
        obj.__dict__.update(key.__dict__)
        request.new_key = text  # type: ignore[attr-defined]  # for `response_add`, which shows it

    def log_addition(self, request: HttpRequest, obj: ApiKey, message: Any) -> None:
        audit(request, Kind.SECRET, f"Made the key, and showed it: {', '.join(obj.scopes)}.", obj)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return show_secret(
            request,
            request.new_key,  # type: ignore[attr-defined]  # set by `save_model`
            title=f"The key of {obj.name}",
            label="API key",
            explanation="Give it to the program, which sends it as the header x-api-key. It is shown only now.",
            back=self.url("change", obj),
        )

    @display(description="Key")
    def shown(self, row: ApiKey) -> str:
        return f"rpk_{row.prefix}_…"

    @display(description="Scopes")
    def scopes_of(self, row: ApiKey) -> str:
        return ", ".join(row.scopes)

    @display(description="Last used", ordering="last_used", empty_value="Never")
    def used(self, row: ApiKey) -> Any:
        return row.last_used

    @display(description="State", label={"Valid": "success", "Expired": "warning", "Revoked": "danger"})
    def state(self, row: ApiKey) -> str:
        if row.revoked:
            return "Revoked"
        return "Expired" if row.expires and row.expires <= timezone.now() else "Valid"


class KeyFilter(SimpleListFilter):
    title = "key"
    parameter_name = "key"
    STOREFRONT = "storefront"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        keys = merchant_of(request).api_keys.order_by("name", "pk")
        return [*((str(key.pk), str(key)) for key in keys), (self.STOREFRONT, "Storefront signature")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value()
        if value == self.STOREFRONT:
            return rows.filter(key=None)
        known = [key for key, _ in self.lookup_choices]
        return rows.filter(key=value) if value in known else rows


class ResultFilter(SimpleListFilter):
    title = "result"
    parameter_name = "result"
    RANGES = {
        "done": ("Succeeded", 0, 400),
        "refused": ("Refused (4xx)", 400, 500),
        "failed": ("Failed (5xx)", 500, 600),
    }

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, *_) in self.RANGES.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if (value := self.value() or "") not in self.RANGES:
            return rows
        _, least, above = self.RANGES[value]
        return rows.filter(status__gte=least, status__lt=above)


class MethodFilter(CatalogueFilter):
    title = "method"
    parameter_name = "method"
    titles = {method: method for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}


class AtFilter(PeriodFilter):
    column = "at"
    DAYS = {"1": "Last 24 hours", "7": "Last 7 days"}


@admin.register(ApiRequest, site=site)
class ApiRequestAdmin(MerchantAdmin):
    view_right = Right.SETTINGS
    list_display = ["call", "result", "credential", "request_id", "at"]
    list_display_links = ["call"]
    list_filter = [KeyFilter, ResultFilter, MethodFilter, AtFilter]
    list_select_related = ["key"]
    ordering = ["-id"]
    search_fields = ["request_id__exact"]
    search_help_text = "Request ID"
    fields = ["call", "result", "credential", "request_id", "at"]
    readonly_fields = ["call", "result", "credential"]

    @display(description="Request")
    def call(self, row: ApiRequest) -> str:
        # A path has no blanks: unbroken, it would squeeze the other columns.
        return format_html('<span class="staff-break">{}</span>', row)

    @display(description="Credential")
    def credential(self, row: ApiRequest) -> str:
        return str(row.key) if row.key else "Storefront signature"

    @display(description="Status", label={"done": "success", "refused": "warning", "failed": "danger"})
    def result(self, row: ApiRequest) -> tuple[str, str]:
        name = next(name for name, (_, _, above) in ResultFilter.RANGES.items() if row.status < above)
        return name, str(row.status)
