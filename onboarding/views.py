"""The first-run page: the first owner signs up with a merchant. The login leads here while nobody can log in."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from onboarding.forms import NewLoginForm, NewMerchantForm
from onboarding.new_merchant import has_live_merchant, lock_new_merchants
from onboarding.setup_link import is_setup_token
from subscriptions.models import Membership
from subscriptions.staff.login import finish_login
from subscriptions.staff.site import site


def login(request: HttpRequest) -> HttpResponseBase:
    """The staff login; while there is no staff, the page that says how to begin."""
    return site.login(request) if Membership.objects.exists() else redirect("how_to_begin")


@require_safe
def how_to_begin(request: HttpRequest) -> HttpResponse:
    return render(request, "onboarding/how_to_begin.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    if not is_setup_token(token):
        return render(request, "onboarding/how_to_begin.html", {"is_expired": True}, status=403)
    with transaction.atomic():
        lock_new_merchants()
        if has_live_merchant():
            return render(request, "onboarding/set_up_already.html", status=410)
        return _sign_up(request)


def _sign_up(request: HttpRequest) -> HttpResponse:
    answers = request.POST if request.method == "POST" else None
    merchant_form, owner_form = NewMerchantForm(answers), NewLoginForm(answers)
    shown = {**site.each_context(request), "title": "Set up your shop"}
    if merchant_form.errors or owner_form.errors or answers is None:
        return render(request, "onboarding/setup.html", {**shown, "forms": [merchant_form, owner_form]})
    owner = owner_form.save()
    merchant = merchant_form.create(owner)
    finish_login(request, owner)
    return render(request, "onboarding/done.html", {**shown, "title": "Your shop is set up", "merchant": merchant})
