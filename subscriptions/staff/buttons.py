"""Buttons: each asks first, checks the role, calls an action on one row and reports the result."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.enums import ActionVariant

from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import DomainError
from subscriptions.models import Activity, Customer
from subscriptions.staff.audit import Kind, audit, describe_saved, person_name
from subscriptions.staff.edits import GuardedForm
from subscriptions.staff.previews import preview
from subscriptions.staff.roles import Right, may
from subscriptions.staff.undo_urls import may_undo, undo_url


def actor_of(request: HttpRequest) -> Actor:
    return Actor(ActorKind.STAFF, str(request.user.pk), person_name(request.user))


class Said(str):
    """A sentence for staff about an act, with the `activity` by which they can undo it."""

    activity: Activity | None

    def __new__(cls, sentence: str, activity: Activity | None) -> Self:
        made = super().__new__(cls, sentence)
        made.activity = activity
        return made


class ButtonForm(GuardedForm, forms.Form):
    """What a button asks before it acts; `subject` is the row it acts on, `about` more text for its dialog."""

    about = ""

    def __init__(self, *args: Any, request: HttpRequest, subject: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request
        self.subject = subject

    def edited_row(self) -> Any:
        return self.subject


@dataclass(frozen=True, slots=True)
class Button:
    """Something staff do to one row: GET asks in a dialog, POST does it.

    `run(request, subject, answers)` gives the sentence for staff, or a whole response. With `previews`, which is for
    customers and their rows, the dialog shows what it would do to the customer's orders, as the answers stand.
    """

    verb: str
    title: str
    icon: str
    right: Right
    question: str
    run: Callable[[HttpRequest, Any, dict[str, Any]], str | HttpResponseBase]
    offered: Callable[[Any], bool] = lambda subject: True
    form: type[ButtonForm] = ButtonForm
    variant: ActionVariant = ActionVariant.DEFAULT
    previews: bool = False


def is_about_nobody(subject: Any) -> bool:
    """Whether it is an erased customer, or a row of theirs; rows that were read without their customer count as no."""
    customer = subject if isinstance(subject, Customer) else subject._state.fields_cache.get("customer")
    return isinstance(customer, Customer) and customer.erased_at is not None


class ButtonsAdmin(ModelAdmin):
    """Rows with `buttons` and further `pages`, the names of methods; `view_right` is needed to see the rows at all."""

    view_right: Right = Right.VIEW
    added_in_rows = False
    """Whether somebody who adds one such row often adds the next."""
    buttons: tuple[Button, ...] = ()
    pages: tuple[str, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        views = {button.verb: partial(self.button_view, button=button) for button in self.buttons}
        views |= {page: getattr(self, page) for page in self.pages}
        return [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=self.url_name(name))
            for name, view in views.items()
        ] + super().get_urls()

    # Django's admin log, which knows no merchant, is replaced by the audit.
    audit_kind = Kind.CHANGE

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return describe_saved(form, add=add)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self.log_change(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        audit(request, self.audit_kind, message, obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            audit(request, self.audit_kind, "Deleted.", row)

    def url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def url(self, page: str, subject: Model) -> str:
        return reverse(f"admin:{self.url_name(page)}", args=[subject.pk])

    def row_url(self, subject: Any) -> str:
        """The page of `subject`."""
        return self.url("change", subject)

    def return_url(self, subject: Any) -> str:
        """The page that staff see after a button, unless they pressed it on another one."""
        return self.row_url(subject)

    def back_url(self, request: HttpRequest, subject: Any) -> str:
        """The page on which the button was pressed."""
        back = request.GET.get("back", "")
        return back if back.startswith(reverse("admin:index")) else self.return_url(subject)

    def offered_buttons(self, request: HttpRequest, subject: Any) -> list[dict[str, Any]]:
        """The buttons this member of staff may press now, as unfold's header shows them."""
        if is_about_nobody(subject):
            return []
        query = "" if request.path == self.row_url(subject) else f"?{urlencode({'back': request.path})}"
        return [
            {
                "verb": button.verb.replace("-", "_"),
                "title": button.title,
                "icon": button.icon,
                "variant": button.variant,
                "attrs": {},
                "dialog": True,
                "path": f"{self.url(button.verb, subject)}{query}",
            }
            for button in self.buttons
            if self.may_press(request, button, subject) and button.offered(subject)
        ]

    def may_press(self, request: HttpRequest, button: Button, subject: Any) -> bool:
        """Whether the role may: asked before the button is shown, and again before it runs."""
        return may(request, self.view_right) and may(request, button.right)

    def page_title(self, row: Any) -> str:
        """The name of `row` in the title and the breadcrumbs of its page."""
        return str(row)

    def form_page_context(self, subject: Any) -> dict[str, Any]:
        """What the page of `subject` shows besides its form."""
        return {}

    def find_row(self, request: HttpRequest, object_id: int, right: Right | None = None) -> Any:
        """The row of this key, for one of its `pages`. Raises Http404 if the merchant has none, and PermissionDenied
        without `right`, or else `view_right`.
        """
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404(f"No {self.opts.verbose_name} {object_id} at this merchant.")
        if not may(request, right or self.view_right):
            raise PermissionDenied
        return row

    def button_view(self, request: HttpRequest, object_id: int, button: Button) -> HttpResponseBase:
        subject = self.find_row(request, object_id)
        if not self.may_press(request, button, subject):
            raise PermissionDenied
        answers = request.POST if request.method == "POST" else None
        form = button.form(answers, request=request, subject=subject)
        if "preview" in request.GET:
            return self.preview_button(request, subject, button, form)
        if form.is_valid():
            return self.run_button(request, subject, button, form)
        context = {
            **self.admin_site.each_context(request),
            "title": button.title,
            "opts": self.opts,
            "button": button,
            "subject": subject,
            "form": form,
            "back": self.back_url(request, subject),
        }
        return TemplateResponse(request, "admin/dialog.html", context)

    def preview_button(self, request: HttpRequest, subject: Any, button: Button, form: ButtonForm) -> HttpResponse:
        """A part of the dialog: what the button would do; empty while an answer is missing."""
        outcome = None
        if button.previews and form.is_valid():
            run = partial(button.run, request, subject, form.cleaned_data)
            outcome = preview(getattr(subject, "customer_id", subject.pk), subject.merchant_id, run)
        return TemplateResponse(request, "admin/parts/outcome.html", {"outcome": outcome})

    def run_button(self, request: HttpRequest, subject: Any, button: Button, form: ButtonForm) -> HttpResponseBase:
        try:
            answer = button.run(request, subject, form.cleaned_data)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            if isinstance(answer, HttpResponseBase):
                return answer
            activity = answer.activity if isinstance(answer, Said) else None
            back = self.back_url(request, subject)
            undo = undo_url(activity, back) if activity and may_undo(request, activity) else ""
            messages.success(request, str(answer), extra_tags=undo)
        return redirect(self.back_url(request, subject))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context.setdefault("show_save_and_add_another", add and self.added_in_rows)
        if obj is not None:
            # Read by our unfold/helpers/header_title.html.
            obj.page_title = self.page_title(obj)
            context |= {
                "subtitle": obj.page_title,
                "title": capfirst(str(self.opts.verbose_name)),
                "actions_detail": self.offered_buttons(request, obj),
                **self.form_page_context(obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)
