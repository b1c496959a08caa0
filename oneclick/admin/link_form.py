"""The form of a saved link. It turns what staff choose into the parameters of a request."""

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import UniqueConstraint
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from common.web.whole_numbers import parse_whole_number
from oneclick.links.event_links import kinds_with_token
from oneclick.models import ActionToken, Esp, LandingPage, Mode, SavedLink
from oneclick.redemption import parameters
from oneclick.redemption.link_actions import LINK_ACTIONS, find_link_action
from oneclick.redemption.link_actions.link_action import LinkAction
from subscriptions.calendar import Period
from subscriptions.errors import Refused
from subscriptions.staff.base import MerchantForm
from subscriptions.staff.search import clean_search_term

SHOP_PAGE, DEFAULT_PAGE = "shop", "default"
# The message of each unique constraint, with the field that it is about: the one besides the merchant.
UNIQUE_FIELDS = {
    str(rule.violation_error_message): rule.fields[-1]
    for rule in SavedLink._meta.constraints
    if isinstance(rule, UniqueConstraint)
}
# Errors that matter only when the link is saved.
SAVE_ERRORS = {"name", NON_FIELD_ERRORS}
# Form fields and the request parameters they set.
PARAMETERS = {
    "days": "days",
    "product": "og_product_id",
    "quantity": "og_quantity",
    "every": "og_every",
    "every_period": "og_every_period",
}


class NumberField(forms.IntegerField):
    """An optional whole number, at least 1."""

    def __init__(self, max_value: int, **options: Any) -> None:
        super().__init__(
            min_value=1, max_value=max_value, required=False, widget=UnfoldAdminIntegerFieldWidget, **options
        )


class UrlInput(UnfoldAdminTextInputWidget):
    """A URL input without the link to the current value that unfold's widget shows."""

    input_type = "url"


class LinkForm(MerchantForm):
    link_action = forms.ChoiceField(
        choices=[(row.name, row.label) for row in LINK_ACTIONS.values()], initial=next(iter(LINK_ACTIONS))
    )
    days = NumberField(parameters.MAX_DELAY_DAYS)
    product = forms.CharField(required=False)
    offer = forms.CharField(required=False)
    quantity = NumberField(parameters.MAX_QUANTITY, initial=1)
    every = NumberField(parameters.MAX_EVERY, initial=1)
    every_period = forms.TypedChoiceField(
        choices=Period, coerce=int, required=False, initial=Period.MONTHS, widget=UnfoldAdminSelectWidget
    )
    page = forms.CharField(max_length=20, required=False, initial=DEFAULT_PAGE)
    page_url = forms.URLField(
        max_length=1000, required=False, assume_scheme="https", widget=UrlInput(attrs={"placeholder": "https://"})
    )
    mode = forms.ChoiceField(choices=[("", ""), *Mode.choices], initial="", required=False)
    event_kinds = forms.MultipleChoiceField(
        label="Events that carry the finished link",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = SavedLink
        fields = [
            "name", "esp", "merge_tag", "page_url", "mode", "button_label", "sms_text", "event_kinds", "property_name"
        ]  # fmt: skip
        widgets = {
            "name": UnfoldAdminTextInputWidget,
            "merge_tag": UnfoldAdminTextInputWidget,
            "button_label": UnfoldAdminTextInputWidget,
            "sms_text": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "property_name": UnfoldAdminTextInputWidget,
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = [kind for scope in ActionToken.Scope.values for kind in kinds_with_token(scope)]
        events = cast(forms.MultipleChoiceField, self.fields["event_kinds"])
        events.choices = [(kind.name, kind.title) for kind in kinds]
        if self.instance.pk:
            self.initial = {**self.initial, **initial_choices(self.instance)}

    @property
    def is_saving(self) -> bool:
        # The page also comes for its parts, and for a test.
        return "_save" in self.data

    def posted_text(self, name: str) -> str:
        """The posted value of `name`, which need not be a form field: a search term, for example."""
        return clean_search_term(str(self.data.get(name, "")))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if name := cleaned.get("link_action"):
            link_action = LINK_ACTIONS[name]
            self.instance.action = link_action.action
            self.instance.parameters = self._clean_parameters(link_action)
            self._clean_events(link_action)
        self._clean_page(cleaned)
        if cleaned.get("esp") in (Esp.KLAVIYO, Esp.ATTENTIVE):
            cleaned["merge_tag"] = ""
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # private, so not in the stubs
        # Conditional constraints report row errors, but each of these is about one field.
        for sentence in self.errors.pop(NON_FIELD_ERRORS, []):
            self.add_error(UNIQUE_FIELDS.get(str(sentence)), sentence)

    def _get_validation_exclusions(self) -> set[str]:
        # The conditions of the unique constraints use this field.
        return super()._get_validation_exclusions() - {"archived"}

    def _clean_parameters(self, link_action: LinkAction) -> dict[str, str]:
        names = link_action.parameters
        found = {name: str(self.cleaned_data.get(field) or "") for field, name in PARAMETERS.items() if name in names}
        offer = "winback_id" if "winback_id" in names else "og_offer_id"
        if offer in names:
            found[offer] = self.cleaned_data.get("offer", "")
        self._check_parameters(found)
        # One is a link's default quantity.
        return {name: value for name, value in found.items() if value and (name, value) != ("og_quantity", "1")}

    def _check_parameters(self, found: dict[str, str]) -> None:
        if "og_product_id" in found and not self._has_product(found["og_product_id"]):
            self.add_error("product", "Choose a product.")
        if "og_every" in found and not (found["og_every"] and found["og_every_period"]):
            self.add_error("every", "Enter how often.")
        for name in ("og_offer_id", "winback_id"):
            try:
                parameters.find_offer(self.merchant, parameters.pick_parameters(found, (name,)), name)
            except Refused:
                self.add_error("offer", "Links may not give this discount.")

    def _has_product(self, external_id: str) -> bool:
        return bool(external_id) and self.merchant.products.filter(external_product_id=external_id).exists()

    def _clean_page(self, cleaned: dict[str, Any]) -> None:
        page = cleaned.get("page") or DEFAULT_PAGE
        self.instance.landing_page = None
        if page == SHOP_PAGE:
            self._check_page_url(cleaned)
            return
        cleaned["page_url"] = ""
        self.errors.pop("page_url", None)
        if page != DEFAULT_PAGE:
            own_pages = LandingPage.objects.filter(merchant=self.merchant)
            self.instance.landing_page = own_pages.filter(pk=parse_whole_number(page) or 0).first()
            if self.instance.landing_page is None:
                self.add_error("page", "Choose a page.")

    def _check_page_url(self, cleaned: dict[str, Any]) -> None:
        url = cleaned.get("page_url", "")
        if not url and "page_url" not in self.errors:
            self.add_error("page_url", "Enter the address of the page.")
        elif urlsplit(url).scheme not in ("", "https", "http"):
            self.add_error("page_url", "The address must begin with https://.")
        elif "#" in url:
            self.add_error("page_url", "Leave out # and everything after it; the link adds its own.")

    def _clean_events(self, link_action: LinkAction) -> None:
        """Keep the events that carry a token for this action, and make sure that the property in them has a name."""
        fitting = {kind.name for kind in kinds_with_token(link_action.scope)}
        kinds = [kind for kind in self.cleaned_data.get("event_kinds", []) if kind in fitting]
        self.cleaned_data["event_kinds"] = kinds
        if not kinds:
            self.cleaned_data["property_name"] = ""
            self.errors.pop("property_name", None)
        elif not self.cleaned_data.get("property_name") and "property_name" not in self.errors:
            self.cleaned_data["property_name"] = f"{link_action.name}_url"


def initial_choices(link: SavedLink) -> dict[str, Any]:
    """Initial values of the form fields that are not model fields."""
    chosen = {field: link.parameters.get(name) for field, name in PARAMETERS.items()}
    chosen["quantity"] = chosen["quantity"] or 1
    return chosen | {
        "link_action": find_link_action(link.action, link.parameters).name,
        "offer": link.parameters.get("og_offer_id") or link.parameters.get("winback_id") or "",
        "page": SHOP_PAGE if link.page_url else str(link.landing_page_id or DEFAULT_PAGE),
    }
