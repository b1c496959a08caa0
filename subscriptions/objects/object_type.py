"""What a kind of object is: its keys in their order, and for each how a row gives its value and what its schema is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from subscriptions.models import Merchant

Schema = Mapping[str, Any]
Read = Callable[[Any, Merchant], Any]


@dataclass(frozen=True, slots=True)
class Value:
    """What stands under a key. `convert` makes it from what the row holds, except for None, which stays.

    `source` says where the row holds it: the path of an attribute, by default the key itself, or a function of the
    row and the merchant. `schema` is JSON Schema; `nested` is the type of object it refers to.
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
    """Its `name` and `description` are for the schema. A key is there even when its value is null."""

    def __init__(self, name: str, description: str, values: Mapping[str, Value]) -> None:
        self.name, self.description, self.values = name, description, values
        self._readers = [(key, value.reader(key)) for key, value in values.items()]

    def write(self, row: Any, merchant: Merchant) -> dict[str, Any]:
        """The object of `row`, which is the merchant's, as JSON has it. The rows it refers to must be loaded."""
        return {key: read(row, merchant) for key, read in self._readers}

    def without(self, keys: Iterable[str]) -> "ObjectType":
        """The same object with some keys left out."""
        dropped = set(keys)
        kept = {key: value for key, value in self.values.items() if key not in dropped}
        return ObjectType(self.name, self.description, kept)


def nested(kind: ObjectType) -> Value:
    """An object under a key, written from the row that the source gives."""
    return Value(_reference(kind), kind.write, nested=kind)


def list_of(kind: ObjectType) -> Value:
    """A list of objects, written from the rows that the source gives."""
    schema = {"type": "array", "items": _reference(kind)}
    return Value(schema, lambda rows, merchant: [kind.write(row, merchant) for row in rows], nested=kind)


def _reference(kind: ObjectType) -> Schema:
    return {"$ref": f"#/components/schemas/{kind.name}"}


def _attribute(path: str) -> Read:
    get = attrgetter(path)
    return lambda row, _: get(row)
