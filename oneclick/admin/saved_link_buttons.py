"""The buttons of a saved link: duplicate, archive, restore."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.enums import ActionVariant

from oneclick.models import SavedLink
from subscriptions.staff.buttons import Button
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

LIST = "admin:oneclick_savedlink_changelist"


def archive_link(request: HttpRequest, link: SavedLink, answers: dict[str, Any]) -> HttpResponse:
    SavedLink.objects.filter(pk=link.pk).update(archived=True)
    site.get_model_admin(SavedLink).log_change(request, link, "Archived.")
    messages.success(request, f"{link} is archived. Links already sent keep working.")
    return redirect(LIST)


def restore_link(request: HttpRequest, link: SavedLink, answers: dict[str, Any]) -> str:
    taken = SavedLink.objects.filter(merchant=link.merchant_id, archived=False)
    link.name = find_free_name(link.name, set(taken.values_list("name", flat=True)))
    # Another link may use its property name in events by now.
    if taken.exclude(property_name="").filter(property_name=link.property_name).exists():
        link.event_kinds, link.property_name = [], ""
    link.archived = False
    link.save(update_fields=["name", "event_kinds", "property_name", "archived"])
    site.get_model_admin(SavedLink).log_change(request, link, "Restored.")
    return f"{link} is in use again."


def duplicate_link(request: HttpRequest, link: SavedLink, answers: dict[str, Any]) -> HttpResponse:
    names = set(SavedLink.objects.filter(merchant=link.merchant_id).values_list("name", flat=True))
    copied = SavedLink.objects.get(pk=link.pk, merchant=link.merchant_id)
    copied.pk, copied.public_id = None, SavedLink._meta.get_field("public_id").get_default()
    copied._state.adding = True
    copied.name, copied.archived = find_free_name(f"{link.name[:90]} copy", names), False
    # A property name in events belongs to one link.
    copied.event_kinds, copied.property_name = [], ""
    copied.save()
    link_admin = site.get_model_admin(SavedLink)
    link_admin.log_addition(request, copied, f"Copied from {link}.")
    messages.success(request, f"This is a copy of {link}.")
    return redirect(link_admin.url("change", copied))


def find_free_name(name: str, taken: set[str]) -> str:
    """`name`; if it is taken, with the first number that makes it unique."""
    if name not in taken:
        return name
    candidates = (f"{name[:95]} {n}" for n in range(2, len(taken) + 3))
    return next(candidate for candidate in candidates if candidate not in taken)


BUTTONS = (
    Button(
        verb="duplicate",
        title="Duplicate",
        icon="content_copy",
        right=Right.LINKS,
        question="Makes a copy with its own name, id and signature.",
        run=duplicate_link,
    ),
    Button(
        verb="archive",
        title="Archive",
        icon="archive",
        right=Right.LINKS,
        question="The link leaves the list and your events. Links already sent keep working.",
        run=archive_link,
        offered=lambda link: not link.archived,
        variant=ActionVariant.DANGER,
    ),
    Button(
        verb="restore",
        title="Restore",
        icon="unarchive",
        right=Right.LINKS,
        question="The link returns to the list.",
        run=restore_link,
        offered=lambda link: link.archived,
    ),
)
