"""The audit of the staff pages: one function writes every line, and one reads what happened to a row."""

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.text import Truncator

from common.web.client_address import client_address
from subscriptions.models import AuditEntry, Membership, Merchant
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import SecretField

Kind = AuditEntry.Kind
MOST_CHANGES = 10
LONGEST_VALUE = 60


def person_name(user: Any) -> str:
    full_name: str = getattr(user, "get_full_name", str)()
    return full_name or str(user.get_username())


def audit(request: HttpRequest, kind: Kind, sentence: str, row: Model | None = None, *, about: str = "") -> None:
    """Write one line at the current merchant. `row` is what it was done to, `about` its name unless it is `str`."""
    AuditEntry.objects.create(**line_of(request, merchant_of(request), kind, sentence, row, about))


def line_of(
    request: HttpRequest, merchant: Merchant, kind: Kind, sentence: str, row: Model | None = None, about: str = ""
) -> dict[str, Any]:
    person = {"user_id": request.user.pk, "who": person_name(request.user)[:255]}
    return {"merchant": merchant, "kind": kind, "sentence": sentence, **person, **address_of(request)} | name_of(
        row, about
    )


def name_of(row: Model | None, about: str = "") -> dict[str, str]:
    return {
        "model": row._meta.label_lower if row is not None else "",
        "row": str(row.pk) if row is not None else "",
        "about": Truncator(about or (str(row) if row is not None else "")).chars(255),
    }


def address_of(request: HttpRequest) -> dict[str, str | None]:
    return {"address": client_address(request) or None}


def audit_person(request: HttpRequest, user: Any, kind: Kind, sentence: str) -> None:
    """Write a line at each merchant on whose team `user` is; who need not be logged in."""
    audit_teams(user, kind, sentence, user_id=user.pk, who=person_name(user), **address_of(request))


def audit_teams(user: Any, kind: Kind, sentence: str, *, who: str, **more: Any) -> None:
    """Write a line about `user` at each of their merchants, of what `who` did without being logged in."""
    teams = Membership.objects.filter(user=user.pk).select_related("merchant", "user").order_by("pk")
    line = {"kind": kind, "sentence": sentence, "who": who[:255], **more}
    AuditEntry.objects.bulk_create(AuditEntry(merchant=team.merchant, **line, **name_of(team)) for team in teams)


def list_changes(row: Any, **more: str) -> QuerySet[AuditEntry]:
    """What staff last changed of `row`, newest first."""
    merchant = row.pk if isinstance(row, Merchant) else row.merchant_id
    lines = AuditEntry.objects.filter(merchant=merchant, model=row._meta.label_lower, row=str(row.pk), **more)
    return lines.order_by("-pk")[:MOST_CHANGES]


def describe_changes(form: forms.BaseForm) -> str:
    """What a saved form has changed: `Changed name from “A” to “B” and time zone from …`; empty if nothing."""
    changes = [describe_change(form, name) for name in form.changed_data]
    return f"Changed {'; '.join(changes)}." if changes else ""


def describe_change(form: forms.BaseForm, name: str) -> str:
    field, label = form.fields[name], str(form[name].label or name)
    label = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    if isinstance(field, SecretField):
        return f"{label} (not shown)"
    before = show_value(field, form.get_initial_for_field(field, name))
    return f"{label} from {before} to {show_value(field, form.cleaned_data.get(name))}"


def show_value(field: forms.Field, value: Any) -> str:
    """A value for people, shortened; a choice by its label, a row by its name. A secret is not shown."""
    if isinstance(field, SecretField):
        return "another one"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, forms.ModelChoiceField) and value is not None and not isinstance(value, Model | QuerySet):
        value = field.queryset.filter(pk__in=value if isinstance(value, list) else [value])  # type: ignore[union-attr]
    if isinstance(value, list | tuple | set | QuerySet):
        text = ", ".join(show_choice(field, each) for each in value)
    else:
        text = show_choice(field, value)
    return f"“{Truncator(text).chars(LONGEST_VALUE)}”" if text else "nothing"


def show_choice(field: forms.Field, value: Any) -> str:
    text = "" if value is None else str(value)
    choices = getattr(field, "choices", None)
    if choices is None or isinstance(field, forms.ModelChoiceField):
        return text
    label = str(dict(flatten_choices(choices)).get(str(getattr(value, "pk", text)), text))
    return "" if label == BLANK_CHOICE_DASH[0][1] else label


def flatten_choices(choices: Any) -> list[tuple[str, str]]:
    pairs = []
    for value, label in choices:
        pairs += flatten_choices(label) if isinstance(label, list | tuple) else [(str(value), str(label))]
    return pairs


def describe_saved(form: ModelForm, *, add: bool) -> str:
    return "Added." if add else describe_changes(form) or "Saved without a change."
