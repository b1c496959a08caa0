"""Which failed logins count together, so that guessing is slowed down and nobody can lock others out.

An address may fail ten times over all names, and a name ten times from all addresses; then the address, or the name,
waits. A browser in which the name logged in before has a cookie that says so, and counts by itself: whoever tries
that name elsewhere, or other names behind the same address, does not make it wait. django-axes counts and refuses;
OWASP describes the cookie as the "device cookie".
"""

import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

COOKIE = "login_device"
SALT = "subscriptions.staff.logins"
COOKIE_AGE = 400 * 24 * 60 * 60  # seconds; browsers keep no cookie longer


def remember_device(response: HttpResponse, name: str) -> None:
    """Mark the browser as one in which `name` has logged in. The cookie opens nothing by itself."""
    response.set_signed_cookie(
        COOKIE,
        f"{secrets.token_hex(16)}:{name}",
        salt=SALT,
        max_age=COOKIE_AGE,
        path=reverse(settings.LOGIN_URL),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def find_device(request: HttpRequest, name: str | None) -> str | None:
    """The id of the browser if `name` logged in there before."""
    cookie = request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=COOKIE_AGE)
    device, _, owner = (cookie or "").partition(":")
    return device if device and owner == name else None


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The name under which django-axes counts; a known browser's has its id, so that it counts apart."""
    name = _name(request, credentials)
    device = find_device(request, name)
    return f"{name} in browser {device}" if device else name


def counted_together(request: HttpRequest, credentials: dict[str, Any] | None) -> list[str]:
    """What django-axes counts by; the highest count decides."""
    return ["username"] if find_device(request, _name(request, credentials)) else ["username", "ip_address"]


def _name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    return (credentials or request.POST).get("username")
