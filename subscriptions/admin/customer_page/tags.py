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


def tags_of(customer: Customer) -> QuerySet[CustomerTag]:
    rows = CustomerTag.objects.filter(merchant=customer.merchant_id, customer=customer)
    return rows.select_related("tag").order_by("tag__name")


def quote_name(name: str) -> str:
    """As `csv` reads it; bulk changes put tags with commas on customers, too."""
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name


class TagsForm(ButtonForm):
    names = forms.CharField(
        label="Tags",
        max_length=10_000,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Separated by commas; a tag that contains one stands in quotes.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.before = [str(row) for row in tags_of(self.subject)]
        self.fields["names"].initial = ", ".join(map(quote_name, self.before))

    def clean_names(self) -> list[str]:
        rows = csv.reader(self.cleaned_data["names"].splitlines(), skipinitialspace=True)
        names = dict.fromkeys(name.strip() for row in rows for name in row if name.strip())
        if len(names) > max(MOST_TAGS, len(self.before)):
            raise forms.ValidationError(f"A customer has at most {MOST_TAGS} tags.")
        if any(len(name) > verbs.LONGEST_TAG for name in names):
            raise forms.ValidationError(f"A tag has at most {verbs.LONGEST_TAG} characters.")
        return list(names)


def change_tags(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    actor, wanted, before = actor_of(request), answers["names"], [str(row) for row in tags_of(customer)]
    with transaction.atomic():
        for name in before:
            if name not in wanted:
                verbs.remove_tag(customer, actor=actor, name=name)
        for name in wanted:
            verbs.add_tag(customer, actor=actor, name=name)
    return f"The tags are: {', '.join(wanted)}." if wanted else "The customer has no tags now."


CHANGE_TAGS = Button(
    verb="change-tags",
    title="Tags",
    icon="label",
    right=Right.TAGS,
    question="The list of customers can be filtered by tags.",
    run=change_tags,
    form=TagsForm,
)
