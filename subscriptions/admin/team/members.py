"""The members of the team: their roles, where they are logged in, and what helps one who cannot log in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions.admin.team.invitations import INVITE
from subscriptions.models import Membership, Merchant, Role, SecondFactor
from subscriptions.staff.audit import Kind, audit, person_name
from subscriptions.staff.base import MerchantAdmin, MerchantForm, lock_row
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.reset_links import RESET_HOURS, reset_link
from subscriptions.staff.roles import Right, may
from subscriptions.staff.secrets import show_secret
from subscriptions.staff.sessions import end_sessions
from subscriptions.staff.site import site

FOREIGN = (
    "{person} also works for a merchant whose owner you are not. Whoever runs the portal can help, with manage.py "
    "reset_link."
)


def is_foreign(request: HttpRequest, member: Membership) -> bool:
    """Whether the person works for a merchant of which the one who asks is no owner: it must not lose its login."""
    owned = Membership.objects.filter(user=request.user.pk, role=Role.OWNER).values("merchant")
    return Membership.objects.filter(user=member.user_id).exclude(merchant__in=owned).exists()


def refuse_foreign(request: HttpRequest, member: Membership) -> HttpResponse | None:
    if not is_foreign(request, member):
        return None
    messages.error(request, FOREIGN.format(person=person_name(member.user)))
    return redirect(site.get_model_admin(Membership).url("change", member))


def make_reset_link(request: HttpRequest, member: Membership, answers: dict[str, Any]) -> HttpResponse:
    if refusal := refuse_foreign(request, member):
        return refusal
    audit(request, Kind.ACCESS, "Made a link to set a new password.", member)
    person = person_name(member.user)
    return show_secret(
        request,
        reset_link(member.user),
        title=f"A new password for {person}",
        label="Link",
        explanation=f"Send it to {person}. It works once, for {RESET_HOURS} hours. It is shown only now.",
        back=site.get_model_admin(Membership).url("change", member),
    )


def reset_second_factor(request: HttpRequest, member: Membership, answers: dict[str, Any]) -> str | HttpResponse:
    if refusal := refuse_foreign(request, member):
        return refusal
    SecondFactor.objects.filter(user=member.user_id).delete()
    end_sessions(member.user)
    audit(request, Kind.ACCESS, "Turned two-factor off, as the device is lost, and ended all logins.", member)
    return f"{person_name(member.user)} now logs in with the password alone, and can set up a new device."


def is_switchable(member: Membership) -> bool:
    return SecondFactor.objects.filter(user=member.user_id).exists()


BUTTONS = (
    Button(
        verb="reset-link",
        title="New password",
        icon="lock_reset",
        right=Right.SETTINGS,
        question="Makes a link by which this person sets a new password. The present password works until then.",
        run=make_reset_link,
    ),
    Button(
        verb="lost-device",
        title="Lost device",
        icon="phonelink_erase",
        right=Right.SETTINGS,
        question=(
            "Turns two-factor off for this person and ends all their logins. Make sure that it is really them who "
            "asks: call them."
        ),
        run=reset_second_factor,
        offered=is_switchable,
        variant=ActionVariant.DANGER,
    ),
)


class MembershipForm(MerchantForm):
    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        others = Membership.objects.filter(merchant=self.merchant, role=Role.OWNER).exclude(pk=self.instance.pk)
        if answers.get("role") != Role.OWNER and not others.exists():
            raise forms.ValidationError("A merchant needs at least one owner. Make someone else an owner first.")
        return answers


@admin.register(Membership, site=site)
class MembershipAdmin(MerchantAdmin):
    form = MembershipForm
    edit_right = Right.SETTINGS
    audit_kind = Kind.ACCESS
    buttons = BUTTONS
    add_label = INVITE
    list_display = ["person", "role_of", "second_factor", "last_login"]
    list_select_related = ["user__second_factor"]
    ordering = ["pk"]
    fields = ["user", "role"]
    readonly_fields = ["user"]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:subscriptions_invitation_add")

    def may_press(self, request: HttpRequest, button: Button, subject: Any) -> bool:
        # One's own password and device are under one's own name.
        return super().may_press(request, button, subject) and subject.user_id != request.user.pk

    def offered_buttons(self, request: HttpRequest, subject: Any) -> list[dict[str, Any]]:
        buttons = super().offered_buttons(request, subject)
        if may(request, Right.SETTINGS):
            link = {"title": "Logins", "icon": "devices", "variant": ActionVariant.DEFAULT, "attrs": {}}
            buttons.append({**link, "path": reverse("admin:sessions_of_member", args=[subject.pk])})
        return buttons

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Staff cannot remove themselves, so the last owner stays too.
        oneself = isinstance(obj, Membership) and obj.user_id == request.user.pk
        return super().has_delete_permission(request, obj) and not oneself

    def _changeform_view(self, request: HttpRequest, object_id: str | None, *args: Any) -> HttpResponse:
        # Two owners who change each other's role at once would leave none.
        if request.method == "POST":
            lock_row(Merchant.objects.all(), merchant_of(request).pk)
        return super()._changeform_view(request, object_id, *args)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        lock_row(Merchant.objects.all(), obj.merchant_id)
        if not Membership.objects.filter(merchant=obj.merchant_id, role=Role.OWNER).exclude(pk=obj.pk).exists():
            raise PermissionDenied  # the other owner was removed, or got another role, at this moment
        super().delete_model(request, obj)

    @display(description="Person", header=True)
    def person(self, row: Membership) -> list[str]:
        return [row.user.get_full_name() or row.user.get_username(), row.user.email]

    @display(description="Role", label={"Owner": "primary", "Marketing": "info", "Support": "success"})
    def role_of(self, row: Membership) -> str:
        return row.get_role_display()

    @display(description="Last login")
    def last_login(self, row: Membership) -> Any:
        return row.user.last_login

    @display(description="Two-factor", boolean=True)
    def second_factor(self, row: Membership) -> bool:
        return getattr(row.user, "second_factor", None) is not None
