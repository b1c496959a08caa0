"""The admin site: every page shows one merchant, the staff member's current one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from unfold.sites import UnfoldAdminSite

from common.web.whole_numbers import parse_whole_number
from subscriptions.models import Membership
from subscriptions.staff.audit import Kind, audit_person
from subscriptions.staff.current_merchant import membership_of, merchant_of, set_memberships
from subscriptions.staff.login import TWO_FACTOR, CodeStep, PasswordStep
from subscriptions.staff.queries import UNREADABLE, check_query
from subscriptions.staff.sessions import end_sessions, note_use

View = Callable[..., HttpResponseBase]
MERCHANT_KEY = "merchant"
PAGES_BEFORE_TWO_FACTOR = {"admin:two_factor", "admin:switch", "admin:logout", "admin:jsi18n"}
PAGES_WITHOUT_MERCHANT = {"admin:password_change", "admin:password_change_done", "admin:logout", "admin:jsi18n"}


class SuggestionsView(AutocompleteJsonView):
    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """The row, with the name from its admin's `option_label`."""
        shown: dict[str, str] = super().serialize_result(obj, to_field_name)  # type: ignore[misc]  # not in the stubs
        return {**shown, "text": self.model_admin.option_label(obj)}  # type: ignore[attr-defined]  # each is a MerchantAdmin


class PortalSite(UnfoldAdminSite):
    """`request.membership` and `request.merchant` are set on every page behind the login."""

    index_template = "admin/home.html"
    index_title = "Home"

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return super().admin_view(self._for_one_merchant(view), cacheable)

    def _for_one_merchant(self, view: View) -> View:
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            find_current_membership(request)
            if membership_of(request) is None:
                return view(request, *args, **kwargs) if needs_no_merchant(request) else self.no_merchant(request)
            note_use(request)
            if lacks_two_factor(request):
                return redirect("admin:two_factor")
            # Rendered here, so that the whole page shows times in the merchant's zone.
            with timezone.override(merchant_of(request).time_zone):
                try:
                    check_query(request.GET)
                    response = view(request, *args, **kwargs)
                    return response.render() if isinstance(response, SimpleTemplateResponse) else response
                except UNREADABLE:
                    return self.unreadable_query(request).render()

        return shown

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pages: list[URLPattern] = []
        """Pages that are not the admin of a model; each app adds its own, wrapped by `admin_view`."""

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        shown = {"title": "Log in", "app_path": request.get_full_path(), "username": request.user.get_username()}
        context = {**self.each_context(request), **shown, **(extra_context or {})}
        view = PasswordStep.as_view(extra_context=context, authentication_form=self.login_form)
        return view(request)

    def code_step(self, request: HttpRequest) -> HttpResponseBase:
        return CodeStep.as_view(extra_context={**self.each_context(request), "title": "Your code"})(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            end_sessions(request.user, keep=request.session.session_key)
            audit_person(request, request.user, Kind.ACCESS, "Changed their own password.")
        return response

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("login/code/", self.code_step, name="login_code"),
            path("merchant/switch/", self.admin_view(require_POST(switch_merchant)), name="switch"),
            *self.pages,
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        # The sidebar has entries of its own, and Django would look up each model's pages and rights on every page.
        return []

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return SuggestionsView.as_view(admin_site=self)(request)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        # The sidebar groups pages by what people do, not by app.
        return redirect("admin:index")

    def no_merchant(self, request: HttpRequest) -> HttpResponse:
        context = {**self.each_context(request), "title": "No merchant yet"}
        return TemplateResponse(request, "admin/no_merchant.html", context, status=403)

    def unreadable_query(self, request: HttpRequest) -> TemplateResponse:
        context = {**self.each_context(request), "title": "This address cannot be read"}
        return TemplateResponse(request, "admin/unreadable_query.html", context, status=400)


def find_current_membership(request: HttpRequest) -> None:
    """Set the current membership: the session's choice, else the first."""
    found = Membership.objects.filter(user=request.user.pk).select_related("merchant").order_by("pk")
    memberships = list(found)
    chosen = request.session.get(MERCHANT_KEY)
    current = next((one for one in memberships if one.merchant_id == chosen), None)
    set_memberships(request, memberships, current or (memberships[0] if memberships else None))


def needs_no_merchant(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.view_name in PAGES_WITHOUT_MERCHANT


def lacks_two_factor(request: HttpRequest) -> bool:
    """Whether the merchant requires a second factor that this login did not have."""
    if not merchant_of(request).requires_two_factor or request.session.get(TWO_FACTOR):
        return False
    return request.resolver_match is None or request.resolver_match.view_name not in PAGES_BEFORE_TWO_FACTOR


def switch_merchant(request: HttpRequest) -> HttpResponse:
    key = parse_whole_number(request.POST.get("merchant", ""))
    membership = get_object_or_404(Membership, user=request.user, merchant=key)
    request.session[MERCHANT_KEY] = membership.merchant_id
    return redirect("admin:index")


site = PortalSite(name="admin")
