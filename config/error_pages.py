"""What staff and visitors get when a page fails."""

import sys

from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error as default_server_error

from common.web.outages import OUTAGES, RETRY_AFTER


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's page; with 503 where the database was away, so that browsers, proxies and monitors can tell."""
    response = default_server_error(request)
    if isinstance(sys.exc_info()[1], OUTAGES):
        response.status_code = 503
        response["Retry-After"] = str(RETRY_AFTER)
    return response
