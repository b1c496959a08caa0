"""The customer's own details, which staff may change."""

from typing import Any, cast

from django import forms
from django.db import transaction
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions.actions import customer as verbs
from subscriptions.models import Customer
from subscriptions.normal_forms import locale_names
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right


class ContactForm(ButtonForm):
    email = forms.EmailField(label="E-mail", max_length=254, widget=UnfoldAdminEmailInputWidget)
    phone_number = forms.CharField(label="Phone", max_length=40, required=False, widget=UnfoldAdminTextInputWidget)
    locale = forms.ChoiceField(label="Language of messages", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, subject: Customer, **options: Any) -> None:
        names = ("email", "phone_number", "locale")
        super().__init__(*args, subject=subject, initial={name: getattr(subject, name) for name in names}, **options)
        cast(forms.ChoiceField, self.fields["locale"]).choices = locale_choices(subject.locale)


def locale_choices(current: str) -> list[tuple[str, str]]:
    """The languages by name; the current one is among them even if we have no name for it."""
    names = {current: current} | locale_names()
    return sorted(names.items(), key=lambda row: row[1])


def change_contact(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    actor, locale = actor_of(request), answers.pop("locale")
    with transaction.atomic():
        verbs.change_contact_details(customer, actor=actor, **answers)
        verbs.change_locale(customer, actor=actor, locale=locale)
    return "The contact details are saved. Events from now on go to them."


CHANGE_CONTACT = Button(
    verb="change-contact",
    title="Contact details",
    icon="edit",
    right=Right.CONTACT,
    question="Messages from now on go there. What was sent already stays where it went.",
    run=change_contact,
    form=ContactForm,
)
