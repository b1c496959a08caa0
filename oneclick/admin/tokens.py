"""Action tokens: their state and clicks. Only a button shows the usable text, and its use is recorded."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import display
from unfold.enums import ActionVariant

from oneclick.admin.refusal_reasons import describe_outcome
from oneclick.links import link_urls
from oneclick.messages.message_previews import TABLE_TITLES
from oneclick.models import ActionToken, Click
from oneclick.models.token import unexpired_tokens
from oneclick.redemption.link_actions import link_actions_of_scope
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.base import MerchantAdmin, ReadOnlyInline
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import pretty_json
from subscriptions.staff.roles import Right
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

STATES = {"Ready": "success", "Used": "info", "Undone": "warning", "Revoked": "danger", "Expired": "default"}


def is_usable(token: ActionToken) -> bool:
    return token.state == "ready"


def default_link(token: ActionToken) -> str:
    """A link with this token to the default page: it reactivates a subscription, or delays an order."""
    action = link_actions_of_scope(token.scope)[0].action
    return link_urls.fragment_url(link_urls.landing_page_url(token.merchant), action, encode_token(token))


def show_token(request: HttpRequest, token: ActionToken, answers: dict[str, Any]) -> HttpResponse:
    token_admin = site.get_model_admin(ActionToken)
    audit(request, Kind.SECRET, "Showed the usable token.", token)
    context = {
        **site.each_context(request),
        "title": "Usable token",
        "opts": token_admin.opts,
        "token": token,
        "text": encode_token(token),
        "link": default_link(token),
    }
    return TemplateResponse(request, "admin/token_shown.html", context)


def revoke_by_hand(request: HttpRequest, token: ActionToken, answers: dict[str, Any]) -> str:
    manual_tokens.revoke_token(token, actor=actor_of(request))
    site.get_model_admin(ActionToken).log_change(request, token, "Revoked.")
    return "The token is revoked. Links with it are refused from now on."


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name.lower(), name) for name in STATES]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        unused = Q(used_at=None, revoked_at=None)
        unexpired = Q(pk__in=rows.filter(unexpired_tokens(calendar.today(merchant_of(request).time_zone))))
        states = {
            "ready": unused & unexpired,
            "expired": unused & ~unexpired,
            "used": Q(used_at__isnull=False, undone_at=None),
            "undone": Q(undone_at__isnull=False),
            "revoked": Q(revoked_at__isnull=False, used_at=None),
        }
        return rows.filter(states.get(self.value() or "", Q()))


class ClickInline(ReadOnlyInline):
    model = Click
    fields = ["at", "action_label", "outcome_of", "replayed", "likely_machine", "link"]
    readonly_fields = ["action_label", "outcome_of"]
    ordering = ["-id"]
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(merchant=merchant_of(request)).select_related("link")

    @display(description="Action")
    def action_label(self, click: Click) -> str:
        return TABLE_TITLES[click.action]

    @display(description="Outcome")
    def outcome_of(self, click: Click) -> str:
        return describe_outcome(click.outcome)


@admin.register(ActionToken, site=site)
class ActionTokenAdmin(CustomerSearch, MerchantAdmin):
    list_display = ["customer_of", "scope", "state_of", "used_for", "issued_at", "expires_at", "used_at"]
    list_filter = [StateFilter, "scope"]
    list_select_related = ["customer", "order", "merchant"]
    ordering = ["-id"]
    inlines = [ClickInline]
    fieldsets = [
        (None, {"fields": ["state_of", "customer", "scope", "subscription", "order", "event"]}),
        ("Life", {"fields": ["issued_at", "expires_at", "revoked_at"]}),
        ("Use", {"fields": ["used_at", "used_for", "parameters", "used_message", "undone_at"]}),
    ]
    readonly_fields = ["state_of", "used_for", "parameters"]
    buttons = (
        Button(
            verb="show",
            title="Show token",
            icon="key",
            right=Right.USE_TOKENS,
            question="Anyone with the token can act for this customer once. Showing it is recorded.",
            run=show_token,
            offered=is_usable,
        ),
        Button(
            verb="revoke",
            title="Revoke",
            icon="block",
            right=Right.REVOKE_TOKENS,
            question="Links with this token will be refused. This cannot be undone.",
            run=revoke_by_hand,
            offered=is_usable,
            variant=ActionVariant.DANGER,
        ),
    )

    @display(description="Customer", header=True)
    def customer_of(self, row: ActionToken) -> list[str]:
        return [str(row.customer), row.customer.email]

    @display(description="State", label=STATES)
    def state_of(self, row: ActionToken) -> str:
        return row.state.capitalize()

    @display(description="Used for", empty_value="-")
    def used_for(self, row: ActionToken) -> str:
        return TABLE_TITLES.get(row.used_action, row.used_action)

    @display(description="Parameters")
    def parameters(self, row: ActionToken) -> str:
        return pretty_json(row.used_parameters) if row.used_parameters else "-"
