"""The form of a link: staff choose by pictures and words, the row holds the parameters of a request."""

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

from oneclick.links import event_links
from oneclick.models import Esp, LandingPage, Mode, SavedLink
from oneclick.redemption import parameters
from oneclick.redemption.link_actions import LINK_ACTIONS, find_link_action
from subscriptions.calendar import Period
from subscriptions.errors import Refused
from subscriptions.staff.base import MerchantForm

OWN_PAGE, DEFAULT_PAGE = "shop", "default"
# What the row's unique constraints say, and the field it is about: the one beside the merchant.
TAKEN = {
    str(rule.violation_error_message): rule.fields[-1]
    for rule in SavedLink._meta.constraints
    if isinstance(rule, UniqueConstraint)
}
# The form's names for what a request calls otherwise.
SPELLED = {
    "days": "days",
    "product": "og_product_id",
    "quantity": "og_quantity",
    "every": "og_every",
    "every_period": "og_every_period",
}


def number(most: int, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=1, max_value=most, required=False, widget=UnfoldAdminIntegerFieldWidget, **options
    )


class UrlInput(UnfoldAdminTextInputWidget):
    """Without the link to the present value that unfold's own has."""

    input_type = "url"


class LinkForm(MerchantForm):
    deed = forms.ChoiceField(choices=[(name, name) for name in LINK_ACTIONS], initial="delay")
    days = number(parameters.MAX_DELAY_DAYS)
    product = forms.CharField(required=False)
    offer = forms.CharField(required=False)
    quantity = number(parameters.MAX_QUANTITY, initial=1)
    every = number(parameters.MAX_EVERY, initial=1)
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
        tokened = [*event_links.kinds_with_token("order"), *event_links.kinds_with_token("subscription")]
        events = cast(forms.MultipleChoiceField, self.fields["event_kinds"])
        events.choices = [(kind.name, kind.title) for kind in tokened]
        if self.instance.pk:
            self.initial = {**self.initial, **chosen(self.instance)}

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        deed = answers.get("deed")
        if deed:
            self.instance.action = LINK_ACTIONS[deed].action
            self.instance.parameters = self._parameters(LINK_ACTIONS[deed].parameters)
            self._check_events(LINK_ACTIONS[deed].scope)
        self._choose_page(answers)
        if answers.get("esp") in (Esp.KLAVIYO, Esp.ATTENTIVE):
            answers["merge_tag"] = ""
        return answers

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # private, so not in the stubs
        # Constraints with a condition speak of the row; each of these is about one field.
        for sentence in self.errors.pop(NON_FIELD_ERRORS, []):
            self.add_error(TAKEN.get(str(sentence)), sentence)

    def _get_validation_exclusions(self) -> set[str]:
        # The conditions of the unique constraints need it.
        return super()._get_validation_exclusions() - {"archived"}

    def _parameters(self, names: tuple[str, ...]) -> dict[str, str]:
        found = {name: str(self.cleaned_data.get(field) or "") for field, name in SPELLED.items() if name in names}
        offer = "winback_id" if "winback_id" in names else "og_offer_id"
        if offer in names:
            found[offer] = self.cleaned_data.get("offer", "")
        self._require(found)
        # One is what a link without it means.
        return {name: value for name, value in found.items() if value and (name, value) != ("og_quantity", "1")}

    def _require(self, found: dict[str, str]) -> None:
        if "og_product_id" in found and not self._has_product(found["og_product_id"]):
            self.add_error("product", "Choose a product.")
        if "og_every" in found and not (found["og_every"] and found["og_every_period"]):
            self.add_error("every", "Say how often.")
        for name in ("og_offer_id", "winback_id"):
            try:
                parameters.find_offer(self.merchant, parameters.pick_parameters(found, (name,)), name)
            except Refused:
                self.add_error("offer", "Links may not give this discount away.")

    def _has_product(self, external_id: str) -> bool:
        return bool(external_id) and self.merchant.products.filter(external_product_id=external_id).exists()

    def _choose_page(self, answers: dict[str, Any]) -> None:
        page = answers.get("page") or DEFAULT_PAGE
        self.instance.landing_page = None
        if page == OWN_PAGE:
            self._check_page_url(answers)
            return
        answers["page_url"] = ""
        self.errors.pop("page_url", None)
        if page != DEFAULT_PAGE:
            key = int(page) if page.isdecimal() else 0
            self.instance.landing_page = LandingPage.objects.filter(merchant=self.merchant, pk=key).first()
            if self.instance.landing_page is None:
                self.add_error("page", "Choose a page.")

    def _check_page_url(self, answers: dict[str, Any]) -> None:
        url = answers.get("page_url", "")
        if not url and "page_url" not in self.errors:
            self.add_error("page_url", "Type the address of the page.")
        elif urlsplit(url).scheme not in ("", "https", "http"):
            self.add_error("page_url", "The address must begin with https://.")
        elif "#" in url:
            self.add_error("page_url", "Leave out # and what follows; the link puts its own there.")

    def _check_events(self, scope: str) -> None:
        fitting = {kind.name for kind in event_links.kinds_with_token(scope)}
        kinds = [kind for kind in self.cleaned_data.get("event_kinds", []) if kind in fitting]
        self.cleaned_data["event_kinds"] = kinds
        if not kinds:
            self.cleaned_data["property_name"] = ""
            self.errors.pop("property_name", None)
        elif not self.cleaned_data.get("property_name") and "property_name" not in self.errors:
            self.cleaned_data["property_name"] = f"{self.cleaned_data['deed']}_url"


def chosen(link: SavedLink) -> dict[str, Any]:
    """What the form shows of a link that it does not hold in fields of its own."""
    found = {field: link.parameters.get(name) for field, name in SPELLED.items()}
    found["quantity"] = found["quantity"] or 1
    return found | {
        "deed": find_link_action(link.action, link.parameters).name,
        "offer": link.parameters.get("og_offer_id") or link.parameters.get("winback_id") or "",
        "page": page_choice(link),
    }


def page_choice(link: SavedLink) -> str:
    if link.page_url:
        return OWN_PAGE
    return str(link.landing_page_id) if link.landing_page_id else DEFAULT_PAGE
