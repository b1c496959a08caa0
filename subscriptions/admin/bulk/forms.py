"""What bulk changes ask before they begin. `answers` is what the run stores."""

from datetime import timedelta
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from subscriptions import calendar
from subscriptions.actions.cancel_reasons import encode_cancel_reason, offered_reasons
from subscriptions.actions.customer_tags import LONGEST_TAG
from subscriptions.models import Merchant, Tag

DAYS = {"days": 1, "weeks": 7}
MOST_TAGS = 100


class BulkForm(forms.Form):
    def __init__(self, merchant: Merchant, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.merchant = merchant

    def answers(self) -> dict[str, Any]:
        return {}


class MoveForm(BulkForm):
    number = forms.IntegerField(
        label="Move by",
        required=False,
        min_value=-365,
        max_value=365,
        initial=1,
        help_text="A negative number moves to earlier days.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    unit = forms.ChoiceField(
        label="Unit", choices=[(unit, unit) for unit in DAYS], initial="weeks", widget=UnfoldAdminSelectWidget
    )
    day = forms.DateField(
        label="Or all to one day",
        required=False,
        help_text="Takes the place of the number above.",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )

    def __init__(self, merchant: Merchant, *args: Any, **options: Any) -> None:
        super().__init__(merchant, *args, **options)
        tomorrow = calendar.today(merchant.time_zone) + timedelta(days=1)
        self.fields["day"].widget.attrs["min"] = tomorrow.isoformat()

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        if not answers.get("number") and not answers.get("day") and not self.errors:
            self.add_error("number", "Say by how many days or weeks, or to which day.")
        return answers

    def answers(self) -> dict[str, Any]:
        if day := self.cleaned_data.get("day"):
            return {"day": day.isoformat()}
        return {"days": self.cleaned_data["number"] * DAYS[self.cleaned_data["unit"]]}


class CancelForm(BulkForm):
    text = forms.CharField(
        label="Comment", required=False, max_length=900, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )

    def __init__(self, merchant: Merchant, *args: Any, **options: Any) -> None:
        super().__init__(merchant, *args, **options)
        reason = forms.ModelChoiceField(
            offered_reasons(merchant),
            to_field_name="code",
            required=False,
            empty_label="No reason given",
            widget=UnfoldAdminSelectWidget,
        )
        self.fields = {"reason": reason, **self.fields}

    def answers(self) -> dict[str, Any]:
        reason, text = self.cleaned_data["reason"], self.cleaned_data["text"]
        return {"reason": encode_cancel_reason(reason, text), "label": str(reason or text)[:100]}


class TagForm(BulkForm):
    tag = forms.CharField(
        label="Tag", max_length=LONGEST_TAG, widget=UnfoldAdminTextInputWidget(attrs={"list": "tags"})
    )

    def known_tags(self) -> list[str]:
        names = Tag.objects.filter(merchant=self.merchant).order_by("name").values_list("name", flat=True)
        return list(names[:MOST_TAGS])

    def answers(self) -> dict[str, Any]:
        return {"tag": self.cleaned_data["tag"]}


FORMS: dict[str, type[BulkForm]] = {
    "order.move": MoveForm,
    "subscription.move": MoveForm,
    "subscription.cancel": CancelForm,
    "customer.tag": TagForm,
    "customer.untag": TagForm,
}
