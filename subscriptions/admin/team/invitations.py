"""Invitations to the team: each is a link that is shown once, or sent where the portal can send e-mail."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.mail import send_mail
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from subscriptions.models import Invitation, Membership, Role
from subscriptions.models.invitation import INVITATION_DAYS, open_invitations
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.buttons import Button
from subscriptions.staff.roles import Right, may
from subscriptions.staff.secrets import show_secret
from subscriptions.staff.site import site

INVITE = "Invite a colleague"
MAIL = """{sender} invites you to work with {merchant} in Reprise.

Open this link to join. It works once, until {until}:

{link}
"""


class InvitationForm(MerchantForm):
    class Meta:
        help_texts = {"role": "What they may do; you can change it at any time."}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        members = Membership.objects.filter(merchant=self.merchant)
        if members.filter(user__email__iexact=email).exists() or members.filter(user__username__iexact=email).exists():
            raise forms.ValidationError("This person is on the team already.")
        return email


def invitation_link(token: str) -> str:
    return settings.PUBLIC_URL + reverse("invitation", args=[token])


def show_invitation(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The page with the link; the link is sent as well where that is possible."""
    link = invitation_link(token)
    sent = settings.CAN_SEND_MAIL and send_invitation(request, invitation, link)
    return show_secret(
        request,
        link,
        title=f"Invitation for {invitation.email}",
        label="Link",
        explanation=(
            f"{'It was sent by e-mail; you can also pass it on yourself.' if sent else 'Send it to your colleague.'} "
            f"It works once, for {INVITATION_DAYS} days, and is shown only now."
        ),
        back=reverse("admin:subscriptions_invitation_changelist"),
    )


def send_invitation(request: HttpRequest, invitation: Invitation, link: str) -> bool:
    text = MAIL.format(
        sender=request.user, merchant=invitation.merchant, until=f"{invitation.expires:%B %-d, %Y}", link=link
    )
    try:
        send_mail(f"Join {invitation.merchant} in Reprise", text, None, [invitation.email])
    except OSError:
        messages.warning(request, f"The e-mail to {invitation.email} could not be sent. Send the link yourself.")
        return False
    return True


def renew_link(request: HttpRequest, invitation: Invitation, answers: dict[str, Any]) -> HttpResponse:
    token = invitation.new_token()
    invitation.invited_by_id = request.user.pk
    invitation.save(update_fields=["digest", "created", "expires", "invited_by"])
    audit(request, Kind.ACCESS, "Made a new link of the invitation.", invitation)
    return show_invitation(request, invitation, token)


@admin.register(Invitation, site=site)
class InvitationAdmin(MerchantAdmin):
    form = InvitationForm
    view_right = Right.SETTINGS
    edit_right = Right.SETTINGS
    audit_kind = Kind.ACCESS
    add_label = INVITE
    list_display = ["email", "role_of", "state", "created", "expires"]
    ordering = ["-created", "-id"]
    fields = ["email", "role"]
    empty_about = "Invite the people you work with: each gets a link of their own."
    buttons = (
        Button(
            verb="new-link",
            title="New link",
            icon="link",
            right=Right.SETTINGS,
            question="Makes a new link for this person, valid for a week. The earlier link stops working.",
            run=renew_link,
            offered=lambda invitation: invitation.accepted is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # Those who have joined are on the team.
        found = super().get_queryset(request).filter(accepted=None)
        return found.annotate(is_open=Exists(open_invitations().filter(pk=OuterRef("pk"))))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.SETTINGS)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"role": Role.SUPPORT, **super().get_changeform_initial_data(request)}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The link is shown at once, so no other form can follow.
        only_save = {"show_save_and_continue": False, "title": INVITE}
        return super().add_view(request, form_url, {**only_save, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Invitation, form: forms.ModelForm, change: bool) -> None:
        request.new_token = obj.new_token()  # type: ignore[attr-defined]  # for `response_add`, which shows it
        obj.invited_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None) -> HttpResponse:
        return show_invitation(request, obj, request.new_token)  # type: ignore[attr-defined]  # set by `save_model`

    @display(description="Role", ordering="role")
    def role_of(self, row: Invitation) -> str:
        return row.get_role_display()

    @display(description="State", label={"Open": "info", "Ended": "warning"})
    def state(self, row: Any) -> str:
        return "Open" if row.is_open else "Ended"
