"""Saved views: the filters that a member of staff keeps under a name, for one list of one merchant."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.views.main import PAGE_VAR
from django.http import HttpRequest, QueryDict

from subscriptions.models import SavedView
from subscriptions.staff.current_merchant import merchant_of

MOST_VIEWS = 20  # of one list
NOT_SAVED = (PAGE_VAR, "e")  # the page, and Django's mark of an error


def normal_query(query: QueryDict) -> str:
    """The filters of the query, so that two addresses of the same list are equal."""
    pairs = [(name, text) for name, texts in query.lists() for text in texts if text and name not in NOT_SAVED]
    return urlencode(sorted(pairs))


def saved_views(request: HttpRequest, page: str) -> list[SavedView]:
    found = SavedView.objects.filter(merchant=merchant_of(request), user=request.user.pk, page=page)
    return list(found.order_by("name")[:MOST_VIEWS])


def save_view(request: HttpRequest, page: str, name: str, query: str) -> bool:
    """Keep the filters under `name`, in place of those that had it; False if there are too many views already."""
    own: dict[str, Any] = {"merchant": merchant_of(request), "user_id": request.user.pk, "page": page}
    others = SavedView.objects.filter(**own).exclude(name=name)
    if others.count() >= MOST_VIEWS:
        return False
    SavedView.objects.update_or_create(**own, name=name, defaults={"query": normal_query(QueryDict(query))})
    return True


def remove_view(request: HttpRequest, page: str, view_id: int) -> bool:
    """False if this member of staff has no such view here."""
    found = SavedView.objects.filter(merchant=merchant_of(request), user=request.user.pk, page=page, pk=view_id)
    return bool(found.delete()[0])
