"""How calls fail: by status, what it means, the schema of the body, an example."""

from typing import Any

DETAIL = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
DETAILS = {"type": "object", "required": ["details"], "properties": {"details": {"type": "string"}}}
BY_FIELD_REFERENCE = {"$ref": "#/components/schemas/FieldErrors"}
MESSAGES = {"type": "array", "items": {"anyOf": [{"type": "string"}, BY_FIELD_REFERENCE]}}
BY_FIELD = {
    "type": "object",
    "description": "The messages under the name of each wrong field; nested as the body is.",
    "additionalProperties": {"anyOf": [MESSAGES, BY_FIELD_REFERENCE]},
}
INVALID = {"anyOf": [DETAIL, BY_FIELD_REFERENCE]}
REQUIRED = "This field is required."

# What a status means, the schema of its body, an example.
Failure = tuple[str, dict[str, Any], dict[str, Any]]
ERRORS: dict[str, Failure] = {
    "400": (
        "A value is wrong, or the state of the object does not allow it.",
        INVALID,
        {"detail": "JSON parse error - Expecting value: line 1 column 1 (char 0)"},
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
    "412": (
        "The object has another ETag than `If-Match`.",
        DETAIL,
        {"detail": "This object has changed; read it again."},
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
