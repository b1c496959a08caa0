from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from integrations.gladly.credentials import is_address_allowed
from subscriptions.api.authentication import ApiKeyAuthentication, MayCall
from subscriptions.api.errors import Denied
from subscriptions.api.views.base import View


class IsGladlysAddress(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        if not is_address_allowed(request._request):
            raise Denied("foreign_address")
        return True


class GladlyView(View):
    """A call of Gladly's, with an API key that has Gladly's own scopes; those of the REST API do not count."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [IsGladlysAddress, MayCall]
    read_right = "gladly:read"
    write_right = "gladly:act"
