"""The OpenAPI description: what drf-spectacular cannot derive from the views, above all how each call can fail."""

from collections.abc import Container
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, append_meta, build_object_type
from rest_framework.serializers import ListSerializer

from subscriptions.api.authentication import MayListAll
from subscriptions.api.failures import (
    BY_FIELD,
    ERRORS,
    REQUIRED,
    STATUSES_OF_ALL,
    STATUSES_OF_WRITES,
    STATUSES_TO_RETRY,
    Failure,
)
from subscriptions.api.filters import BOOLEAN_HINT
from subscriptions.api.idempotency import KEY_PATTERN
from subscriptions.api.pagination import PAGE_SIZE_HINT
from subscriptions.objects.object_type import ObjectType

# The kinds of credential, by the letter in the `scopes` of views: name, header, description.
CREDENTIALS = {
    "A": ("apiKey", "x-api-key", "An API key of the merchant; for servers only."),
    "S": (
        "storefrontSignature",
        "Authorization",
        'The storefront signature of one customer: `{"public_id","sig_field","ts","sig"}` as JSON text.',
    ),
    "R": (
        "recognizedSignature",
        "Authorization",
        'The same with `"trust_level":"recognized"`, for a customer who comes by a link in a mail.',
    ),
}
READING = ("GET", "HEAD", "OPTIONS")
NEEDS_BULK = "An API key without the scope `bulk` must limit the list by one of {}."
# What an `id` in a path is, by the field that views look it up by; and other parts of paths.
IDS = {
    "public_id": "The object's `public_id`.",
    "merchant_user_id": "The shop's own id of the customer.",
    "external_product_id": "The shop's own id of the product.",
    "subs_req_id": "The `subs_req_id` of the checkout.",
}
PARTS_OF_PATHS = {"group_type": "The type of the group.", "group_name": "Its name.", "name": "Its name."}
LINKED_STATUSES = ("200", "201")
# What paths name an object by: the first of these that the object has.
KEYS_OF_OBJECTS = ("external_product_id", "public_id", "merchant_user_id", "id")
COMMON_HEADERS = {
    "X-Request-Id": ("string", "The caller's id of the request, or ours; quote it when you ask for help."),
    "RateLimit-Limit": ("integer", "Requests allowed per minute and client address."),
    "RateLimit-Remaining": ("integer", "Requests left in this minute."),
    "RateLimit-Reset": ("integer", "Seconds until the count starts again."),
}
CONDITIONS = {
    "If-None-Match": "The ETag of the object you have; 304 while it has not changed.",
    "If-Match": "The ETag of the object you have seen; 412, and nothing happens, if it has changed.",
}


class Schema(AutoSchema):
    view: Any

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            self._register("FieldErrors", ResolvedComponent.SCHEMA, BY_FIELD)
            operation.setdefault("parameters", []).extend(self._own_parameters())
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    name = parameter["name"]
                    parameter["description"] = IDS[self.view.lookup_field] if name == "id" else PARTS_OF_PATHS[name]
            operation["responses"] |= {
                status: self._error_response(status) for status in sorted(self._error_statuses())
            }
            if self._condition() == "If-None-Match":
                operation["responses"]["304"] = {"description": "The object still has this ETag."}
            for status, response in operation["responses"].items():
                response["headers"] = _headers(status, has_tag=self.view.tagged)
        return operation

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular leaves the inputs out, too
        description: str = super().get_description()
        if self.method == "GET" and getattr(self.view, "across", False):
            names = ", ".join(f"`{name}`" for name in MayListAll.SCOPING_FILTERS)
            return f"{description}\n\n{NEEDS_BULK.format(names)}"
        return description

    def get_operation_id(self) -> str:
        """The words of the path; the method is added if the path does not end with a verb of its own."""
        name: str = super().get_operation_id().replace("partial_update", "update")
        methods = [method for method in self.view.allowed_methods if method not in READING]
        words = [word for word in self.path.split("/") if word and "{" not in word]
        if self.method == "GET" or len(methods) > 1 or len(words) < 3 or self.path.endswith("}/"):
            return name
        return name.rpartition("_")[0]

    def get_auth(self) -> list[dict[str, Any]]:
        """The credentials that may call; of an API key, with the right that the call requires."""
        required: list[dict[str, Any]] = []
        reads = self.method == "GET"
        for letter in self.view.scopes if reads else self.view.write_scopes or self.view.scopes:
            name, header, description = CREDENTIALS[letter]
            definition = {"type": "apiKey", "in": "header", "name": header, "description": description}
            self._register(name, ResolvedComponent.SECURITY_SCHEMA, definition)
            required.append({name: [self.view.read_right if reads else self.view.write_right] if letter == "A" else []})
        return required or [{}]

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "body", None)

    def map_parsers(self) -> list[str]:
        return ["application/json"]  # even of the view that takes its JSON under any type

    def get_response_serializers(self) -> Any:
        serializer = None if self.view.answers_nothing else super().get_response_serializers()
        return {204 if serializer is None and self.method == "DELETE" else self.view.success_status: serializer}

    def _is_list_view(self, serializer: Any = None) -> bool:
        is_filtered = self.method == "GET" and hasattr(self.view, "filterset_class")
        return is_filtered or isinstance(serializer, ListSerializer)

    def _is_paged(self) -> bool:
        return self.method == "GET" and hasattr(self.view, "orderings")

    def _register(self, name: str, kind: str, schema: dict[str, Any]) -> None:
        self.registry.register_on_missing(ResolvedComponent(name, kind, schema, object=name))

    def _condition(self) -> str:
        """The header by which a call may depend on the ETag of the object."""
        if self.method == "GET":
            return "If-None-Match" if self.view.tagged else ""
        condition: str = self.view.condition
        return condition

    def _error_statuses(self) -> set[str]:
        if self.method == "GET":
            return (
                STATUSES_OF_ALL
                | {"404"}
                | ({"400"} if self.view.flags or hasattr(self.view, "filterset_class") else set())
            )
        statuses = STATUSES_OF_ALL | STATUSES_OF_WRITES | ({"404"} if "{" in self.path else set())
        if "*/*" not in (parser.media_type for parser in self.view.parser_classes):
            statuses |= {"415"}
        return statuses | ({"412"} if self._condition() == "If-Match" else set())

    def _error_response(self, status: str) -> dict[str, Any]:
        description, body_schema, example = self.view.failures.get(status) or self._usual_failure(status)
        return {
            "description": description,
            "content": {"application/json": {"schema": body_schema, "example": example}},
        }

    def _usual_failure(self, status: str) -> Failure:
        description, body_schema, example = ERRORS[status]
        if status == "404":
            example = self.view.missing
            if self._is_paged():
                description, example = "No such page.", {"detail": "Invalid page."}
        if status == "400":
            example = self._example_of_wrong_value() or example
        return description, body_schema, example

    def _example_of_wrong_value(self) -> dict[str, Any]:
        if self._is_paged():
            return {"page_size": [PAGE_SIZE_HINT.format(self.view.largest_page)]}
        if self.method == "GET":
            return dict.fromkeys(self.view.flags, [BOOLEAN_HINT])
        body = self.get_request_serializer()
        fields = getattr(body() if isinstance(body, type) else body, "fields", {})
        return next(({name: [REQUIRED]} for name, field in fields.items() if field.required), {})

    def _own_parameters(self) -> list[dict[str, Any]]:
        own = [_parameter("query", name, text, "boolean") for name, text in self.view.flags.items()]
        if self._is_paged():
            own.append(_parameter("header", "X-OG-API-VERSION", "`2`: cursor mode, without a count."))
        if condition := self._condition():
            own.append(_parameter("header", condition, CONDITIONS[condition]))
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
        return _describe(
            self.target.object_type, auto_schema, optional={*self.target.optional, *self.target.object_type.optional}
        )


def keep_api_endpoints(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A hook for drf-spectacular that leaves the rest of the site out of the description."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


def add_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook for drf-spectacular: what answers with objects links to the calls for one such object."""
    for path, operations in result["paths"].items():
        if "{" in path:
            continue
        for operation in operations.values():
            for status in LINKED_STATUSES:
                if links := _links_of(operation["responses"].get(status, {}), path, result):
                    operation["responses"][status]["links"] = links
    return result


def _links_of(response: dict[str, Any], path: str, result: dict[str, Any]) -> dict[str, Any]:
    resource = path.split("/")[2]
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    described = result["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    properties, place = described.get("properties", {}), ""
    if "results" in properties:
        item = properties["results"]["items"].get("$ref", "").rpartition("/")[2]
        properties, place = result["components"]["schemas"].get(item, {}).get("properties", {}), "/results/0"
    key = next((name for name in KEYS_OF_OBJECTS if name in properties), None)
    if key is None:
        return {}
    return {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"id": f"$response.body#{place}/{key}"},
        }
        for other, operations in result["paths"].items()
        if other.startswith(f"/api/{resource}/{{id}}/") and other.count("{") == 1
        for operation in operations.values()
    }


def _describe(kind: ObjectType, auto_schema: AutoSchema, optional: Container[str] = ()) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key, value in kind.values.items():
        for nested in value.nested:
            component = ResolvedComponent(nested.name, ResolvedComponent.SCHEMA, object=nested)
            component.schema = _describe(nested, auto_schema, nested.optional)
            auto_schema.registry.register_on_missing(component)
        schema = dict(value.schema)
        if value.nullable and "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        properties[key] = append_meta(schema, {"nullable": value.nullable, "readOnly": True})
    required = [key for key in properties if key not in optional]
    described: dict[str, Any] = build_object_type(properties, required, kind.description)
    return described


def _headers(status: str, *, has_tag: bool) -> dict[str, Any]:
    headers = dict(COMMON_HEADERS)
    if has_tag and status in {*LINKED_STATUSES, "304"}:
        headers["ETag"] = ("string", "Changes with the object.")
    if status in STATUSES_TO_RETRY:
        headers["Retry-After"] = ("integer", "Seconds to wait before trying again.")
    if status in {"400", "403", "409", "412", "422", "423"}:
        headers["X-Error-Code"] = ("string", "The code of the refusal, for programs.")
    return {name: {"description": text, "schema": {"type": kind}} for name, (kind, text) in headers.items()}


def _parameter(place: str, name: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "schema": {"type": kind}}
