"""Action tokens: their state and clicks; the usable form only on a press that is recorded."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import display
from unfold.enums import ActionVariant

from oneclick.links import link_urls
from oneclick.messages.message_previews import TABLE_TITLES
from oneclick.models import ActionToken, Click
from oneclick.models.token import unexpired_tokens
from oneclick.redemption.link_actions import link_actions_of_scope
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.staff.base import MerchantAdmin, ReadOnlyInline
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import pretty_json
from subscriptions.staff.roles import Right
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

STATES = {"Ready": "success", "Used": "info", "Undone": "warning", "Revoked": "danger", "Expired": "default"}
REASONS = {
    "token_already_used": "the link was used before",
    "expired_token": "the link had expired",
    "invalid_token": "the link was revoked",
    "token_wrong_context": "the link is for another action",
    "subscription_already_active": "the subscription was active already, or the order could no longer be changed",
    "invalid_og_product_id": "the product cannot be had",
    "invalid_og_offer_id": "links may not give this offer away",
    "invalid_og_winback_id": "links may not give this offer away",
    "undo_too_late": "the time to undo was over",
    "undo_already_done": "it was undone before",
    "undo_superseded": "something was changed since",
}


def reason_of(click: Click) -> str:
    """Why the click was refused, in words of staff; empty where the code says it."""
    return REASONS.get(click.outcome, "")


def in_words(code: str) -> str:
    """A refusal in words of staff, whatever its code."""
    if code in REASONS:
        return REASONS[code].capitalize()
    kind, _, name = code.partition("_")
    if kind in ("missing", "invalid"):
        return f"The link has no {name}" if kind == "missing" else f"The link's {name} is wrong"
    return code.replace("_", " ").capitalize()


def usable(token: ActionToken) -> bool:
    return token.state == "ready"


def finished_link(token: ActionToken) -> str:
    """The link this token's mail would carry: reactivate, or for an order the delay, on the default page."""
    action = link_actions_of_scope(token.scope)[0].action
    return link_urls.fragment_url(link_urls.landing_page_url(token.merchant), action, encode_token(token))


def show(request: HttpRequest, token: ActionToken, answers: dict[str, Any]) -> HttpResponse:
    token_admin = site.get_model_admin(ActionToken)
    token_admin.log_change(request, token, "Showed the usable token.")
    context = {
        **site.each_context(request),
        "title": "Usable token",
        "opts": token_admin.opts,
        "token": token,
        "text": encode_token(token),
        "link": finished_link(token),
    }
    return TemplateResponse(request, "admin/token_shown.html", context)


def revoke(request: HttpRequest, token: ActionToken, answers: dict[str, Any]) -> str:
    manual_tokens.revoke_token(token, actor=actor_of(request))
    site.get_model_admin(ActionToken).log_change(request, token, "Revoked.")
    return "The token is revoked; its links are refused from now on."


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name.lower(), name) for name in STATES]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        open_ = Q(used_at=None, revoked_at=None)
        good = Q(pk__in=rows.filter(unexpired_tokens(calendar.today(merchant_of(request).time_zone))))
        states = {
            "ready": open_ & good,
            "expired": open_ & ~good,
            "used": Q(used_at__isnull=False, undone_at=None),
            "undone": Q(undone_at__isnull=False),
            "revoked": Q(revoked_at__isnull=False, used_at=None),
        }
        return rows.filter(states.get(self.value() or "", Q()))


class ClickInline(ReadOnlyInline):
    model = Click
    fields = ["at", "asked_for", "came_of_it", "replayed", "likely_machine", "link"]
    readonly_fields = ["asked_for", "came_of_it"]
    ordering = ["-id"]
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(merchant=merchant_of(request)).select_related("link")

    @display(description="Action")
    def asked_for(self, click: Click) -> str:
        return TABLE_TITLES[click.action]

    @display(description="Outcome")
    def came_of_it(self, click: Click) -> str:
        reason = reason_of(click)
        return f"{click.outcome}: {reason}" if reason else click.outcome


@admin.register(ActionToken, site=site)
class ActionTokenAdmin(CustomerSearch, MerchantAdmin):
    list_display = ["customer_of", "scope", "state_of", "used_action", "issued_at", "expires_at", "used_at"]
    list_filter = [StateFilter, "scope"]
    list_select_related = ["customer", "order", "merchant"]
    ordering = ["-id"]
    inlines = [ClickInline]
    fieldsets = [
        (None, {"fields": ["state_of", "customer", "scope", "subscription", "order", "event"]}),
        ("Life", {"fields": ["issued_at", "expires_at", "revoked_at"]}),
        ("Use", {"fields": ["used_at", "used_action", "parameters", "used_message", "undone_at"]}),
    ]
    readonly_fields = ["state_of", "parameters"]
    buttons = (
        Button(
            verb="show",
            title="Show token",
            icon="key",
            right=Right.USE_TOKENS,
            question="Whoever has the token can act for this customer once. That you looked is recorded.",
            run=show,
            offered=usable,
        ),
        Button(
            verb="revoke",
            title="Revoke",
            icon="block",
            right=Right.REVOKE_TOKENS,
            question="Links that carry this token are refused from now on. This cannot be taken back.",
            run=revoke,
            offered=usable,
            variant=ActionVariant.DANGER,
        ),
    )

    @display(description="Customer", header=True)
    def customer_of(self, row: ActionToken) -> list[str]:
        return [str(row.customer), row.customer.email]

    @display(description="State", label=STATES)
    def state_of(self, row: ActionToken) -> str:
        return row.state.capitalize()

    @display(description="Parameters")
    def parameters(self, row: ActionToken) -> str:
        return pretty_json(row.used_parameters) if row.used_parameters else "-"
