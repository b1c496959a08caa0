"""The inbox of the sandbox ESP: the activity feed a merchant would see at the ESP, with complete links."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_safe

from integrations.admin.faults import fault_sentence
from integrations.models import SandboxEvent, SandboxFault, SandboxProfile
from oneclick.links import link_urls
from oneclick.links.event_links import kinds_for_link
from oneclick.models import SavedLink
from oneclick.redemption.link_actions import link_actions_of_scope
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Merchant
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

PER_PAGE = 25
MOST_SAVED_LINKS = 12


@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    if not merchant_of(request).is_test:
        raise Http404("Only test merchants have a sandbox.")
    if not may(request, Right.USE_TOKENS):
        raise PermissionDenied
    merchant, shows_profiles = merchant_of(request), request.GET.get("show") == "profiles"
    chosen = {name: value for name in ("integration", "metric") if (value := request.GET.get(name))}
    rows = SandboxEvent.objects.filter(merchant=merchant)
    counted = rows.values("integration", "metric").annotate(n=Count("pk"), latest=Max("pk"))
    metrics = [
        {**row, "link": f"?{urlencode(name)}", "current": name == chosen}
        for row in counted.order_by("-integration", "-latest")
        for name in [{key: row[key] for key in ("integration", "metric")}]
    ]
    context = {
        **site.each_context(request),
        "title": "Sandbox inbox",
        "metrics": metrics,
        "all_events": not chosen and not shows_profiles,
        "total": sum(row["n"] for row in metrics),
        "faults": [fault_sentence(fault) for fault in SandboxFault.active(merchant)],
        "may_fault": may(request, Right.TEST),
        "shows_profiles": shows_profiles,
        **(profiles_page(request) if shows_profiles else events_page(request, rows.filter(**chosen))),
    }
    return TemplateResponse(request, "admin/inbox.html", context)


def events_page(request: HttpRequest, rows: QuerySet[SandboxEvent]) -> dict[str, Any]:
    merchant = merchant_of(request)
    page = Paginator(rows.select_related("profile").order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    saved = SavedLink.objects.filter(merchant=merchant, archived=False).order_by("-pk")
    own_links = list(saved.select_related("merchant", "landing_page")[:MOST_SAVED_LINKS])
    return {"page": page, "entries": [inbox_entry(merchant, event, own_links) for event in page]}


def profiles_page(request: HttpRequest) -> dict[str, Any]:
    rows = SandboxProfile.objects.filter(merchant=merchant_of(request)).order_by("-updated", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "profiles": [{"row": row, "properties": format_json(row.properties)} for row in page]}


def format_json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def inbox_entry(merchant: Merchant, event: SandboxEvent, own_links: list[SavedLink]) -> dict[str, Any]:
    token = event.properties.get("action_token", "")
    carried = [(name, value) for name, value in event.properties.items() if name.endswith("_url")]
    return {
        "event": event,
        "properties": format_json(event.properties),
        "profile": format_json(event.profile.properties),
        "token": token,
        "links": carried + complete_links(merchant, event.metric, token, own_links),
    }


def complete_links(merchant: Merchant, metric: str, token: str, own_links: list[SavedLink]) -> list[tuple[str, str]]:
    """Name and address of the links that a message for this event can hold, with the customer's own token."""
    kind = KINDS.get(metric)
    if not token or kind is None or kind.token_scope is None:
        return []
    own = [(link.name, link_urls.email_url(link, token)) for link in own_links if kind in kinds_for_link(link)]
    page = link_urls.landing_page_url(merchant)
    # Only link actions that need no parameter.
    plain = [row for row in link_actions_of_scope(kind.token_scope) if not row.required]
    return own + [(row.label, link_urls.fragment_url(page, row.action, token)) for row in plain]


site.pages.append(path("inbox/", site.admin_view(inbox_page), name="inbox"))
