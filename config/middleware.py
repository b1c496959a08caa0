"""What every answer tells browsers; Django's middleware for sessions, logins and messages where staff may be logged in.

Customers and API clients never log in, so their responses set no cookie and do not vary by one.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# The endpoints of the script and of landing pages, the REST API, what Gladly calls, the landing pages.
PUBLIC_PREFIXES = ("/one_click/", "/api/", "/gladly/", "/l/")


# What no page of ours needs; the clipboard is needed.
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentPolicy(CSPMiddleware):
    """Writes the content policy of each answer; that of JSON, which uses no nonce, is always the same."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, policy_of_settings())
        return response


@cache
def policy_of_settings() -> str:
    policy: str = build_policy()
    return policy


class PermissionsPolicy:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS
        return response


class StaffOnlyMixin(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        public = request.path_info.startswith(PUBLIC_PREFIXES)
        return self.get_response(request) if public else super().__call__(request)


class StaffSessionMiddleware(StaffOnlyMixin, SessionMiddleware):
    pass


class StaffAuthenticationMiddleware(StaffOnlyMixin, AuthenticationMiddleware):
    pass


class StaffMessageMiddleware(StaffOnlyMixin, MessageMiddleware):
    pass
