"""JSON Schemas (draft 7) of the bodies that Klaviyo, Attentive and Gladly take; `validation.py` has the formats.

They share nothing with the portal's clients, so that both cannot be wrong in the same way.
"""

from typing import Any

Schema = dict[str, Any]
MOST_EVENTS = 1000
MOST_PROFILES = 10_000


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these keys and no others."""
    properties = required | (optional or {})
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def text(**limits: Any) -> Schema:
    return {"type": "string", **limits}


def nullable(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def resource(kind: str, attributes: Schema, **optional: Schema) -> Schema:
    """A JSON:API resource object of the type `kind`."""
    return record({"type": {"enum": [kind]}, "attributes": attributes}, optional)


def document(data: Schema) -> Schema:
    return record({"data": data})


def list_of(items: Schema, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


def any_identifier(*attributes: str) -> Schema:
    """The profile has an `id`, or one of the attributes, that is not null."""
    given = {"not": {"type": "null"}}
    ways: list[Schema] = [
        {"properties": {"attributes": {"required": [name], "properties": {name: given}}}} for name in attributes
    ]
    return {"anyOf": [*ways, {"required": ["id"], "properties": {"id": given}}]}


OBJECT: Schema = {"type": "object"}
PROPERTIES: Schema = {"type": "object", "maxProperties": 400}
TEXT = nullable(text(maxLength=100_000))
NAME = nullable(text(maxLength=255))
COORDINATE: Schema = {"type": ["string", "number", "null"]}
PROFILE_ID = nullable(text(maxLength=64))
IDENTIFIERS = {
    "email": nullable(text(format="email", maxLength=99)),
    "phone_number": nullable(text(format="phone")),
    "external_id": nullable(text(maxLength=255)),
    "_kx": TEXT,
}
LOCATION = record(
    {},
    dict.fromkeys(("address1", "address2", "city", "country", "region", "zip", "timezone", "ip"), TEXT)
    | dict.fromkeys(("latitude", "longitude"), COORDINATE),
)
PATCHES = {"append": OBJECT, "unappend": OBJECT}
META = record(
    {},
    {
        "patch_properties": record(
            {},
            {name: nullable(patch) for name, patch in PATCHES.items()}
            | {"unset": {"type": ["string", "array", "null"], "items": text()}},
        ),
        "patch_identifiers": record({}, PATCHES),
    },
)
PROFILE_ATTRIBUTES = {
    **IDENTIFIERS,
    "first_name": NAME,
    "last_name": NAME,
    "organization": TEXT,
    "locale": TEXT,
    "image": TEXT,
    "location": LOCATION,
    "properties": nullable(PROPERTIES),
}
EVENT_PROFILE_ATTRIBUTES = PROFILE_ATTRIBUTES | {"anonymous_id": TEXT}
PROFILE = resource("profile", record({}, PROFILE_ATTRIBUTES), id=PROFILE_ID, meta=META) | any_identifier(*IDENTIFIERS)
BULK_EVENT_PROFILE = resource(
    "profile", record({}, EVENT_PROFILE_ATTRIBUTES), id=PROFILE_ID, meta=META
) | any_identifier(*IDENTIFIERS)
EVENT_PROFILE = resource(
    "profile", record({}, EVENT_PROFILE_ATTRIBUTES | {"meta": META}), id=PROFILE_ID
) | any_identifier(*IDENTIFIERS)

METRIC = resource("metric", record({"name": text(minLength=1, maxLength=127)}, {"service": TEXT}))
EVENT_REQUIRED = {"properties": PROPERTIES, "metric": document(METRIC)}
EVENT_OPTIONAL = {
    "time": nullable(text(format="date-time")),
    "value": nullable({"type": "number"}),
    "value_currency": nullable(text(pattern=r"^[A-Z]{3}\Z")),
    "unique_id": nullable(text(minLength=1, maxLength=255)),
    "backfill": nullable({"type": "boolean"}),
}
EVENT = resource("event", record({**EVENT_REQUIRED, "profile": document(EVENT_PROFILE)}, EVENT_OPTIONAL))
EVENTS_OF_PROFILE = resource(
    "event-bulk-create",
    record(
        {
            "profile": document(BULK_EVENT_PROFILE),
            "events": document({"type": "array", "items": resource("event", record(EVENT_REQUIRED, EVENT_OPTIONAL))}),
        },
        {"backfill": nullable({"type": "boolean"})},
    ),
)
BULK_EVENTS = resource(
    "event-bulk-create-job", record({"events-bulk-create": document(list_of(EVENTS_OF_PROFILE, MOST_EVENTS))})
)
LISTS = {"type": "array", "items": record({"type": {"enum": ["list"]}, "id": text()})}
PROFILE_IMPORT = resource(
    "profile-bulk-import-job",
    record({"profiles": document(list_of(PROFILE, MOST_PROFILES))}),
    relationships=record({}, {"lists": record({}, {"data": LISTS})}),
)
DELETION = resource(
    "data-privacy-deletion-job",
    record(
        {
            "profile": document(
                resource(
                    "profile",
                    record({}, {name: IDENTIFIERS[name] for name in ("email", "phone_number")}),
                    id=PROFILE_ID,
                )
            )
        }
    ),
)

ATTENTIVE_USER = record(
    {},
    {
        "phone": text(format="phone"),
        "email": text(format="email"),
        "externalIdentifiers": {
            "type": "object",
            "properties": {
                "clientUserId": text(),
                "customIdentifiers": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": text(), "value": text()}},
                },
            },
        },
    },
) | {"minProperties": 1}
ATTENTIVE_EVENT: Schema = {
    "type": "object",
    "properties": {
        "type": text(maxLength=127, pattern=r"""^[^"'(){}\[\]\\,|]+\Z"""),
        "user": ATTENTIVE_USER,
        "properties": {
            "type": "object",
            "maxProperties": 200,
            "propertyNames": {"pattern": r"""^[^"{}\[\]\\.|]*\Z"""},
            "properties": {"mediaUrl": text()},
        },
        "externalEventId": text(maxLength=255),
        "occurredAt": text(format="date-time"),
    },
    "required": ["type", "user"],
}
ATTENTIVE_ATTRIBUTES: Schema = {
    "type": "object",
    "properties": {
        "properties": {
            "type": "object",
            "propertyNames": {"maxLength": 200},
            "additionalProperties": {"type": ["string", "number"]},
        },
        "user": ATTENTIVE_USER,
    },
    "required": ["properties", "user"],
}
GLADLY_ITEM: Schema = {
    "type": "object",
    "properties": {
        "id": text(maxLength=50, pattern=r"^[A-Za-z0-9_-]+\Z"),
        "customer": {
            "type": "object",
            "properties": {"emailAddress": text(format="email"), "mobilePhone": text(), "id": text()},
            "minProperties": 1,
        },
        "content": {
            "type": "object",
            "properties": {
                "type": {"enum": ["CUSTOMER_ACTIVITY"]},
                "activityType": {"enum": ["EMAIL", "ISSUE", "SMS", "SURVEY"]},
                "title": text(minLength=1, maxLength=100),
                "body": text(maxLength=25_000),
                "sourceName": text(minLength=1, maxLength=50),
                "occurredAt": text(format="date-time"),
            },
            "required": ["type", "activityType", "title", "sourceName", "occurredAt"],
        },
    },
    "required": ["customer", "content"],
}
GLADLY_PROFILE: Schema = {
    "type": "object",
    "properties": {
        "name": text(),
        "emails": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "properties": {"original": text(format="email")}, "required": ["original"]},
        },
    },
    "required": ["emails"],
}

BODIES: dict[str, Schema] = {
    "event": document(EVENT),
    "bulk events": document(BULK_EVENTS),
    "profile": document(PROFILE),
    "bulk profiles": document(PROFILE_IMPORT),
    "deletion": document(DELETION),
    "attentive event": ATTENTIVE_EVENT,
    "attentive attributes": ATTENTIVE_ATTRIBUTES,
    "gladly item": GLADLY_ITEM,
    "gladly profile": GLADLY_PROFILE,
}
