"""A new password without the old one: asking for the link, and the page behind it."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.mail import send_mail
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from common.web.client_address import client_address
from common.web.rate_limit import count_request
from common.work import queue_task
from subscriptions.staff.audit import Kind, audit_person, audit_teams, person_name
from subscriptions.staff.logins import remember_device
from subscriptions.staff.reset_links import RESET_HOURS, reset_link
from subscriptions.staff.sessions import end_sessions
from subscriptions.staff.site import site

ASKED_PER_MINUTE = 5
MAIL = """Somebody asked for a new password for your login {login}.

Open this link to set one. It works once, for {hours} hours:

{link}

If it was not you, do nothing: your password stays as it is.
"""


class ForgottenForm(PasswordResetForm):
    """Who has forgotten the password; many logins are the e-mail address itself."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].widget = UnfoldAdminTextInputWidget(attrs={"type": "email", "autocomplete": "email"})

    def get_users(self, email: str) -> Iterable[User]:
        named = User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email), is_active=True, is_staff=True)
        return [user for user in named if user.has_usable_password()]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    context = {**site.each_context(request), "title": "New password", "form": form, "can_send": settings.CAN_SEND_MAIL}
    if not (settings.CAN_SEND_MAIL and form.is_valid()):
        return render(request, "onboarding/forgotten.html", context)
    if count_request("forgotten", client_address(request), ASKED_PER_MINUTE).exceeded:
        return render(request, "locked_out.html", status=429)
    # In the background: neither the page nor its time tells whether there is such a login.
    queue_task("onboarding.passwords.send_links", form.cleaned_data["email"], client_address(request))
    return render(request, "onboarding/forgotten.html", {**context, "is_sent": True})


def send_links(email: str, address: str) -> None:
    """Task: send a link to each login that `email` names; it was asked for from the IP address `address`."""
    for user in ForgottenForm().get_users(email):
        text = MAIL.format(login=user.get_username(), hours=RESET_HOURS, link=reset_link(user))
        send_mail("A new password for Reprise", text, None, [user.email or user.get_username()])
        sentence = "Asked for a link to set a new password."
        audit_teams(user, Kind.ACCESS, sentence, who=person_name(user), user_id=user.pk, address=address or None)


class NewPasswordForm(SetPasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class NewPassword(PasswordResetConfirmView):
    """The page behind the link. A second factor is still asked for afterwards, at the login."""

    form_class = NewPasswordForm
    template_name = "onboarding/new_password.html"
    success_url = reverse_lazy("admin:login")

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**site.each_context(self.request), **super().get_context_data(**more), "hours": RESET_HOURS}

    def form_valid(self, form: Any) -> HttpResponse:
        super().form_valid(form)
        end_sessions(form.user)
        audit_person(self.request, form.user, Kind.ACCESS, "Set a new password by a link.")
        messages.success(self.request, "Your new password is saved. Log in with it.")
        response = redirect(self.get_success_url())
        # Whoever has the link is that person: the wrong guesses before it no longer make them wait.
        remember_device(response, form.user.get_username())
        return response
