"""Requests as openapi-core reads them, to hold them to the official descriptions."""

import json
from typing import Any

import httpx
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict


class SpecRequest:
    """An httpx request as openapi-core reads one."""

    def __init__(self, request: httpx.Request) -> None:
        self.host_url = f"{request.url.scheme}://{request.url.netloc.decode()}"
        self.path, self.method = request.url.path, request.method.lower()
        self.full_url_pattern = self.host_url + self.path
        self.content_type = request.headers.get("content-type", "").split(";")[0]
        self.body = request.content or None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(request.url.params.multi_items())),
            header=Headers(list(request.headers.items())),
            cookie=ImmutableMultiDict(),
            path={},
        )


def schema_takes(spec: OpenAPI, request: httpx.Request) -> bool:
    try:
        spec.validate_request(SpecRequest(request))
    except OpenAPIError:
        return False
    return True


def spec_takes_body(spec: OpenAPI, url: str, body: Any, **headers: str) -> bool:
    """Whether the description takes a POST of `body` to `url`."""
    return schema_takes(spec, httpx.Request("POST", url, headers=headers, content=json.dumps(body)))
