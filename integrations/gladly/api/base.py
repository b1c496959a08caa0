from subscriptions.api.authentication import ApiKeyAuthentication
from subscriptions.api.views.base import View


class GladlyView(View):
    """A call with an API key that has Gladly's own scopes; those of the REST API do not count."""

    authentication_classes = [ApiKeyAuthentication]
    read_right = "gladly:read"
    write_right = "gladly:act"
