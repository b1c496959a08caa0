"""The OpenAPI description: what drf-spectacular cannot derive from the views, above all how each call can fail."""

from collections.abc import Container
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, append_meta, build_object_type

from subscriptions.api.idempotency import KEY_PATTERN
from subscriptions.objects.object_type import ObjectType

DETAIL = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
DETAILS = {"type": "object", "required": ["details"], "properties": {"details": {"type": "string"}}}
MESSAGES = {"type": "array", "items": {"type": "string"}}
BY_FIELD = {"type": "object", "additionalProperties": MESSAGES}
INVALID = {"anyOf": [DETAIL, BY_FIELD]}

# What a status means, the schema of its body, an example.
Failure = tuple[str, dict[str, Any], dict[str, Any]]
ERRORS: dict[str, Failure] = {
    "400": (
        "A value is wrong, or the state of the object does not allow it.",
        INVALID,
        {"every": ["This field is required."]},
    ),
    "403": (
        "The credential is missing, wrong or not sufficient.",
        DETAIL,
        {"detail": "Authentication Failed"},
    ),
    "404": ("This merchant has no such object.", DETAIL, {"detail": "Unable to find requested asset."}),
    "409": (
        "The first request with this Idempotency-Key is running.",
        DETAIL,
        {"detail": "A request with this Idempotency-Key is running."},
    ),
    "415": ("The body is not JSON.", DETAIL, {"detail": 'Unsupported media type "text/plain" in request.'}),
    "422": (
        "The Idempotency-Key was used with another body before.",
        DETAIL,
        {"detail": "This Idempotency-Key came with another body before."},
    ),
    "423": (
        "Another write is changing the customer.",
        DETAILS,
        {"details": "This customer is being changed elsewhere; try again in a moment."},
    ),
    "429": ("Too many requests.", DETAIL, {"detail": "Too many requests; try again in 12 seconds."}),
    "500": ("A fault on our side.", DETAIL, {"detail": "Something went wrong on our side."}),
    "503": ("Not available.", DETAIL, {"detail": "The service is not available; try again in a moment."}),
}
STATUSES_OF_ALL = {"403", "429", "500", "503"}
STATUSES_OF_WRITES = {"400", "409", "422", "423"}

STATUSES_TO_RETRY = {"409", "423", "429", "503"}
COMMON_HEADERS = {
    "X-Request-Id": ("string", "The caller's id of the request, or ours; quote it when you ask for help."),
    "RateLimit-Limit": ("integer", "Requests allowed per minute and client address."),
    "RateLimit-Remaining": ("integer", "Requests left in this minute."),
    "RateLimit-Reset": ("integer", "Seconds until the count starts again."),
}


class Schema(AutoSchema):
    view: Any

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            operation.setdefault("parameters", []).extend(self._own_parameters())
            operation["responses"] |= {
                status: self._error_response(status) for status in sorted(self._error_statuses())
            }
            for status, response in operation["responses"].items():
                response["headers"] = _headers(status)
        return operation

    def get_operation_id(self) -> str:
        return super().get_operation_id().removesuffix("_partial_update")

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "body", None)

    def get_response_serializers(self) -> Any:
        serializer, status = super().get_response_serializers(), getattr(self.view, "success_status", 200)
        return serializer if status == 200 else {status: serializer}

    def _is_list_view(self, serializer: Any = None) -> bool:
        return hasattr(self.view, "orderings")

    def _error_statuses(self) -> set[str]:
        if self.method == "GET":
            return STATUSES_OF_ALL | {"404"} | ({"400"} if self._is_list_view() or self.view.flags else set())
        accepts_any_type = "*/*" in (parser.media_type for parser in self.view.parser_classes)
        for_one_object = {"404"} if "{" in self.path else set()
        return STATUSES_OF_ALL | STATUSES_OF_WRITES | for_one_object | (set() if accepts_any_type else {"415"})

    def _error_response(self, status: str) -> dict[str, Any]:
        description, body_schema, example = self.view.failures.get(status, ERRORS[status])
        if status == "404" and status not in self.view.failures:
            example = self.view.missing
        if status == "404" and self._is_list_view():
            description, example = "No such page.", {"detail": "Invalid page."}
        return {
            "description": description,
            "content": {"application/json": {"schema": body_schema, "example": example}},
        }

    def _own_parameters(self) -> list[dict[str, Any]]:
        own = [_parameter("query", name, text, "boolean") for name, text in self.view.flags.items()]
        if self._is_list_view():
            own.append(_parameter("header", "X-OG-API-VERSION", "`2`: cursor mode, without a count."))
        if self.method != "GET":
            key = _parameter("header", "Idempotency-Key", "For 24 hours a repeat gets the first request's answer.")
            key["schema"]["pattern"] = f"^{KEY_PATTERN.pattern}$"
            own.append(key)
        return [
            *own,
            _parameter("header", "X-Request-Id", "Returned with the answer, and written to our logs."),
        ]


class ObjectDescription(OpenApiSerializerExtension):
    """The schema of an object of the API, from its `ObjectType`."""

    target_class = "subscriptions.api.serializers.ObjectSerializer"
    match_subclasses = True

    def get_identity(self, auto_schema: AutoSchema, direction: Any) -> ObjectType:
        # The same component as that of an object nested in another one.
        object_type: ObjectType = self.target.object_type
        return object_type

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        return _describe(self.target.object_type, auto_schema, optional=self.target.optional)


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "subscriptions.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "x-api-key"}


class SignatureScheme(OpenApiAuthenticationExtension):
    target_class = "subscriptions.api.storefront.StorefrontAuthentication"
    name = "storefrontSignature"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization"}


def keep_api_endpoints(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A hook for drf-spectacular that leaves the rest of the site out of the description."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


def _describe(kind: ObjectType, auto_schema: AutoSchema, optional: Container[str] = ()) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key, value in kind.values.items():
        for nested in value.nested:
            component = ResolvedComponent(nested.name, ResolvedComponent.SCHEMA, object=nested)
            component.schema = _describe(nested, auto_schema, nested.optional)
            auto_schema.registry.register_on_missing(component)
        properties[key] = append_meta(dict(value.schema), {"nullable": value.nullable, "readOnly": True})
    required = [key for key in properties if key not in optional]
    described: dict[str, Any] = build_object_type(properties, required, kind.description)
    return described


def _headers(status: str) -> dict[str, Any]:
    headers = dict(COMMON_HEADERS)
    if status in STATUSES_TO_RETRY:
        headers["Retry-After"] = ("integer", "Seconds to wait before trying again.")
    if status in {"400", "403", "423"}:
        headers["X-Error-Code"] = ("string", "The code of the refusal, for programs.")
    return {name: {"description": text, "schema": {"type": kind}} for name, (kind, text) in headers.items()}


def _parameter(place: str, name: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "schema": {"type": kind}}
