"""Form fields that Django lacks: secrets that are written but never shown, long lists, lines, and one of a few rows."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.widgets import (
    SELECT_CLASSES,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)


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


class LongSelectWidget(UnfoldAdminSelect2Widget):
    """A select for hundreds of choices, with a search where scripts run. Django would make a template of each."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        # The look of a select without a script, with its own arrow; select2 hides it.
        look = " ".join(name for name in SELECT_CLASSES if name != "appearance-none")
        super().__init__({"class": look, **(attrs or {})}, choices)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = conditional_escape("" if value is None else value)
        options = _options(tuple(self.choices)).replace(f'value="{chosen}"', f'value="{chosen}" selected', 1)
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        select = format_html("<select{}>{}</select>", attributes, mark_safe(options))
        return format_html('<div class="flex grow max-w-2xl">{}</div>', select)


@lru_cache(maxsize=32)  # the lists of time zones, currencies, …
def _options(choices: tuple[tuple[str, str], ...]) -> str:
    return format_html_join("\n", '<option value="{}">{}</option>', choices)


class LinesField(forms.Field):
    """A list of texts, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return (value or "").split()


class RowChoiceField(forms.ChoiceField):
    """One of a few rows; the answer is the row. `offer_rows` says which ones there are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": UnfoldAdminSelectWidget, **options})
        self.rows: dict[str, Any] = {}

    def offer_rows(self, rows: Iterable[Any], describe: Callable[[Any], str] = str, empty: str = "") -> None:
        """Offer `rows`; with `empty`, the first choice is none of them and has this label."""
        self.rows = {str(row.pk): row for row in rows}
        described = [(key, describe(row)) for key, row in self.rows.items()]
        self.choices = [("", empty), *described] if empty else described

    def clean(self, value: Any) -> Any:
        return self.rows.get(super().clean(value))
