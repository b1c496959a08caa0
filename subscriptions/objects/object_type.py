"""A type of object: its keys in order, and for each key how to get the value from a row, and the value's schema."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from subscriptions.models import Merchant

Schema = Mapping[str, Any]
Get = Callable[[Any], Any]
Read = Callable[[Any, Merchant], Any]


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a key.

    `source`: the path of the row's attribute that holds it, by default the key, or a function of row and merchant.
    `convert`: turns that into JSON, unless the value is None.
    `schema`: its JSON Schema; `nested` are the types of object that the schema refers to.
    """

    schema: Schema
    convert: Read | None = None
    source: str | Read = ""
    nullable: bool = False
    nested: "tuple[ObjectType, ...]" = ()

    def of(self, source: str | Read) -> "Value":
        return replace(self, source=source)

    def or_null(self) -> "Value":
        return replace(self, nullable=True)

    def steps(self, key: str) -> tuple[Get | None, Read | None]:
        """How to write the value of `key`: read it from the row, if the first is given; then turn it into JSON."""
        source, convert = self.source, self.convert
        if not callable(source):
            return attrgetter(source or key), convert
        if convert is None:
            return None, source

        def write_computed(row: Any, merchant: Merchant) -> Any:
            value = source(row, merchant)
            return None if value is None else convert(value, merchant)

        return None, write_computed


class ObjectType:
    """`name` and `description` are for the schema. A value may be null.

    Every object has all keys. `optional` are those that only variants of the type have, which share one schema.
    """

    def __init__(
        self, name: str, description: str, values: Mapping[str, Value], optional: Collection[str] = ()
    ) -> None:
        self.name, self.description, self.values, self.optional = name, description, values, optional
        self._steps = [(key, *value.steps(key)) for key, value in values.items()]

    def write(self, row: Any, merchant: Merchant) -> dict[str, Any]:
        """The object of `row`, which belongs to `merchant`, in JSON types. Rows it refers to must already be loaded."""
        written = {}
        for key, get, convert in self._steps:
            value = row if get is None else get(row)
            written[key] = value if convert is None or value is None else convert(value, merchant)
        return written

    def without(self, keys: Iterable[str]) -> "ObjectType":
        """The same type with some keys left out."""
        dropped = set(keys)
        kept = {key: value for key, value in self.values.items() if key not in dropped}
        return ObjectType(self.name, self.description, kept)


def nested_object(kind: ObjectType) -> Value:
    """An object, written from the row that the source gives."""
    return Value(_reference(kind), kind.write, nested=(kind,))


def object_list(kind: ObjectType) -> Value:
    """A list of objects, written from the rows that the source gives."""
    schema = {"type": "array", "items": _reference(kind)}
    return Value(schema, lambda rows, merchant: [kind.write(row, merchant) for row in rows], nested=(kind,))


def one_of(choose: Callable[[Any], ObjectType], *kinds: ObjectType) -> Value:
    """An object of one of `kinds`: of that which `choose` names for the row that the source gives."""
    schema = {"oneOf": [_reference(kind) for kind in kinds]}
    return Value(schema, lambda row, merchant: choose(row).write(row, merchant), nested=kinds)


def _reference(kind: ObjectType) -> Schema:
    return {"$ref": f"#/components/schemas/{kind.name}"}
