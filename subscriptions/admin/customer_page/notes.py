"""What staff have written about the customer: the latest notes, and the buttons to write, change and delete one."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from subscriptions.actions import customer_notes as verbs
from subscriptions.admin.acts.fields import ActivityForm
from subscriptions.models import Activity, Customer
from subscriptions.models.record import NOTE
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may

MOST_NOTES = 5


def text_field() -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})
    return forms.CharField(label="Note", max_length=verbs.LONGEST_NOTE, widget=widget)


class WriteForm(ButtonForm):
    text = text_field()


class DeleteForm(ActivityForm):
    """An owner deletes any note, as its author may have left."""

    def activities(self) -> QuerySet[Activity]:
        notes = super().activities().filter(verb=NOTE)
        return notes if may(self.request, Right.SETTINGS) else notes.filter(**written_by(self.request))


class ChangeForm(ActivityForm):
    text = text_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].initial, self.about = self.about, ""

    def activities(self) -> QuerySet[Activity]:
        return super().activities().filter(verb=NOTE, **written_by(self.request))


def written_by(request: HttpRequest) -> dict[str, str]:
    actor = actor_of(request)
    return {"actor_kind": actor.kind, "actor_id": actor.id}


def write_note(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    verbs.write_note(customer, actor=actor_of(request), text=answers["text"])
    return "The note is saved."


def change_note(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    verbs.change_note(customer, actor=actor_of(request), note=answers["activity"], text=answers["text"])
    return "The note is changed."


def delete_note(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    verbs.delete_note(customer, actor=actor_of(request), note=answers["activity"])
    return "The note is deleted."


WRITE = Button(
    verb="write-note",
    title="Write a note",
    icon="edit_note",
    right=Right.NOTES,
    question="Your team reads it on this page and in the activity; the customer does not.",
    run=write_note,
    form=WriteForm,
)
CHANGE = Button(
    verb="change-note",
    title="Change note",
    icon="edit",
    right=Right.NOTES,
    question="The former text is not kept.",
    run=change_note,
    form=ChangeForm,
)
DELETE = Button(
    verb="delete-note",
    title="Delete note",
    icon="delete",
    right=Right.NOTES,
    question="The text is gone, here and in the activity. That there was a note stays on record.",
    run=delete_note,
    form=DeleteForm,
    variant=ActionVariant.DANGER,
)


def notes_context(request: HttpRequest, customer: Customer, change_url: str, delete_url: str) -> dict[str, Any]:
    """The latest notes, each with the buttons of those who may change it, and whether there are others. One query."""
    found = Activity.objects.filter(merchant=merchant_of(request), customer=customer, verb=NOTE).order_by("-pk")
    rows = list(found[: MOST_NOTES + 1])
    own, may_write = written_by(request), may(request, Right.NOTES)
    shown = []
    for row in rows[:MOST_NOTES]:
        is_own = all(getattr(row, name) == value for name, value in own.items())
        query = urlencode({"activity": row.pk})
        edit = {"title": CHANGE.title, "path": f"{change_url}?{query}"} if may_write and is_own else None
        may_delete = may_write and (is_own or may(request, Right.SETTINGS))
        delete = {"title": DELETE.title, "path": f"{delete_url}?{query}"} if may_delete else None
        shown.append({"row": row, "edit": edit, "delete": delete})
    return {"rows": shown, "more": len(rows) > MOST_NOTES}
