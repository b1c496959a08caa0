"""The reasons that people choose from when they cancel: their texts, their order, and which are offered."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from subscriptions.actions.cancel_reasons import CHOSEN_FROM, offered_reasons, place_reason
from subscriptions.models import CancelReason, Merchant
from subscriptions.staff.base import MerchantAdmin, MerchantForm, lock_row
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import RowChoiceField
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site


class CancelReasonForm(MerchantForm):
    """`before` is the reason above this one in the list."""

    before = RowChoiceField(label="Place in the list", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "before" not in self.fields:
            return  # the reader may only look
        rows = list(offered_reasons(self.merchant))
        index = next((index for index, row in enumerate(rows) if row.pk == self.instance.pk), len(rows))
        others = [row for row in rows if row.pk != self.instance.pk]
        self.fields["before"].offer_rows(others, lambda row: f"After: {row.label}", empty="First")  # type: ignore[attr-defined]
        self.initial["before"] = str(rows[index - 1].pk) if index else ""

    def _get_validation_exclusions(self) -> set[str]:
        # A code is checked within its list, which is no field of the form.
        return super()._get_validation_exclusions() - {"application"}


def archive_reason(request: HttpRequest, reason: CancelReason, answers: dict[str, Any]) -> str:
    return set_archived(request, reason, archived=True)


def restore_reason(request: HttpRequest, reason: CancelReason, answers: dict[str, Any]) -> str:
    return set_archived(request, reason, archived=False)


def set_archived(request: HttpRequest, reason: CancelReason, *, archived: bool) -> str:
    CancelReason.objects.filter(pk=reason.pk).update(archived=archived)
    site.get_model_admin(CancelReason).log_change(request, reason, "Archived." if archived else "Restored.")
    return f"“{reason}” is {'archived: nobody can choose it any more' if archived else 'offered again'}."


BUTTONS = (
    Button(
        verb="archive",
        title="Archive",
        icon="archive",
        right=Right.SETTINGS,
        question="Nobody can choose this reason any more. What was cancelled for it keeps its name, in figures too.",
        run=archive_reason,
        offered=lambda reason: not reason.archived,
    ),
    Button(
        verb="restore",
        title="Restore",
        icon="unarchive",
        right=Right.SETTINGS,
        question="Staff, customers and agents can choose this reason again.",
        run=restore_reason,
        offered=lambda reason: reason.archived,
    ),
)


@admin.register(CancelReason, site=site)
class CancelReasonAdmin(MerchantAdmin):
    form = CancelReasonForm
    edit_right = Right.SETTINGS
    deletable = False  # what was cancelled for it would lose its name
    added_in_rows = True
    buttons = BUTTONS
    list_display = ["label", "code", "state"]
    ordering = ["archived", "position", "code"]
    search_fields = ["label__icontains"]
    search_help_text = "Text"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(application=CHOSEN_FROM)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        is_placed = self.has_change_permission(request, obj) and not getattr(obj, "archived", False)
        return ["label", "code", *(["before"] if is_placed else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["code"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        used = self.get_queryset(request).aggregate(most=Max("code"))["most"] or 0
        return {"code": used + 1} | super().get_changeform_initial_data(request)

    def _changeform_view(self, request: HttpRequest, object_id: str | None, *args: Any) -> HttpResponse:
        if request.method == "POST":
            # Before the reason: `place_reason` locks both, and two people would wait for each other.
            lock_row(Merchant.objects.all(), merchant_of(request).pk)
        return super()._changeform_view(request, object_id, *args)

    def save_model(self, request: HttpRequest, obj: CancelReason, form: CancelReasonForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "before" in form.cleaned_data and (not change or "before" in form.changed_data):
            place_reason(obj, form.cleaned_data["before"])

    @display(description="State", label={"Offered": "success", "Archived": "default"})
    def state(self, row: CancelReason) -> str:
        return "Archived" if row.archived else "Offered"
