"""The page of the set-up guide."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_safe

from onboarding.guide import read_guide
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site


@require_safe
def guide_page(request: HttpRequest) -> HttpResponse:
    guide = read_guide(request, merchant_of(request))
    return TemplateResponse(
        request, "admin/guide.html", {**site.each_context(request), "title": "Set-up guide", "guide": guide}
    )


site.pages.append(path("guide/", site.admin_view(guide_page), name="guide"))
