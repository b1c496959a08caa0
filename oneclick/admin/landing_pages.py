"""The editor of landing pages, with a preview of every outcome that spends no token."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.messages import ERROR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminSelectWidget

from oneclick.admin.messages import offered_locales
from oneclick.links import link_urls
from oneclick.messages import customer_messages, message_previews
from oneclick.messages.default_messages import DEFAULT_MESSAGES
from oneclick.messages.interface_messages import get_interface_messages
from oneclick.messages.locales import language_of_locale
from oneclick.models import LandingPage
from oneclick.pages import landing
from oneclick.pages.landing import Banner
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import Facts
from subscriptions.calendar import Period
from subscriptions.models import Merchant
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

CONFIRM = "confirm"
COLORS = ("accent_color", "success_color", "error_color")


def outcomes() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a preview can show, by groups: `confirm.<kind>` and `<table>.<code>` with a title each."""
    asked = [(f"{CONFIRM}.{row.interface_code}", row.label) for row in LINK_ACTIONS.values()]
    told = [
        (
            message_previews.TABLE_TITLES[table],
            [(f"{table}.{code}", code.replace("_", " ").capitalize()) for code in texts],
        )
        for table, texts in DEFAULT_MESSAGES.items()
    ]
    return [*told, ("Asking first", asked)]


def banner_of(merchant: Merchant, outcome: str, locale: str) -> Banner | None:
    """The banner of one of `outcomes` in `locale`, with made-up facts; None for any other text."""
    table, _, code = outcome.partition(".")
    texts = get_interface_messages(merchant, locale)
    if table == CONFIRM and f"confirm_{code}" in texts:
        given = {"og_every": "2", "og_every_period": str(Period.WEEKS.value)}
        question = landing.fill_question(merchant, texts[f"confirm_{code}"], given, locale)
        return Banner("notice", question, button=texts[f"button_{code}"])
    if code not in DEFAULT_MESSAGES.get(table, {}):
        return None
    facts: Facts = {**message_previews.sample_facts(merchant, locale)}
    message = customer_messages.result_message(table, code, facts, merchant, locale)
    if code.startswith("success"):
        return Banner("success", message, button=texts["undo"] if merchant.one_click.undo_minutes else "")
    return Banner(message_previews.banner_kind(table, code), message)


def leading_to(page: LandingPage) -> list[str]:
    """The names of the links that lead to it, archived ones too."""
    return [f"{link} (archived)" if link.archived else str(link) for link in page.links.order_by("name", "pk")]


class LandingPageForm(MerchantForm):
    locale = forms.ChoiceField(
        label="Language",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Of the buttons and questions around your own words. Messages are in the customer's own language.",
    )

    class Meta:
        widgets = dict.fromkeys(COLORS, UnfoldAdminColorInputWidget)
        labels = {
            "is_default": "Default page",
            "title": "Title of the window",
            "slug": "Name in the address",
            "continue_url": "Continue to",
            "logo_url": "Address of the logo",
            "css_url": "Address of a style sheet",
            "accent_color": "Accent",
            "z_index": "z-index",
            "auto_hide_seconds": "Hide success after seconds",
        }
        help_texts = {
            "slug": "What its address ends in.",
            "is_default": "Where links lead that name no page. There is one at a time.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = offered_locales(self.merchant)
        shops = offered[language_of_locale(self.merchant.locale)]
        mine = self.instance.locale
        offered |= {mine: offered.get(mine, mine)} if mine else {}
        cast(forms.ChoiceField, self.fields["locale"]).choices = [("", f"The shop's ({shops})"), *offered.items()]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        others = LandingPage.objects.filter(merchant=self.merchant).exclude(pk=self.instance.pk)
        if others.filter(slug=slug).exists():
            raise forms.ValidationError("Another page has this name in its address.")
        return slug

    def _get_validation_exclusions(self) -> set[str]:
        # The new default takes the old one's place.
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
        js = ["staff/landing.js"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", view, name=self.url_name("preview")), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The page as the form's fields stand, saved or not; wrong ones are left out."""
        if not may(request, self.edit_right):
            raise PermissionDenied
        form = self.get_form(request)(request.POST)
        form.is_valid()
        merchant = merchant_of(request)
        page = form.instance
        banner = banner_of(merchant, request.POST.get("outcome", ""), landing.page_locale(merchant, page))
        return HttpResponse(landing.render_landing_page(merchant, page, banner=banner, preview=True).body)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if may(request, self.edit_right):
            context |= {"outcomes": outcomes(), "preview_url": reverse(f"admin:{self.url_name('preview')}")}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: LandingPage, form: forms.ModelForm, change: bool) -> None:
        if obj.is_default:
            # One new default after the other, or each would miss that the other is one.
            Merchant.objects.select_for_update(no_key=True).get(pk=obj.merchant_id)
            defaults = LandingPage.objects.filter(merchant=obj.merchant_id, is_default=True)
            defaults.exclude(pk=obj.pk).update(is_default=False)
        super().save_model(request, obj, form, change)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Links are kept for good, so a page that links lead to is kept with them."""
        page = self.get_object(request, object_id)
        if page and self.has_delete_permission(request, page) and (names := ", ".join(leading_to(page))):
            said = f"{page} stays: links lead to it. Choose another page for {names}; then it can be deleted."
            self.message_user(request, said, ERROR)
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
