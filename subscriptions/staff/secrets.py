"""The page that shows a new secret, once: what is stored of it cannot be shown."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from subscriptions.staff.site import site


def show_secret(
    request: HttpRequest, secret: str, *, title: str, label: str, explanation: str, back: str
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": title,
        "label": label,
        "secret": secret,
        "explanation": explanation,
        "back": back,
    }
    return TemplateResponse(request, "admin/secret_shown.html", context)
