"""Secrets in forms: written, never shown."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget


class SecretField(forms.CharField):
    """A secret that is stored already stays when nothing is typed; `kept` sees to it."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "placeholder": "••••••••"})
        super().__init__(**{"required": False, "widget": widget, **options})

    def prepare_value(self, value: Any) -> None:
        return None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


def keep_stored_secrets(form: forms.ModelForm, answers: dict[str, Any]) -> dict[str, Any]:
    """`answers` with the stored secret wherever none was typed."""
    for name, field in form.fields.items():
        if isinstance(field, SecretField) and not answers.get(name):
            answers[name] = getattr(form.instance, name, "")
    return answers
