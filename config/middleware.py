"""Django's middleware for sessions, logins and messages, only where staff may be logged in.

Customers and API clients never log in, so their responses set no cookie and do not vary by one.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

# The endpoints of the script and of landing pages, the REST API, what Gladly calls, the landing pages.
PUBLIC_PREFIXES = ("/one_click/", "/api/", "/gladly/", "/l/")


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
