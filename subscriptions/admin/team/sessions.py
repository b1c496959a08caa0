"""Where people are logged in: everybody's own page, and an owner's page of each member."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from subscriptions.models import Membership
from subscriptions.staff.audit import Kind, audit, audit_person, person_name
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may
from subscriptions.staff.sessions import end_sessions, live_sessions
from subscriptions.staff.site import site


def find_member(request: HttpRequest, key: int | None) -> Membership | None:
    """The member of the team; None for oneself. Raises Http404, and PermissionDenied where the role may not."""
    if key is None:
        return None
    if not may(request, Right.SETTINGS):
        raise PermissionDenied
    return get_object_or_404(Membership.objects.select_related("user"), merchant=merchant_of(request), pk=key)


def page_url(page: str, member: Membership | None) -> str:
    return reverse(f"admin:{page}_of_member", args=[member.pk]) if member else reverse(f"admin:{page}")


@require_safe
def sessions_page(request: HttpRequest, key: int | None = None) -> HttpResponse:
    member = find_member(request, key)
    person: Any = member.user if member else request.user
    context = {
        **site.each_context(request),
        "title": f"Logins of {person_name(person)}" if member else "Your logins",
        "rows": [(row, row.session_key == request.session.session_key) for row in live_sessions(person)],
        "end_url": page_url("end_sessions", member),
        "back": reverse("admin:subscriptions_membership_change", args=[member.pk]) if member else "",
    }
    return TemplateResponse(request, "admin/team/sessions.html", context)


@require_POST
def end_page(request: HttpRequest, key: int | None = None) -> HttpResponse:
    """End the session that is named, or all but the one in which this is done."""
    member = find_member(request, key)
    person: Any = member.user if member else request.user
    if "session" in request.POST:
        ended, _ = live_sessions(person).filter(public_id=parse_uuid(request.POST["session"])).delete()
    else:
        ended = end_sessions(person, keep=request.session.session_key)
    sentence = f"Ended {ended} login{pluralize(ended)}."
    if ended and member:
        audit(request, Kind.ACCESS, sentence, member)
    elif ended:
        audit_person(request, person, Kind.ACCESS, sentence)
    messages.success(request, sentence if ended else "These logins have ended already.")
    return redirect(page_url("sessions", member))


def parse_uuid(text: str) -> UUID:
    """The id of a session; one that no session has for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


site.pages += [
    path("logins/", site.admin_view(sessions_page), name="sessions"),
    path("logins/end/", site.admin_view(end_page), name="end_sessions"),
    path("team/<int:key>/logins/", site.admin_view(sessions_page), name="sessions_of_member"),
    path("team/<int:key>/logins/end/", site.admin_view(end_page), name="end_sessions_of_member"),
]
