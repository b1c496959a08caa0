"""Each write of the API about rows of this merchant, with one id of another merchant in its body at a time."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from subscriptions.models import OneTimeIncentive
from tests.api.described.test_fuzz import undone
from tests.wall.addresses import fill, text_of
from tests.wall.callers import api_key
from tests.wall.worlds import MARK, World, cross_references, rows_of

Path = tuple[Any, ...]
# What a body names rows by, whichever call it is of.
IDS: dict[str, Callable[[World], Any]] = {
    "merchant_id": lambda world: world.merchant.public_id,
    "customer": lambda world: world.find("Customer").merchant_user_id,
    "customer_id": lambda world: world.find("Customer").merchant_user_id,
    "user_id": lambda world: world.find("Customer").merchant_user_id,
    "product": lambda world: world.find("Product").external_product_id,
    "product_id": lambda world: world.find("Product").external_product_id,
    "order": lambda world: world.find("Order").public_id,
    "item": lambda world: world.find("Item").public_id,
    "subscription": lambda world: world.find("Subscription").public_id,
    "payment": lambda world: world.find("Payment").public_id,
    "payment_id": lambda world: world.find("Payment").public_id,
    "shipping_address": lambda world: world.find("Address").public_id,
    "shipping_id": lambda world: world.find("Address").public_id,
    "billing_address": lambda world: world.find("Address").public_id,
    "offer": lambda world: world.find("Offer").public_id,
    "offer_id": lambda world: world.find("Offer").public_id,
    "resource_id": lambda world: world.find("Resource").public_id,
    "resource": lambda world: world.find("Resource").public_id,
}
VALUES = {
    "every_period": 3,
    "cc_number_ending": "4242",
    "place_date": "12/24/2026",
    "type": OneTimeIncentive.Type.GIFT,
    "name": "Gift",
    "cc_type": 1,
    "cc_exp_date": "12/2030",
    "cc_number": "************4242",
    "email": "ana@shop.test",
    "discount_type": "Discount Percent",
    "field": "total_price",
    "session_id": "s-1",
    "orders_per_billing": 3,
    "every": 1,
    "quantity": 1,
}
LINE = ("subscription_info", "tracking_override", "purchase_info", "price", "total")  # of a checkout
# The subscription of this line is about the product of its `tracking_override`.
OVERRIDDEN = ("products", 0, "product")
METHODS = ("post", "put", "patch", "delete")
# Of these ids only one may be given.
EITHER = {
    "/api/one_time_incentives/create/": ("order", "item"),
    "/api/one_time_incentives/{id}/update/": ("order", "item"),
}
NEW = {"/api/products-batch/create/"}  # any id may be given to a new product


def make_value(schema: dict[str, Any], name: str, schemas: dict[str, Any], world: World) -> Any:
    """What the schema asks for, about rows of `world`; of what is optional, only what names a row."""
    schema = resolve(schema, schemas)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if name in IDS and kind not in ("object", "array"):
        return text_of(IDS[name](world))
    if kind == "object" or "properties" in schema:
        wanted = {
            key for key in schema.get("properties", {}) if key in {*IDS, *VALUES, *LINE, *schema.get("required", [])}
        }
        return {key: make_value(schema["properties"][key], key, schemas, world) for key in sorted(wanted)}
    if kind == "array":
        return [make_value(schema["items"], name, schemas, world)]
    if name in VALUES or "enum" in schema or "example" in schema:
        return VALUES.get(name, schema.get("example", schema.get("enum", [None])[0]))
    return {"integer": 1, "number": 1, "boolean": True}.get(str(kind), "2026-12-24" if "date" in name else "9")


def resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while True:
        several = schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf")
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        elif several:
            schema = several[0]
        else:
            return schema


def find_ids(value: Any, path: Path = ()) -> Iterator[Path]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in parts:
        if key in IDS and isinstance(each, str):
            yield (*path, key)
        else:
            yield from find_ids(each, (*path, key))


def with_foreign_id(body: Any, path: Path, foreign: World) -> tuple[Any, str]:
    """The body with the other merchant's id at `path`, and the id."""
    changed = deepcopy(body)
    place = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = text_of(IDS[path[-1]](foreign))
    return changed, place[path[-1]]


def is_accepted(answer: Any) -> bool:
    """Of several rows in one body, each has a status of its own; 206 says that a part of the body was refused."""
    each = [row["status"] for row in answer.json()["results"]] if answer.status_code == 207 else [answer.status_code]
    return any(status < 400 and status != 206 for status in each)


def find_writes(served_schema: dict[str, Any], world: World) -> Iterator[tuple[str, str, Any]]:
    """Method, path and a body about rows of `world`, of each operation whose body names a row."""
    schemas = served_schema["components"]["schemas"]
    for path, operations in served_schema["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}) if method in METHODS else {}
            if "application/json" in content and path not in NEW:
                body = make_value(content["application/json"]["schema"], "", schemas, world)
                variants = (
                    [body]
                    if path not in EITHER
                    else [{key: value for key, value in body.items() if key != name} for name in EITHER[path]]
                )
                yield from ((method.upper(), path, each) for each in variants if any(find_ids(each)))


def test_an_id_of_another_merchant_in_a_body_is_refused_and_changes_nothing(
    served_schema: dict[str, Any], own: World, foreign: World
) -> None:
    client = api_key(own, "read write bulk")
    before, faults, accepted = rows_of(foreign.merchant), [], set()

    def send(method: str, path: str, body: Any) -> Any:
        return client.generic(method, fill(path, own), json.dumps(body), "application/json")

    for method, path, body in find_writes(served_schema, own):
        with undone():
            if is_accepted(send(method, path, body)):
                accepted.add(path)
        for place in set(find_ids(body)) - {OVERRIDDEN}:
            changed, text = with_foreign_id(body, place, foreign)
            answer = send(method, path, changed)
            if is_accepted(answer) or MARK in answer.text.replace(text, ""):
                faults.append((method, path, place, answer.status_code))
    assert faults == []
    assert rows_of(foreign.merchant) == before
    assert cross_references() == []
    # The others do not fit the state of the rows.
    assert len(accepted) >= 17
