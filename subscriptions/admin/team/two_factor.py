"""One's own second factor: set it up by scanning a picture, get new recovery codes, turn it off."""

import secrets
from base64 import b32encode
from binascii import unhexlify
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from subscriptions.models import Membership, SecondFactor
from subscriptions.models.second_factor import find_step
from subscriptions.staff.audit import Kind, audit_person
from subscriptions.staff.login import TWO_FACTOR, WRONG_CODE, CodeForm, verify_code
from subscriptions.staff.sessions import end_sessions
from subscriptions.staff.site import site

ISSUER = "Reprise"
KEY_SECONDS = 60 * 60
SALT = "two-factor key"
OTHER_PICTURE = "This is not the code of this picture. Scan it, and enter the code that the app shows now."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def two_factor_page(request: HttpRequest) -> HttpResponse:
    factor = SecondFactor.objects.filter(user=request.user.pk).first()
    form = CodeForm(request.POST if request.method == "POST" else None)
    if factor is None:
        form.fields["code"].help_text = "The six digits that the app shows now."
    if form.is_valid():
        run = set_up if factor is None else ACTS.get(request.POST.get("act", ""), new_codes)
        if answer := run(request, form):
            return answer
    key = posted_key(request) or secrets.token_hex(20)
    address = app_address(request, key)
    context = {
        **site.each_context(request),
        "title": "Two-factor login",
        "form": form,
        "factor": factor,
        "required_by": requiring_merchants(request),
        "signed_key": signing.dumps([request.user.pk, key], salt=SALT),
        "key": grouped(b32encode(unhexlify(key)).decode()),
        "picture": draw_picture(address),
        "address": address,
    }
    return TemplateResponse(request, "admin/team/two_factor.html", context)


def posted_key(request: HttpRequest) -> str:
    """The key that the form showed to this person; empty if it is too old."""
    try:
        user, key = signing.loads(request.POST.get("key", ""), salt=SALT, max_age=KEY_SECONDS)
    except signing.BadSignature:
        return ""
    return key if user == request.user.pk else ""


def set_up(request: HttpRequest, form: CodeForm) -> HttpResponse | None:
    key, code = posted_key(request), form.cleaned_data["code"].replace(" ", "")
    step = find_step(key, code) if key else None
    if step is None:
        form.add_error("code", OTHER_PICTURE)
        return None
    new = {"key": key, "last_step": step}
    factor, is_new = SecondFactor.objects.get_or_create(user_id=request.user.pk, defaults=new)
    if not is_new:
        return redirect("admin:two_factor")
    request.session[TWO_FACTOR] = True
    # Whoever logged in without it before has to log in anew.
    end_sessions(factor.user, keep=request.session.session_key)
    audit_person(request, request.user, Kind.ACCESS, "Turned two-factor on.")
    return show_codes(request, factor)


def new_codes(request: HttpRequest, form: CodeForm) -> HttpResponse | None:
    if not verify_code(request.user, form.cleaned_data["code"]):
        form.add_error("code", WRONG_CODE)
        return None
    audit_person(request, request.user, Kind.ACCESS, "Made new recovery codes.")
    return show_codes(request, SecondFactor.objects.get(user=request.user.pk))


def turn_off(request: HttpRequest, form: CodeForm) -> HttpResponse | None:
    if names := requiring_merchants(request):
        form.add_error(None, f"{' and '.join(names)} requires it.")
        return None
    if not verify_code(request.user, form.cleaned_data["code"]):
        form.add_error("code", WRONG_CODE)
        return None
    SecondFactor.objects.filter(user=request.user.pk).delete()
    request.session[TWO_FACTOR] = False
    # Their logins are marked as made with a code, and a merchant may require one again.
    end_sessions(request.user, keep=request.session.session_key)
    audit_person(request, request.user, Kind.ACCESS, "Turned two-factor off.")
    messages.success(request, "Two-factor is off. Your password alone logs you in.")
    return redirect("admin:two_factor")


ACTS = {"codes": new_codes, "off": turn_off}


def show_codes(request: HttpRequest, factor: SecondFactor) -> HttpResponse:
    with transaction.atomic():
        locked = SecondFactor.objects.select_for_update().get(pk=factor.pk)
        codes = locked.new_recovery_codes()
        locked.save(update_fields=["recovery"])
    context = {**site.each_context(request), "title": "Your recovery codes", "codes": codes}
    return TemplateResponse(request, "admin/team/recovery_codes.html", context)


def requiring_merchants(request: HttpRequest) -> list[str]:
    teams = Membership.objects.filter(user=request.user.pk, merchant__requires_two_factor=True)
    return [*teams.order_by("merchant__name").values_list("merchant__name", flat=True)]


def app_address(request: HttpRequest, key: str) -> str:
    """What the picture says: the key as authenticator apps read it."""
    label = quote(f"{ISSUER}:{request.user.get_username()}")
    return f"otpauth://totp/{label}?{urlencode({'secret': b32encode(unhexlify(key)).decode(), 'issuer': ISSUER})}"


def draw_picture(address: str) -> SafeString:
    """A QR code, made here, so that the key reaches no other service."""
    made: Any = segno.make(address, error="m", micro=False)
    return mark_safe(made.svg_inline(scale=5, border=4, dark="#000", light="#fff"))


def grouped(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


site.pages.append(path("two-factor/", site.admin_view(two_factor_page), name="two_factor"))
