"""The views of the API, from the tables of its URLs."""

import re
from functools import cache
from typing import Any

from django.contrib.admindocs.views import simplify_regex

from integrations.webhooks.api import urls as webhook_urls
from subscriptions.api import urls
from subscriptions.api.views.base import View

METHODS = {"get", "post", "put", "patch", "delete"}


@cache
def views_by_operation() -> dict[tuple[str, str], Any]:
    """The views by path, with the names of its parts in braces, and method."""
    found = {}
    for entry in [*urls.urlpatterns, *webhook_urls.urlpatterns]:
        view = getattr(entry.callback, "view_class", None)
        if view is not None and issubclass(view, View):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/api{simplify_regex(str(entry.pattern))}")
            found |= {(path, name): view for name in METHODS & set(view.http_method_names) if hasattr(view, name)}
    return found


def allowed_scopes(view: Any, method: str) -> str:
    scopes: str = view.scopes if method == "get" else view.write_scopes or view.scopes
    return scopes
