"""Resources, the access to them, and the grants and groups of products."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Activity, Entitlement, Merchant, Order, Product, ProductGroup, Resource, ResourceGrant
from tests.api.catalogue.rows import add_to_group, create_entitlement, create_resource, read, send
from tests.factories import ProductFactory, subscription_with_order

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
BODY = {
    "name": "Music",
    "external_resource_id": "music",
    "description": "All songs",
    "image_url": "https://shop.test/m",
}


@time_machine.travel(NOW, tick=False)
def test_a_resource_is_created_and_changed(api: Client, merchant: Merchant) -> None:
    status, created = send(api, "post", "/resources/create/", BODY)
    about = {"merchant": merchant.public_id.hex, "public_id": created["public_id"]}
    times = {"created": "2026-11-20 12:00:00", "last_updated": "2026-11-20 12:00:00"}
    assert (status, created) == (201, BODY | about | times)
    path = f"/resources/{created['public_id']}"
    with time_machine.travel(NOW.replace(day=21), tick=False):
        assert send(api, "patch", f"{path}/update/", {"name": "Music", "image_url": BODY["image_url"]}) == (
            200,
            created,
        )
        changed = created | {"name": "Songs", "image_url": None, "last_updated": "2026-11-21 12:00:00"}
        sent = {"name": "Songs", "image_url": "", "external_resource_id": "other"}
        assert send(api, "patch", f"{path}/update/", sent) == (200, changed)
    assert read(api, f"{path}/") == (200, changed)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"external_resource_id": None}, "external_resource_id"),
        ({"external_resource_id": "films"}, "external_resource_id"),
        ({"image_url": "songs.png"}, "image_url"),
    ],
)
def test_a_bad_resource_is_refused_under_the_name(
    api: Client, merchant: Merchant, changed: dict[str, Any], field: str
) -> None:
    create_resource(merchant, "films")
    status, errors = send(api, "post", "/resources/create/", BODY | changed)
    assert (status, list(errors)) == (400, [field])
    assert Resource.objects.count() == 1


def test_two_merchants_may_use_one_id_for_their_resources(api: Client, stranger: Client) -> None:
    assert [send(each, "post", "/resources/create/", BODY)[0] for each in (api, stranger)] == [201, 201]
    assert read(api, "/resources/?external_resource_id=music")[1]["count"] == 1
    assert read(api, "/resources/?external_resource_id=films")[1]["count"] == 0


@time_machine.travel(NOW, tick=False)
def test_access_ends_on_the_day_given_and_the_order_moves(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    held = create_entitlement(row, create_resource(merchant), grace_period=60)
    path = f"/entitlements/{held.public_id.hex}/modify_expiration/"
    status, body = send(api, "post", path, {"expiration": "2026-12-24"})
    assert status == 200
    (shown,) = read(api, "/entitlements/")[1]["results"]
    transaction = body["results"].pop("entitlement_transaction")
    order = Order.objects.get()
    correction = {"success": True, "updated_order_ids": [order.public_id.hex]}
    assert body == {"results": {"entitlement": shown, "renewal_correction": correction}}
    assert (shown["expiration"], order.place_date) == ("2026-12-24T23:59:59Z", date(2026, 12, 24))
    assert len(transaction.pop("public_id")) == 32
    assert transaction == {
        "transaction_type": "modify_expiration",
        "entitlement_public_id": held.public_id.hex,
        "merchant_user_id": row.customer.merchant_user_id,
        "resource_public_id": held.resource.public_id.hex,
        "merchant_public_id": merchant.public_id.hex,
        "transaction_initiation_time": "2026-11-20T17:00:00Z",
        "transaction_execution_time": "2026-11-20T17:00:00Z",
        "source_action": "api-call",
        "source_object": "user",
        "source_object_id": merchant.api_keys.get().prefix,
        "access_type": "time_based",
        "grace_period": 60,
        "expiration": "2026-12-24T23:59:59Z",
        "grace_period_expiration": "2026-12-25T00:00:59Z",
    }
    assert Activity.objects.get().verb == "entitlement.modify_expiration"
    status, body = send(api, "post", path, {"expiration": "2026-12-30", "correct_renewal": False})
    assert body["results"]["renewal_correction"] == {"success": False, "updated_order_ids": []}
    assert Order.objects.get().place_date == date(2026, 12, 24)


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("day", ["2026-11-19", "soon", None, "9999-12-31"])
def test_access_cannot_end_in_the_past(api: Client, merchant: Merchant, day: object) -> None:
    held = create_entitlement(subscription_with_order(customer__merchant=merchant), create_resource(merchant))
    path = f"/entitlements/{held.public_id.hex}/modify_expiration/"
    status, errors = send(api, "post", path, {"expiration": day})
    assert (status, list(errors)) == (400, ["expiration"])
    assert Entitlement.objects.get().expiration == held.expiration
    assert send(api, "post", path, {"expiration": "2026-11-20"})[0] == 200


@pytest.fixture
def plan(merchant: Merchant) -> Product:
    made: Product = ProductFactory(merchant=merchant, external_product_id="club")
    return made


def grants() -> set[tuple[str, int, int | None]]:
    rows = ResourceGrant.objects.select_related("resource")
    return {(each.resource.external_resource_id, each.time_amount, each.grace_period) for each in rows}


PATH = "/products/club/resource_grants/manage/"


def test_grants_are_created_changed_and_deleted(api: Client, merchant: Merchant, plan: Product) -> None:
    music, films = (create_resource(merchant, name).public_id.hex for name in ("music", "films"))
    first = {"resource": music, "time_amount": 3600, "grace_period": 60}
    sent = {"create": [first, {"resource": films}], "identifier_time_amount": 7200, "identifier_grace_period": 5}
    assert send(api, "post", PATH, sent) == (200, {})
    assert grants() == {("music", 3600, 60), ("films", 7200, 5)}
    assert read(api, "/products/club/")[1]["product_type"] == "plan"
    ids = {each.resource.external_resource_id: each.public_id.hex for each in ResourceGrant.objects.all()}
    sent = {"update": [{"public_id": ids["music"], "time_amount": 1}], "delete": [ids["films"]]}
    assert send(api, "post", PATH, sent) == (200, {})
    assert grants() == {("music", 1, 60)}


def test_bad_grants_change_nothing(api: Client, merchant: Merchant, plan: Product) -> None:
    music = create_resource(merchant)
    other = ResourceGrant.objects.create(
        merchant=merchant, product=ProductFactory(merchant=merchant), resource=music, time_amount=9
    )
    good = {"resource": music.public_id.hex, "time_amount": 1}
    for sent, field in (
        ({"create": [good, good]}, "create"),
        ({"create": [{"resource": music.public_id.hex}]}, "create"),
        ({"create": [good | {"time_amount": 0}]}, "create"),
        ({"create": [good | {"resource": "0" * 32}]}, "create"),
        ({"create": [good], "delete": [other.public_id.hex]}, "update"),
        ({"create": [good], "update": [{"public_id": other.public_id.hex}]}, "update"),
        ({"create": [good], "delete": ["none"]}, "delete"),
    ):
        status, errors = send(api, "post", PATH, sent)
        assert (status, list(errors)) == (400, [field]), sent
    assert grants() == {("music", 9, None)}
    assert read(api, "/products/club/")[1]["product_type"] == "standard"


def test_groups_are_created_listed_and_renamed(api: Client, merchant: Merchant, plan: Product) -> None:
    group = {"name": "dark beans", "group_type": "sku_swap"}
    for _ in range(2):
        assert send(api, "post", "/product_groups/create/", group) == (201, group)
    add_to_group(plan, "eligibility", "prepaid")
    listed = {"count": 2, "next": None, "previous": None}
    prepaid = {"name": "prepaid", "group_type": "eligibility"}
    assert read(api, "/product_groups/") == (200, listed | {"results": [prepaid, group]})
    assert read(api, "/product_groups/?group_type=sku_swap")[1]["results"] == [group]
    assert read(api, "/product_groups/?name=prepaid")[1]["results"] == [prepaid]
    path = "/product_groups/sku_swap/dark%20beans/"
    assert send(api, "patch", path, {"name": "beans"}) == (201, group | {"name": "beans"})
    assert send(api, "patch", path, {"name": "beans"})[0] == 404
    add_to_group(plan, "sku_swap", "tea")
    assert send(api, "patch", "/product_groups/sku_swap/beans/", {"name": "tea"}) == (
        400,
        {"name": ["There is a group with the name tea already."]},
    )
    assert send(api, "patch", "/product_groups/other/beans/", {"name": "x"}) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("missing", ["name", "group_type"])
def test_a_group_has_a_name_and_a_type(api: Client, merchant: Merchant, missing: str) -> None:
    body = {name: value for name, value in {"name": "a", "group_type": "incentive"}.items() if name != missing}
    assert send(api, "post", "/product_groups/create/", body) == (400, {missing: ["This field is required."]})
    assert list(send(api, "post", "/product_groups/create/", {"name": "a/b", "group_type": "incentive"})[1]) == ["name"]
    assert list(send(api, "post", "/product_groups/create/", {"name": "a", "group_type": "x"})[1]) == ["group_type"]
    assert not ProductGroup.objects.exists()
