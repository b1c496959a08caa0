"""The base classes of staff pages: they show the rows of one merchant only, and check rights by role."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

from django import forms
from django.contrib.admin import ListFilter, ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from unfold.admin import TabularInline
from unfold.paginator import InfinitePaginator

from common.web.whole_numbers import parse_whole_number
from subscriptions.models import Merchant
from subscriptions.models.fields import MoneyField
from subscriptions.staff.buttons import ButtonsAdmin
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import money_column
from subscriptions.staff.edits import GuardedForm
from subscriptions.staff.fields import keep_stored_secrets
from subscriptions.staff.queries import UnreadableQuery
from subscriptions.staff.roles import Right, may

P = ParamSpec("P")


def retry_on_integrity_error(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Decorates a form view. If the same row is saved twice at once, for example by a double click, the database
    refuses the second. The view then runs again, and the form's own checks find and report the first.
    """

    @wraps(view)
    def run_twice_at_most(*args: P.args, **options: P.kwargs) -> HttpResponse:
        try:
            return view(*args, **options)
        except IntegrityError:
            return view(*args, **options)

    return run_twice_at_most


def lock_row(rows: QuerySet, key: object) -> None:
    """Let the later of two saves wait, until the end of the transaction, and then see what the earlier one saved.

    `rows` are those that the person may change: nobody makes others wait for the row of another merchant.
    """
    if number := parse_whole_number(str(key)):
        found = rows.filter(pk=number).order_by().values("pk")
        rows.model._base_manager.select_for_update(no_key=True).filter(pk__in=found).values_list("pk").first()


def money_fields(model: type[Model]) -> dict[str, str]:
    """The names of the model's amounts, with their titles."""
    fields = (field for field in model._meta.fields if isinstance(field, MoneyField))
    return {field.name: capfirst(str(field.verbose_name)) for field in fields}


class MerchantForm(GuardedForm, forms.ModelForm):
    """The form of a row of the current merchant; the merchant is never a field of the form."""

    merchant: Merchant

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if any(field.name == "merchant" for field in self._meta.model._meta.fields):
            self.instance.merchant = self.merchant
        for name, title in money_fields(self._meta.model).items():
            if name in self.fields:
                self.fields[name].label = f"{title} ({self.merchant.currency_code})"

    def edited_row(self) -> Any:
        return self.instance if self.instance.pk else None

    def clean(self) -> dict[str, Any]:
        return keep_stored_secrets(self, super().clean() or self.cleaned_data)

    def _get_validation_exclusions(self) -> set[str]:
        # The form checks unique constraints with the merchant, before the database does.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # private, so not in the stubs
        return excluded - {"merchant"}


def parameter_names(list_filter: str | type[ListFilter]) -> set[str]:
    """The names in an address that `list_filter` reads."""
    if isinstance(list_filter, str):
        return {f"{list_filter}__exact", f"{list_filter}__isnull"}
    several: Sequence[str] = getattr(list_filter, "parameter_names", ())
    return set(several) or {str(getattr(list_filter, "parameter_name", ""))}


class MerchantAdmin(ButtonsAdmin):
    """Rows of the current merchant. `edit_right` allows changing them by form; with None, only actions change them."""

    view_right: Right = Right.VIEW
    edit_right: Right | None = None
    addable = True
    add_label = ""
    """What the button says that leads to a new row; by default Add and the row's name."""
    deletable = True
    form = MerchantForm
    exclude: tuple[str, ...] = ("merchant",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions: Any = None
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    show_facets = ShowFacets.NEVER
    changeform_view = retry_on_integrity_error(ButtonsAdmin.changeform_view)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(merchant=merchant_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Django's own title of a list is "Select order to view".
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Amounts that cannot be changed here are shown with their currency."""
        found = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return found
        amounts = {name: money_column(name, title) for name, title in money_fields(self.model).items()}
        return [
            (title, {**options, "fields": [amounts.get(field, field) for field in options["fields"]]})
            for title, options in found
        ]

    def _changeform_view(self, request: HttpRequest, object_id: str | None, *args: Any) -> HttpResponse:
        if request.method == "POST" and object_id and self.has_change_permission(request):
            lock_row(self.get_queryset(request), object_id)
        return super()._changeform_view(request, object_id, *args)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters:
            # Django would show the whole list instead, as if that were what the filter found.
            raise UnreadableQuery from None

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only the list's own filters: among all lookups on all columns are many that the database refuses."""
        filters = self.get_list_filter(request) if request else self.list_filter
        return lookup in {name for each in filters for name in parameter_names(each)}

    def get_form(self, request: HttpRequest, obj: Model | None = None, **options: Any) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, **options)
        return type(form.__name__, (form,), {"merchant": merchant_of(request)})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address of an "add" page fills in, without keys that no row can have: Django would fail on them."""
        given = super().get_changeform_initial_data(request)
        keys = {field.name for field in self.opts.fields if isinstance(field, ForeignKey)}
        return {name: value for name, value in given.items() if name not in keys or parse_whole_number(value)}

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **options: Any) -> Any:
        model = db_field.remote_field.model
        if any(field.name == "merchant" for field in model._meta.get_fields()):
            options.setdefault("queryset", model._default_manager.filter(merchant=merchant_of(request)))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def option_label(self, row: Any) -> str:
        """The name of `row` in autocomplete fields."""
        return str(row)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, self.view_right)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, self.view_right)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, self.edit_right)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.addable and may(request, self.edit_right)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.deletable and may(request, self.edit_right)


class OwnPageAdmin(MerchantAdmin):
    """Rows whose page is `row_page` instead of a form."""

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return self.row_page(request, row)


class PageAdmin(OwnPageAdmin):
    """Rows whose page is a template of its own."""

    page_template: str

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template shows, with a `title` if that is not the row's name."""
        raise NotImplementedError

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "original": row,
            "opts": self.opts,
            **self.page_context(request, row),
        }
        # Read by our unfold/helpers/header_title.html.
        row.page_title = context["title"]
        return TemplateResponse(request, self.page_template, context)


class OneRowAdmin(MerchantAdmin):
    """A model with one row per merchant: its list redirects to that row."""

    addable = deletable = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        row = self.get_queryset(request).first() if self.has_view_permission(request) else None
        return redirect(self.url("change", row)) if row else super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # The row's own page never offers to add another; asking the database would cost every page a query.
        is_row_page = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return super().has_add_permission(request) and not is_row_page


class ReadOnlyInline(TabularInline):
    """Related rows below a row, read-only."""

    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, Right.VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
