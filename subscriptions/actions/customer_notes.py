"""The verbs of notes, which staff write about a customer. A note is an activity, and its sentence is the text.

A changed or deleted note changes its own line, since a text that should not have been written must not stay in the
history. That it was changed, by whom and when, is a line of its own.
"""

from common.db import update
from subscriptions.actions.core import ActionContext, action
from subscriptions.errors import NotFound, refused
from subscriptions.models import Activity, Customer
from subscriptions.models.record import NOTE

LONGEST_NOTE = 2000


@action(NOTE)
def write_note(context: ActionContext[Customer], *, text: str) -> str:
    return _require_text(text)


@action("customer.note_change")
def change_note(context: ActionContext[Customer], *, note: Activity, text: str) -> str:
    found = _find_note(context.customer, note)
    found.sentence = _require_text(text)
    update(found, "sentence")
    return "Changed a note."


@action("customer.note_delete")
def delete_note(context: ActionContext[Customer], *, note: Activity) -> str:
    found = _find_note(context.customer, note)
    found.verb, found.sentence = "customer.note_deleted", "Wrote a note, which is deleted."
    update(found, "verb", "sentence")
    return f"Deleted a note of {found.actor_name}."


def _find_note(customer: Customer, note: Activity) -> Activity:
    found = Activity.objects.filter(merchant=customer.merchant_id, customer=customer, verb=NOTE, pk=note.pk).first()
    if found is None:
        raise NotFound("not_found", "The note was deleted in the meantime.")
    return found


def _require_text(text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST_NOTE:
        raise refused("invalid_value", name="note", rule=f"a text of 1 to {LONGEST_NOTE} characters")
    return text.strip()
