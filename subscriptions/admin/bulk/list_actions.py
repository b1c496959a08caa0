"""The part of a list that changes many rows at once."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from subscriptions.actions.bulk import BULK_KINDS, BulkKind
from subscriptions.actions.bulk.run import start_run
from subscriptions.admin.bulk.forms import FORMS, BulkForm
from subscriptions.admin.bulk.preview import preview_run
from subscriptions.admin.bulk.rights import may_change_many
from subscriptions.admin.bulk.run_pages import run_url
from subscriptions.errors import DomainError
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.list_admin import ListAdmin


class BulkListAdmin(ListAdmin):
    """A list whose rows, those ticked or all that match, can be changed by one of `bulk_kinds`.

    Each kind is an action of Django's admin that shows a page with a preview first.
    """

    bulk_kinds: Sequence[str] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that are offered; Django runs no other."""
        return {
            name: (partial(change_many, kind=BULK_KINDS[name]), name, BULK_KINDS[name].title)
            for name in self.bulk_kinds
            if may_change_many(request, name)
        }


def change_many(
    model_admin: BulkListAdmin, request: HttpRequest, rows: QuerySet[Any], *, kind: BulkKind
) -> HttpResponse:
    """Show what would be done, or do it."""
    merchant = merchant_of(request)
    form = FORMS.get(kind.name, BulkForm)(merchant, *([request.POST] if "asked" in request.POST else []))
    answers = read_answers(form)
    if answers is not None and "start" in request.POST:
        try:
            run = start_run(merchant, kind, rows, answers, actor_of(request))
            return redirect(run_url(run))
        except DomainError as error:
            messages.error(request, error.sentence)
    names = str(model_admin.opts.verbose_name_plural if rows[:2].count() > 1 else model_admin.opts.verbose_name)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{kind.title}: preview",
        "opts": model_admin.opts,
        "kind": kind,
        "is_undoable": kind.is_undoable,
        "form": form,
        "names": names,
        "preview": None if answers is None else preview_run(merchant, kind, rows, answers),
        "does": "" if answers is None else kind.describe(answers),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/bulk/preview.html", context)


def read_answers(form: BulkForm) -> dict[str, Any] | None:
    """What the form says, or would say unchanged; None while something is missing."""
    if not form.is_bound:
        initial = {name: field.initial for name, field in form.fields.items() if field.initial is not None}
        form = type(form)(form.merchant, initial)
    return form.answers() if form.is_valid() else None
