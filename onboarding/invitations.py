"""The page behind an invitation's link: somebody joins a team, with a new login or with the one they have."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from onboarding.forms import NewLoginForm
from subscriptions.models import AuditEntry, Invitation, Membership
from subscriptions.models.invitation import digest_invitation, open_invitations
from subscriptions.staff.audit import Kind, line_of
from subscriptions.staff.login import finish_login
from subscriptions.staff.site import MERCHANT_KEY, site


class InvitedLoginForm(NewLoginForm):
    """The new login of somebody who was invited; the e-mail address is that of the invitation."""

    class Meta(NewLoginForm.Meta):
        fields = ["username", "first_name", "last_name"]

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        super().__init__(*args, initial={"username": invitation.email}, **options)
        self.instance.email = invitation.email
        for name in ("first_name", "last_name"):
            self.fields[name].widget = type(self.fields["username"].widget)()
            self.fields[name].required = True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@transaction.atomic
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    found = open_invitations().select_for_update(of=("self",)).filter(digest=digest_invitation(token))
    invitation = found.select_related("merchant").first()
    if invitation is None:
        return render(request, "onboarding/invitation_over.html", status=410)
    context = {
        **site.each_context(request),
        "title": f"Join {invitation.merchant}",
        "invitation": invitation,
        "next": request.path,
    }
    if request.user.is_authenticated:
        return join_with_login(request, invitation, context)
    if User.objects.filter(Q(username__iexact=invitation.email) | Q(email__iexact=invitation.email)).exists():
        return render(request, "onboarding/invitation_login.html", context)
    form = InvitedLoginForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if not form.is_valid():
        return render(request, "onboarding/invitation_new.html", {**context, "form": form})
    user = form.save()
    join_team(request, invitation, user)
    finish_login(request, user)
    request.session[MERCHANT_KEY] = invitation.merchant_id
    return redirect("admin:index")


def join_with_login(request: HttpRequest, invitation: Invitation, context: dict[str, Any]) -> HttpResponse:
    if request.method != "POST":
        return render(request, "onboarding/invitation_join.html", context)
    join_team(request, invitation, request.user)
    request.session[MERCHANT_KEY] = invitation.merchant_id
    return redirect("admin:index")


def join_team(request: HttpRequest, invitation: Invitation, user: Any) -> None:
    """Use the invitation up. Somebody who is on the team already keeps their role."""
    invitation.accepted = timezone.now()
    invitation.save(update_fields=["accepted"])
    Membership.objects.get_or_create(merchant=invitation.merchant, user_id=user.pk, defaults={"role": invitation.role})
    sentence = f"Joined by the invitation for {invitation.email}."
    person = {"user_id": user.pk, "who": user.get_full_name() or user.get_username()}
    AuditEntry.objects.create(**line_of(request, invitation.merchant, Kind.ACCESS, sentence, invitation) | person)
