"""The customer's tags, in the head of the page."""

import csv
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions.actions import customer_tags as verbs
from subscriptions.models import Customer, CustomerTag
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right

MOST_TAGS = 20
LONGEST = 10_000  # of all in one text


def tags_of(customer: Customer) -> QuerySet[CustomerTag]:
    rows = CustomerTag.objects.filter(merchant=customer.merchant_id, customer=customer)
    return rows.select_related("tag").order_by("tag__name")


def quote_name(name: str) -> str:
    """As `csv` reads it; bulk changes put tags with commas on customers, too."""
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name


def parse_names(text: str) -> list[str]:
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    return list(dict.fromkeys(name.strip() for row in rows for name in row if name.strip()))


class TagsForm(ButtonForm):
    """The tags as they should be; `shown` are those that stood in the form at first."""

    names = forms.CharField(
        label="Tags",
        max_length=LONGEST,
        required=False,
        show_hidden_initial=True,
        widget=UnfoldAdminTextInputWidget,
        help_text="Separated by commas; a tag that contains one stands in quotes.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.before = [str(row) for row in tags_of(self.subject)]
        self.fields["names"].initial = ", ".join(map(quote_name, self.before))

    def clean_names(self) -> list[str]:
        names = parse_names(self.cleaned_data["names"])
        if len(names) > max(MOST_TAGS, len(self.before)):
            raise forms.ValidationError(f"A customer has at most {MOST_TAGS} tags.")
        if any(len(name) > verbs.LONGEST_TAG for name in names):
            raise forms.ValidationError(f"A tag has at most {verbs.LONGEST_TAG} characters.")
        return names

    def clean(self) -> dict[str, Any]:
        first = self.data.get(self.add_initial_prefix("names"))
        shown = self.before if first is None else parse_names(first[:LONGEST])
        return {**self.cleaned_data, "shown": shown}


def change_tags(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    """Only what was changed in the form: a tag that somebody else has put there meanwhile stays."""
    actor, wanted, shown = actor_of(request), answers["names"], answers["shown"]
    with transaction.atomic():
        for name in map(str, tags_of(customer)):
            if name in shown and name not in wanted:
                verbs.remove_tag(customer, actor=actor, name=name)
        for name in wanted:
            if name not in shown:
                verbs.add_tag(customer, actor=actor, name=name)
        names = [str(row) for row in tags_of(customer)]
    return f"The tags are: {', '.join(names)}." if names else "The customer has no tags now."


CHANGE_TAGS = Button(
    verb="change-tags",
    title="Tags",
    icon="label",
    right=Right.TAGS,
    question="The list of customers can be filtered by tags.",
    run=change_tags,
    form=TagsForm,
)
