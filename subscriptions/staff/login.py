"""The login: password, then the code of the second factor for those who have one."""

import time
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login as log_in
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.generic import FormView
from unfold.widgets import UnfoldAdminTextInputWidget

from common.web.client_address import client_address
from common.work import queue_task
from subscriptions.models import SecondFactor
from subscriptions.models.second_factor import has_second_factor
from subscriptions.staff.audit import Kind, audit_person, audit_teams, person_name
from subscriptions.staff.logins import remember_device
from subscriptions.staff.sessions import begin_session

LONGEST_NAME = 150  # of a login
HALF = "half_login"
HALF_SECONDS = 10 * 60
TWO_FACTOR = "two_factor"
"""The key of a session whose login gave a code."""
WRONG_CODE = (
    "This code is not right, or was used already. Wait for the next one. After each wrong code you "
    "have to wait a little longer."
)


def finish_login(request: HttpRequest, user: Any, *, two_factor: bool = False) -> None:
    """Log `user` in, and keep where from."""
    log_in(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[TWO_FACTOR] = two_factor
    begin_session(request)
    audit_person(request, user, Kind.LOGIN, "Logged in with a code." if two_factor else "Logged in.")


def note_failure(request: Any, name: str) -> None:
    """Keep a wrong password, and that the name has to wait now; while it waits, guesses would only fill the audit."""
    if request.axes_locked_out and not request.axes_failures_since_start:
        return
    sentence = (
        "Gave a wrong password too often, and has to wait." if request.axes_locked_out else "Gave a wrong password."
    )
    # In the background: the time of the answer does not tell whether there is such a login.
    name = name.replace("\0", "")[:LONGEST_NAME]
    queue_task("subscriptions.staff.login.audit_failure", name, sentence, client_address(request), timezone.now())


def audit_failure(name: str, sentence: str, address: str, at: datetime) -> None:
    """Task: keep a failed login of `name` from an IP address, if there is such a login."""
    if user := User.objects.filter(username=name).first():
        where = {"address": address or None, "at": at}
        audit_teams(user, Kind.FAILED_LOGIN, sentence, who=person_name(user), user_id=user.pk, **where)


class PasswordStep(LoginView):
    template_name = "admin/login.html"
    next_page = "admin:index"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        if has_second_factor(user):
            self.request.session[HALF] = {"user": user.pk, "until": time.time() + HALF_SECONDS}
            return redirect(f"{reverse('admin:login_code')}?{urlencode({'next': self.get_success_url()})}")
        finish_login(self.request, user)
        response = redirect(self.get_success_url())
        remember_device(response, user.get_username())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        note_failure(self.request, self.request.POST.get("username", ""))
        return super().form_invalid(form)


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text", "spellcheck": "false"}
        ),
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
    )


def verify_code(user: Any, code: str) -> bool:
    """Whether the code is right; each works once."""
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user.pk).first()
        return factor is not None and factor.verify(code)


@method_decorator(never_cache, name="dispatch")
class CodeStep(FormView):
    form_class = CodeForm
    template_name = "admin/team/code.html"

    def dispatch(self, request: Any, *args: Any, **options: Any) -> Any:
        half = request.session.get(HALF) or {"user": 0, "until": 0}
        found = User.objects.filter(pk=half["user"], is_active=True) if half["until"] > time.time() else ()
        self.user: Any = next(iter(found), None)
        return super().dispatch(request, *args, **options) if self.user else redirect("admin:login")

    def form_valid(self, form: CodeForm) -> HttpResponse:
        if not verify_code(self.user, form.cleaned_data["code"]):
            audit_person(self.request, self.user, Kind.FAILED_LOGIN, "Gave a wrong code.")
            form.add_error("code", WRONG_CODE)
            return self.form_invalid(form)
        del self.request.session[HALF]
        finish_login(self.request, self.user, two_factor=True)
        response = redirect(safe_next(self.request))
        remember_device(response, self.user.get_username())
        return response


def safe_next(request: HttpRequest) -> str:
    """The page of ours that the address names, else Home."""
    target = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else reverse(settings.LOGIN_REDIRECT_URL)
