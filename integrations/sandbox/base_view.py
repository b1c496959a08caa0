"""What every request to the sandbox passes: key, rate limits, faults."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from integrations.models import Connection
from integrations.sandbox import faults, private_keys
from integrations.sandbox.endpoints import Endpoint
from integrations.sandbox.errors import ApiError, InvalidBody
from integrations.sandbox.faults import Outcome
from integrations.sandbox.rate_limits import Usage, count_request
from subscriptions.models import Merchant

Respond = Callable[[], HttpResponseBase]


@method_decorator(csrf_exempt, name="dispatch")
class SandboxView(View):
    """Finds the merchant by the API key, and returns errors in the integration's format."""

    integration: Connection.Integration
    merchant: Merchant
    refuses_repeats = False
    http_method_names = ["get", "head", "post"]
    endpoints: dict[str, Endpoint] = {}
    """By method, those that are limited and may be told to fail."""

    usage: Usage | None = None
    """Where the request counts towards a limit."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        handle = partial(super().dispatch, request, *args, **kwargs)
        response = self._respond(partial(self._admit, request, handle))
        if self.usage and response.status_code != 429:
            for name, value in self.usage_headers(self.usage).items():
                response.headers[name] = value
        return response

    def _admit(self, request: HttpRequest, handle: Respond) -> HttpResponseBase:
        """Handle the request, unless a limit or a fault stands against it. Raises ApiError."""
        self.merchant = private_keys.find_key_merchant(request.headers.get("Authorization", ""), self.integration)
        self.check_headers(request)
        endpoint = self.endpoints.get(str(request.method))
        if endpoint is None:
            return handle()
        active = faults.find_faults(self.merchant, endpoint)
        if not faults.pick_fault(active, [Outcome.UNLIMITED]):
            self.usage = count_request(self.merchant, endpoint)
            refuse_excess(self.usage)
        self.refuses_repeats = faults.pick_fault(active, [Outcome.REPEATS]) is not None
        fault = faults.pick_fault(active, faults.SPOILING)
        return faults.respond_with_fault(request, fault, partial(self._respond, handle)) if fault else handle()

    def _respond(self, respond: Respond) -> HttpResponseBase:
        try:
            return respond()
        except InvalidBody as invalid:
            return self.error_response(invalid.errors)
        except ApiError as error:
            return self.error_response([error])

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise ApiError(405, "method_not_allowed", f'Method "{request.method}" not allowed.')

    def check_headers(self, request: HttpRequest) -> None:
        """Raises ApiError."""

    def error_response(self, errors: list[ApiError]) -> HttpResponse:
        """The response to one or more errors of the same status."""
        raise NotImplementedError

    def usage_headers(self, usage: Usage) -> dict[str, str]:
        raise NotImplementedError


def refuse_excess(usage: Usage) -> None:
    """Raises ApiError 429."""
    if seconds := usage.retry_after:
        detail = f"Request was throttled. Expected available in {seconds} second{'' if seconds == 1 else 's'}."
        raise ApiError(429, "throttled", detail, headers={"Retry-After": str(seconds)})
