"""A type of object: its keys in their order, and for each key how a row gives the value, and the value's schema."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from subscriptions.models import Merchant

Schema = Mapping[str, Any]
Read = Callable[[Any, Merchant], Any]


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a key.

    `source`: the path of the row's attribute that holds it, by default the key, or a function of row and merchant.
    `convert`: what turns that into JSON, unless it is None.
    `schema`: its JSON Schema; `nested` is the type of object that the schema refers to.
    """

    schema: Schema
    convert: Read | None = None
    source: str | Read = ""
    nullable: bool = False
    nested: "ObjectType | None" = None

    def of(self, source: str | Read) -> "Value":
        return replace(self, source=source)

    def or_null(self) -> "Value":
        return replace(self, nullable=True)

    def reader(self, key: str) -> Read:
        """The function that reads the value of `key` off a row."""
        get = self.source if callable(self.source) else _attribute(self.source or key)
        convert = self.convert
        if convert is None:
            return get

        def read(row: Any, merchant: Merchant) -> Any:
            value = get(row, merchant)
            return None if value is None else convert(value, merchant)

        return read


class ObjectType:
    """`name` and `description` are for the schema. Every object has all keys; a value may be null."""

    def __init__(self, name: str, description: str, values: Mapping[str, Value]) -> None:
        self.name, self.description, self.values = name, description, values
        self._readers = [(key, value.reader(key)) for key, value in values.items()]

    def write(self, row: Any, merchant: Merchant) -> dict[str, Any]:
        """The object of `row`, one of the merchant, in types of JSON. Rows that it refers to must be loaded already."""
        return {key: read(row, merchant) for key, read in self._readers}

    def without(self, keys: Iterable[str]) -> "ObjectType":
        """The same type with some keys left out."""
        dropped = set(keys)
        kept = {key: value for key, value in self.values.items() if key not in dropped}
        return ObjectType(self.name, self.description, kept)


def nested_object(kind: ObjectType) -> Value:
    """An object, written from the row that the source gives."""
    return Value(_reference(kind), kind.write, nested=kind)


def object_list(kind: ObjectType) -> Value:
    """A list of objects, written from the rows that the source gives."""
    schema = {"type": "array", "items": _reference(kind)}
    return Value(schema, lambda rows, merchant: [kind.write(row, merchant) for row in rows], nested=kind)


def _reference(kind: ObjectType) -> Schema:
    return {"$ref": f"#/components/schemas/{kind.name}"}


def _attribute(path: str) -> Read:
    get = attrgetter(path)
    return lambda row, _: get(row)
