"""Pages of the catalogue: each row has one that tells about it, and a form to make and change it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.module_loading import import_string

from subscriptions.errors import DomainError
from subscriptions.models import Merchant
from subscriptions.staff.audit import describe_changes
from subscriptions.staff.base import PageAdmin, lock_row
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.edits import GuardedForm
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site


class CatalogueForm(GuardedForm, forms.Form):
    """Makes a row, or changes `row`."""

    template = "admin/catalogue/fields.html"

    def __init__(self, *args: Any, merchant: Merchant, row: Any = None, **options: Any) -> None:
        self.merchant, self.row = merchant, row
        super().__init__(*args, **options)

    def edited_row(self) -> Any:
        return self.row

    def save(self) -> Any:
        """Act, and return the row. Called on a valid form."""
        raise NotImplementedError

    def describe_change(self) -> str:
        """What a saved form has changed of its row; empty if nothing."""
        return describe_changes(self)


class CatalogueAdmin(ListAdmin, PageAdmin):
    """`edit_form` makes rows, if they are addable, and changes them at `edit/`."""

    edit_right = Right.CATALOGUE
    deletable = False
    pages: tuple[str, ...] = ("edit",)
    edit_form: type[CatalogueForm]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.form_page(request, None)

    def edit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        with transaction.atomic():
            if request.method == "POST":
                lock_row(self.get_queryset(request), object_id)
            return self.form_page(request, self.find_row(request, object_id, self.edit_right))

    def form_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        answers = request.POST if request.method == "POST" else None
        form = self.edit_form(answers, merchant=merchant_of(request), row=row)
        if form.is_valid() and (saved := self.save_form(request, form)):
            return redirect(self.url("change", saved))
        back = self.url("change", row) if row else reverse(f"admin:{self.url_name('changelist')}")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change {row}" if row else f"New {self.opts.verbose_name}",
            "opts": self.opts,
            "original": row,
            "form": form,
            "back": back,
        }
        return TemplateResponse(request, "admin/catalogue/form.html", context)

    def save_form(self, request: HttpRequest, form: CatalogueForm) -> Model | None:
        """The saved row; None if the form now has the refusal."""
        try:
            saved: Model = form.save()
        except DomainError as error:
            form.add_error(None, error.sentence)
            return None
        if form.row is None:
            self.log_addition(request, saved, "Made here.")
        elif sentence := form.describe_change():
            self.log_change(request, saved, sentence)
        messages.success(request, f"{saved} is saved.")
        return saved


def log_catalogue_change(request: HttpRequest, row: Model, sentence: str) -> str:
    """Note what a button changed, for the page of the row; returns the sentence."""
    site.get_model_admin(type(row)).log_change(request, row, sentence)
    return sentence


def read_panels(request: HttpRequest, row: Model, paths: list[str]) -> list[dict[str, Any]]:
    """The sections of the row's page that belong to the layers above."""
    found = (import_string(path)(request, row) for path in paths)
    return [{"template": template, "context": context} for template, context in found]
