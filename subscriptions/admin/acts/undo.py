"""The button that undoes one act of a customer; it stands in messages and on the lines of feeds."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from unfold.enums import ActionVariant

from subscriptions.actions import undo
from subscriptions.admin.acts.fields import ActivityForm
from subscriptions.admin.acts.said import said
from subscriptions.models import Activity, Customer
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.roles import Right
from subscriptions.staff.undo_urls import may_undo


class UndoForm(ActivityForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if found := self.fields["activity"].initial:
            require_undo_right(self.request, found)


def require_undo_right(request: HttpRequest, activity: Activity) -> None:
    # What cannot be undone at all is refused with its reason.
    if activity.undo_facts is not None and not may_undo(request, activity):
        raise PermissionDenied


def undo_act(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    # The activity in the form need not be the one in the address.
    require_undo_right(request, answers["activity"])
    return said(undo.undo(answers["activity"], actor=actor_of(request)))


UNDO = Button(
    verb="undo",
    title="Undo",
    icon="undo",
    right=Right.VIEW,
    question="It is put back as it was. Events that were sent stay sent; your connections receive new ones.",
    run=undo_act,
    form=UndoForm,
    variant=ActionVariant.PRIMARY,
    previews=True,
)
