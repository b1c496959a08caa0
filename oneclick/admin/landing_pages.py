"""The editor of landing pages."""

from typing import Any, cast

from csp.constants import NONCE
from csp.decorators import csp_update
from django import forms
from django.contrib import admin
from django.contrib.messages import ERROR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminSelectWidget

from oneclick.admin.landing_preview import list_outcomes, outcome_banner
from oneclick.admin.messages import offered_locales
from oneclick.links import link_urls
from oneclick.messages.locales import language_of_locale
from oneclick.models import LandingPage
from oneclick.pages import landing
from subscriptions.models import Merchant
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

# A preview is under the policy of the page around it, and a landing page has a style of its own and the shop's.
PREVIEW_SOURCES = {"style-src": [NONCE, "https:"], "font-src": ["https:"]}
COLORS = ("accent_color", "success_color", "error_color")


def linking_names(page: LandingPage) -> list[str]:
    """The names of the saved links that lead to the page, including archived ones."""
    return [f"{link} (archived)" if link.archived else str(link) for link in page.links.order_by("name", "pk")]


class LandingPageForm(MerchantForm):
    locale = forms.ChoiceField(
        label="Language",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Of the buttons and questions around your own words. Messages are in the customer's language.",
    )

    class Meta:
        widgets = dict.fromkeys(COLORS, UnfoldAdminColorInputWidget)
        labels = {
            "is_default": "Default page",
            "title": "Window title",
            "slug": "Name in the address",
            "continue_url": "Continue to",
            "logo_url": "Logo address",
            "css_url": "Style sheet address",
            "accent_color": "Accent",
            "z_index": "z-index",
            "auto_hide_seconds": "Hide success after (seconds)",
        }
        help_texts = {
            "slug": "The last part of the page's address.",
            "is_default": "Links that name no page lead here. One page at a time is the default.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = offered_locales(self.merchant)
        shop_language = offered[language_of_locale(self.merchant.locale)]
        mine = self.instance.locale
        offered |= {mine: offered.get(mine, mine)} if mine else {}
        cast(forms.ChoiceField, self.fields["locale"]).choices = [
            ("", f"Your shop's ({shop_language})"),
            *offered.items(),
        ]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        others = LandingPage.objects.filter(merchant=self.merchant).exclude(pk=self.instance.pk)
        if others.filter(slug=slug).exists():
            raise forms.ValidationError("Another page has this name in its address.")
        return slug

    def _get_validation_exclusions(self) -> set[str]:
        # A new default replaces the old one on saving.
        return super()._get_validation_exclusions() | {"is_default"}


@admin.register(LandingPage, site=site)
class LandingPageAdmin(MerchantAdmin):
    form = LandingPageForm
    edit_right = Right.LINKS
    change_form_template = "admin/landing/change_form.html"
    list_display = ["name", "slug", "default", "address"]
    list_select_related = ["merchant__one_click"]
    ordering = ["name", "pk"]
    search_fields = ["name__icontains"]
    search_help_text = "Name"
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["address"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "is_default", "address"]}),
        ("What it says", {"fields": ["locale", "title", "heading", "text", "support_contact", "continue_url"]}),
        ("Look", {"fields": ["logo_url", "accent_color", "css_url"]}),
        ("Banner", {"fields": ["success_color", "error_color", "z_index", "auto_hide_seconds"]}),
    ]

    class Media:
        js = ["staff/landing_preview.js"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", view, name=self.url_name("preview")), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The page with the form's values, saved or not; values with errors are left out."""
        if not may(request, self.edit_right):
            raise PermissionDenied
        form = self.get_form(request)(request.POST)
        form.is_valid()
        merchant = merchant_of(request)
        page = form.instance
        banner = outcome_banner(merchant, request.POST.get("outcome", ""), landing.page_locale(merchant, page))
        # A preview always has one, even if a browser kept an old script.
        nonce = request.POST.get("nonce") or "none"
        return HttpResponse(landing.render_landing_page(merchant, page, banner=banner, nonce=nonce).body)

    @method_decorator(csp_update(PREVIEW_SOURCES))
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if may(request, self.edit_right):
            context |= {"outcomes": list_outcomes(), "preview_url": reverse(f"admin:{self.url_name('preview')}")}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: LandingPage, form: forms.ModelForm, change: bool) -> None:
        if obj.is_default:
            # Without the lock, two new defaults saved at once would not see each other.
            Merchant.objects.select_for_update(no_key=True).get(pk=obj.merchant_id)
            defaults = LandingPage.objects.filter(merchant=obj.merchant_id, is_default=True)
            defaults.exclude(pk=obj.pk).update(is_default=False)
        super().save_model(request, obj, form, change)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Saved links are never deleted, so a page they lead to is kept as well."""
        page = self.get_object(request, object_id)
        if page and self.has_delete_permission(request, page) and (names := ", ".join(linking_names(page))):
            reason = f"{page} was not deleted because links lead to it. Choose another page for {names} first."
            self.message_user(request, reason, ERROR)
            return redirect(self.url("change", page))
        return super().delete_view(request, object_id, extra_context)

    @display(description="Default", boolean=True)
    def default(self, row: LandingPage) -> bool:
        return row.is_default

    @display(description="Address", empty_value="-")
    def address(self, row: LandingPage) -> str | None:
        if row.pk is None:
            return None
        url = link_urls.landing_page_url(row.merchant, row.slug)
        return format_html('<a href="{0}" class="text-link" target="_blank" rel="noopener">{0}</a>', url)
