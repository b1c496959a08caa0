import httpx
import pytest
from django.test import Client

from integrations import http
from subscriptions.events import catalogue
from tests.factories import ConnectionFactory
from tests.integrations.events import create_delivery, create_event


@pytest.fixture
def delivery(db):
    event = create_event(catalogue.SUBSCRIPTION_CANCEL)
    return create_delivery(event, ConnectionFactory(merchant=event.merchant, secret="pk_secret"))


@pytest.fixture
def to_sandbox(monkeypatch):
    """Outbound requests to Klaviyo's paths reach the sandbox without a network; gives the requests."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        names = ("authorization", "revision", "content-type")
        response = Client().generic(
            request.method,
            "/sandbox/klaviyo" + request.url.raw_path.decode().removeprefix("/sandbox/klaviyo"),
            request.content,
            content_type=request.headers["content-type"],
            headers={name: request.headers[name] for name in names},
        )
        headers = {name: response[name] for name in ("Retry-After",) if response.has_header(name)}
        return httpx.Response(response.status_code, headers=headers, stream=httpx.ByteStream(response.content))

    monkeypatch.setattr(http, "get_transport", lambda: httpx.MockTransport(handle))
    return requests
