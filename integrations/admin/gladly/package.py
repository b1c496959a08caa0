"""The app package for download; it is the same for every merchant."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from integrations.gladly.package import build_package, package_name
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site


@require_safe
def download_package(request: HttpRequest) -> HttpResponse:
    if not may(request, Right.CONNECTIONS):
        raise PermissionDenied
    headers = {"Content-Disposition": f'attachment; filename="{package_name()}"'}
    return HttpResponse(build_package(), content_type="application/zip", headers=headers)


site.pages.append(path("gladly/package/", site.admin_view(download_package), name="gladly_package"))
