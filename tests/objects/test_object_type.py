from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest

from subscriptions.models import Merchant
from subscriptions.objects import values
from subscriptions.objects.object_type import ObjectType, nested_object, object_list

MERCHANT = Merchant(public_id=UUID(int=1), time_zone="America/New_York")
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def written(value: values.Value, held: object) -> object:
    return ObjectType("Thing", "", {"key": value}).write(SimpleNamespace(key=held), MERCHANT)["key"]


@pytest.mark.parametrize(
    ("value", "held", "shown"),
    [
        (values.TEXT, "Ana", "Ana"),
        (values.MONEY, Decimal("12.5"), "12.50"),
        (values.MONEY, 0, "0.00"),
        (values.FLOAT, Decimal("12.50"), 12.5),
        (values.DAY, date(2026, 11, 20), "2026-11-20"),
        (values.TIME, NOON, "2026-11-20 12:00:00"),
        (values.TIME, NOON.replace(microsecond=999_999), "2026-11-20 12:00:00"),
        (values.ID, UUID(int=7), f"{7:032x}"),
        (values.REFERENCE, SimpleNamespace(public_id=UUID(int=8)), f"{8:032x}"),
        (values.JSON_TEXT, {"name": "Zoë"}, '{"name":"Zoë"}'),
    ],
)
def test_a_value_looks_as_agreed_and_none_stays_none(value: values.Value, held: object, shown: object) -> None:
    assert written(value, held) == shown
    assert written(value, None) is None


def test_a_value_may_come_from_elsewhere() -> None:
    row = SimpleNamespace(customer=SimpleNamespace(name="Ana"), first=1, second=2)
    kind = ObjectType(
        "Thing",
        "",
        {
            "merchant": values.MERCHANT_ID,
            "customer": values.TEXT.of("customer.name"),
            "sum": values.NUMBER.of(lambda row, _: row.first + row.second),
            "always": values.fixed_value(1, values.INTEGER),
        },
    )
    assert kind.write(row, MERCHANT) == {"merchant": f"{1:032x}", "customer": "Ana", "sum": 3, "always": 1}


def test_keys_keep_their_order_and_can_be_left_out() -> None:
    kind = ObjectType("Thing", "", dict.fromkeys(("b", "a", "c"), values.NUMBER))
    row = SimpleNamespace(a=1, b=2, c=3)
    assert list(kind.write(row, MERCHANT)) == ["b", "a", "c"]
    assert kind.without(["a", "unknown"]).write(row, MERCHANT) == {"b": 2, "c": 3}


def test_objects_can_be_nested() -> None:
    inner = ObjectType("Inner", "", {"name": values.TEXT})
    kind = ObjectType("Outer", "", {"one": nested_object(inner).or_null(), "many": object_list(inner)})
    ana = SimpleNamespace(name="Ana")
    assert kind.write(SimpleNamespace(one=ana, many=[ana]), MERCHANT) == {
        "one": {"name": "Ana"},
        "many": [{"name": "Ana"}],
    }
    assert kind.write(SimpleNamespace(one=None, many=[]), MERCHANT) == {"one": None, "many": []}
