"""The Messages page: every customer message in one language, and the merchant's own wording of it."""

import json
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from common.web.placeholders import fill_placeholders, find_placeholders
from oneclick.messages import message_previews
from oneclick.messages.locales import LANGUAGES, language_of_locale
from oneclick.messages.own_messages import forget_own_messages, get_own_messages
from oneclick.models import MessageText
from subscriptions.models import Merchant
from subscriptions.normal_forms import parse_locale
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

CHOICES = [
    (message_previews.TABLE_TITLES[table], [(f"{table}.{code}", f"{code}: {text}") for code, text in texts.items()])
    for table, texts in message_previews.ALL_MESSAGES.items()
]


class MessageForm(MerchantForm):
    locale = forms.CharField(
        max_length=16,
        initial="en",
        widget=UnfoldAdminTextInputWidget,
        help_text="A language such as es, or a locale such as es-mx, whose messages replace those of its language.",
    )
    message = forms.ChoiceField(choices=CHOICES, widget=UnfoldAdminSelectWidget)
    text = forms.CharField(max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "data-previewed": ""}))

    class Meta:
        model = MessageText
        fields = ["locale", "message", "text"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["message"].initial = f"{self.instance.table}.{self.instance.code}"
        elif "text" in self.initial:
            # For the preview, which shows the instance.
            self.instance.locale, self.instance.text = self.initial["locale"], self.initial["text"]
            self.instance.table, _, self.instance.code = self.initial["message"].partition(".")

    def clean_locale(self) -> str:
        locale = parse_locale(self.cleaned_data["locale"])
        if locale is None:
            raise forms.ValidationError("Write a language such as es, or a locale such as es-mx.")
        return locale

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if message := cleaned.get("message"):
            self.instance.table, _, self.instance.code = message.partition(".")
            self._check_placeholders(cleaned.get("text", ""))
            self._check_once(cleaned.get("locale", ""))
        return cleaned

    def _check_placeholders(self, text: str) -> None:
        known = message_previews.allowed_placeholders(self.instance.table, self.instance.code)
        unknown = find_placeholders(text) - known
        if unknown:
            those = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
            self.add_error("text", f"{{{min(unknown)}}} is not filled in here. This message may use: {those}.")

    def _check_once(self, locale: str) -> None:
        same = {"locale": locale, "table": self.instance.table, "code": self.instance.code}
        if MessageText.objects.filter(merchant=self.merchant, **same).exclude(pk=self.instance.pk).exists():
            self.add_error("message", f"You already have your own wording of this message in {locale}. Edit that one.")


@admin.register(MessageText, site=site)
class MessageTextAdmin(MerchantAdmin):
    form = MessageForm
    edit_right = Right.LINKS
    fieldsets = [(None, {"fields": ["locale", "message", "text", "preview", "default_wording"]})]
    readonly_fields = ["preview", "default_wording"]

    class Media:
        js = ["staff/message_preview.js"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """All messages, including those without a row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        merchant = merchant_of(request)
        locales = offered_locales(merchant)
        chosen = request.GET.get("locale", "")
        locale = chosen if chosen in locales else next(iter(locales))
        mine = {(row.table, row.code): row for row in self.get_queryset(request).filter(locale=locale)}
        tables = [
            (title, [(text, self.edit_url(text, locale, mine.get((text.table, text.code)))) for text in texts])
            for title, texts in message_previews.preview_messages(merchant, locale)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Messages",
            "opts": self.opts,
            "locale": locale,
            "locales": locales,
            "tables": tables,
            "may_edit": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/messages.html", context)

    def edit_url(self, text: message_previews.MessagePreview, locale: str, row: MessageText | None) -> str:
        """The address of the page that edits the merchant's wording of `text`, or adds it."""
        if row:
            return self.url("change", row)
        query = urlencode({"locale": locale, "message": f"{text.table}.{text.code}"})
        return f"{reverse('admin:oneclick_messagetext_add')}?{query}"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The list's links name locale and message; the text starts with the current wording."""
        locale, message = parse_locale(request.GET.get("locale")), request.GET.get("message", "")
        table, _, code = message.partition(".")
        if not locale or code not in message_previews.ALL_MESSAGES.get(table, {}):
            return {}
        text = message_previews.current_message(merchant_of(request), table, code, locale)
        return {"locale": locale, "message": message, "text": text}

    def save_model(self, request: HttpRequest, obj: MessageText, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget_own_messages(obj.merchant)

    def delete_model(self, request: HttpRequest, obj: MessageText) -> None:
        super().delete_model(request, obj)
        forget_own_messages(obj.merchant)

    def response_post_save_add(self, request: HttpRequest, obj: MessageText) -> HttpResponse:
        query = urlencode({"locale": obj.locale})
        return redirect(f"{reverse('admin:oneclick_messagetext_changelist')}?{query}")

    response_post_save_change = response_post_save_add

    @display(description="As customers read it")
    def preview(self, row: MessageText) -> SafeString:
        if not row.table:
            return format_html('<span class="text-subtle">{}</span>', "Appears once the message is saved.")
        facts = message_previews.sample_facts(row.merchant, row.locale)
        return format_html(
            '<span role="status" class="staff-banner staff-banner--{}" data-sample-facts="{}">{}</span>',
            message_previews.banner_kind(row.table, row.code),
            json.dumps(facts),
            fill_placeholders(row.text, facts),
        )

    @display(description="Default wording", empty_value="-")
    def default_wording(self, row: MessageText) -> str | None:
        return (
            message_previews.default_message_for(row.merchant, row.table, row.code, row.locale) if row.table else None
        )


def offered_locales(merchant: Merchant) -> dict[str, str]:
    """Locales with their names: the merchant's language, the built-in ones, and those with own messages."""
    mine = sorted({locale for locale, _, _ in get_own_messages(merchant)})
    first = language_of_locale(merchant.locale)
    return {locale: LANGUAGES.get(locale, locale) for locale in [first, *LANGUAGES, *mine]}
