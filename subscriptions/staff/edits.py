"""Two people at one form: the later save is told what the earlier one changed, and neither loses anything.

A form carries a digest of each value that it showed. If a stored value has another digest when the form comes back,
somebody else saved in between: nothing is saved, what this person did not touch shows the new value, what both changed
keeps this person's text and says what the other chose. The page then shows the digests of now, so saving again works.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.db import models
from django.forms import BoundField
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from common.web.whole_numbers import parse_whole_number
from subscriptions.staff.audit import list_changes, show_value

NAME = "shown_values"
HIDDEN = '<input type="hidden" name="{}" value="{}">'


class FreshField(BoundField):
    """Shows what is stored instead of what was sent, if only somebody else has changed it, and no impossible key."""

    def value(self) -> Any:
        if self.name in getattr(self.form, "refreshed", ()):
            return self.field.prepare_value(self.initial)
        value = super().value()
        if isinstance(self.field, forms.ModelMultipleChoiceField):
            return [key for key in value or () if is_key(key)]
        return value if is_key(value) or not isinstance(self.field, forms.ModelChoiceField) else None


def is_key(value: Any) -> bool:
    """Whether the value may be that of a row. Django looks up what a refused form held to show its name."""
    return parse_whole_number(str(value)) is not None


class GuardedForm(forms.BaseForm):
    """Guards what `initial` holds of `edited_row`."""

    bound_field_class = FreshField

    def edited_row(self) -> Any:
        """The stored row that the form changes; None for a form that makes one."""
        return None

    @property
    def is_saving(self) -> bool:
        """Whether what was sent is to be saved."""
        return True

    @cached_property
    def refreshed(self) -> set[str]:
        """Fields of which this person's value was outdated."""
        return set()

    def guarded_facts(self) -> dict[str, str]:
        """What the form shows of the row beside its fields, by name, as text."""
        return {}

    @property
    def shown_values(self) -> SafeString | str:
        """What the template puts into the form."""
        stored = self.stored_values() if self.edited_row() is not None else {}
        if not stored:
            return ""
        if NAME in self.data and not self.is_saving:
            return format_html(HIDDEN, NAME, self.data[NAME])
        return format_html(HIDDEN, NAME, json.dumps({name: digest_of(name, value) for name, value in stored.items()}))

    def stored_values(self) -> dict[str, Any]:
        """The stored value of each guarded field, and the facts."""
        names = (name for name in self.fields if name in self.initial)
        return {name: self.get_initial_for_field(self.fields[name], name) for name in names} | self.guarded_facts()

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # private, so not in the stubs
        if not self.is_saving or self.edited_row() is None:
            return
        shown = read_digests(self.data.get(NAME, ""))
        stored = self.stored_values().items() if shown else ()
        changed = {name: value for name, value in stored if shown.get(name, "") not in ("", digest_of(name, value))}
        if changed:
            self.report_changes(changed, shown)

    def report_changes(self, changed: dict[str, Any], shown: dict[str, str]) -> None:
        who, when = last_change(self.edited_row())
        told = []
        for name, value in changed.items():
            if name not in self.fields:
                self.add_error(None, f"{who} changed {name} to: {value}. Save again to put yours in its place.")
                told.append(name)
                continue
            mine = digest_of(name, self.cleaned_data[name]) if name in self.cleaned_data else ""
            if mine == shown[name]:
                self.refreshed.add(name)
            elif mine != digest_of(name, value):
                theirs = show_value(self.fields[name], value)
                self.add_error(name, f"{who} changed this to {theirs}. Save again to put yours in its place.")
            else:
                continue
            told.append(str(self[name].label))
        if told:
            self.add_error(
                None,
                f"{who} changed {', '.join(told)}{when} while you had this page open. Nothing of yours is saved yet: "
                "look over the values below, then save again.",
            )


def digest_of(name: str, value: Any) -> str:
    # Secrets are among the values, so the digests need a key.
    return salted_hmac(NAME, json.dumps([name, normal_value(value)])).hexdigest()[:16]


def last_change(row: Any) -> tuple[str, str]:
    """Who changed the row last, and ` at …`."""
    line = list_changes(row).first()
    return (line.who, f" at {date_format(localtime(line.at), 'TIME_FORMAT')}") if line else ("Somebody else", "")


def read_digests(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def normal_value(value: Any) -> Any:
    """The same for a stored value and for what its field makes of it."""
    if isinstance(value, str):
        return value  # `str` would mask a secret
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, Iterable) and not isinstance(value, dict):
        return sorted(map(str, map(normal_value, value)))
    return "" if value is None else str(value)
