"""Form fields that Django lacks: secrets that are written but never shown, and lists of lines."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget


class SecretField(forms.CharField):
    """A secret. If nothing is typed, `keep_stored_secrets` keeps the stored one."""

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


class LinesField(forms.Field):
    """A list of texts, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return (value or "").split()
