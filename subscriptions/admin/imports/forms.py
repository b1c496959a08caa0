"""What the import asks: the file, and what its columns hold."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from unfold.widgets import UnfoldAdminSelectWidget

from subscriptions.importing.guesses import column_label, guess_columns
from subscriptions.importing.tables import TABLES
from subscriptions.models import ImportRun

MOST_PARTS = 10_000
SKIPPED = "Do not import"


class UploadForm(forms.Form):
    """The file, or a part of a larger one; `more` follow unless it is the last. `run` is the import it belongs to."""

    file = forms.FileField(
        error_messages={"required": "Choose a file.", "empty": "This file is empty; choose another one."}
    )
    run = forms.IntegerField(required=False)
    number = forms.IntegerField(required=False, min_value=0, max_value=MOST_PARTS)
    more = forms.BooleanField(required=False)


class ColumnsForm(forms.Form):
    """For each column of the file, what it holds; at first as guessed, or as chosen before."""

    def __init__(self, run: ImportRun, kind: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = run.columns if kind == run.kind else guess_columns(run.header, kind, run.merchant)
        choices = column_choices(run, kind)
        for place, name in enumerate(run.header):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=name or f"Column {place + 1}",
                choices=choices,
                initial=chosen[place],
                required=False,
                widget=UnfoldAdminSelectWidget,
            )

    def rows(self, examples: Sequence[list[str]]) -> Iterator[tuple[BoundField, str]]:
        """Each column with what is in its first cells."""
        for field, cells in zip(self, examples, strict=True):
            yield field, ", ".join(cell for cell in cells if cell.strip())

    def columns(self) -> list[str]:
        return [self.cleaned_data[name] for name in self.fields]


def column_choices(run: ImportRun, kind: str) -> list[tuple[str, Any]]:
    columns = TABLES[kind].columns(run.merchant)
    needed = [(each.name, column_label(each.name)) for each in columns if each.required]
    others = [(each.name, column_label(each.name)) for each in columns if not each.required]
    return [("", SKIPPED), ("Needed", needed), ("Optional", others)]


def missing_columns(run: ImportRun, kind: str, columns: Sequence[str]) -> list[str]:
    needed = [column.name for column in TABLES[kind].columns(run.merchant) if column.required]
    return [column_label(name) for name in needed if name not in columns]
