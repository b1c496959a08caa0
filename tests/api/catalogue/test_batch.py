"""Products written by the hundred."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions.actions.product import discontinue_product
from subscriptions.jobs import replacements
from subscriptions.models import Event, Merchant, Product, ProductRelationship, Replacement, Subscription
from tests.api.catalogue.rows import add_to_group, read, send
from tests.factories import STAFF, ProductFactory, subscription_with_order

ROW = {
    "product_id": "bean",
    "name": "House blend",
    "sku": "HB-1",
    "price": "12.50",
    "live": True,
    "image_url": "https://shop.test/b.png",
    "detail_url": "https://shop.test/b",
    "autoship_enabled": True,
    "prepaid_eligible": True,
    "discontinued": False,
    "autoship_by_default": True,
    "product_type": "plan",
    "every": 2,
    "every_period": 3,
    "premier_enabled": 2,
    "extra_data": '{"roast": "light"}',
    "groups": [{"name": "beans", "group_type": "sku_swap"}, {"name": "prepaid", "group_type": "eligibility"}],
}


def create(client: Client, *rows: Any, query: str = "", **headers: str) -> tuple[int, Any]:
    return send(client, "post", f"/products-batch/create/{query}", rows, **headers)


def update(client: Client, *rows: Any, query: str = "", **headers: str) -> tuple[int, Any]:
    return send(client, "patch", f"/products-batch/update/{query}", rows, **headers)


def done(*ids: str) -> tuple[int, Any]:
    return 207, {"results": [{"product_id": name, "status": 200} for name in ids]}


def test_a_row_becomes_a_product_with_all_it_says(api: Client, merchant: Merchant) -> None:
    assert create(api, ROW) == done("bean")
    found = read(api, "/products/bean/")[1]
    sent = {name: value for name, value in ROW.items() if name not in ("product_id", "groups", "extra_data")}
    assert {name: found[name] for name in sent} == sent
    assert (found["extra_data"], found["groups"]) == (
        '{"roast":"light"}',
        sorted(ROW["groups"], key=lambda g: g["group_type"]),
    )  # type: ignore[index,arg-type]


def test_what_a_new_row_leaves_out_is_by_default(api: Client, merchant: Merchant) -> None:
    assert create(api, {"product_id": "bean"}) == done("bean")
    product = Product.objects.get()
    assert (product.merchant, product.name, product.price) == (merchant, "bean", Decimal(0))
    assert (product.live, product.discontinued, product.autoship_enabled) == (True, False, False)
    assert (product.autoship_by_default, product.product_type, product.every) == (False, "standard", None)


def test_an_update_changes_the_keys_that_are_sent(api: Client, merchant: Merchant) -> None:
    create(api, ROW)
    before = read(api, "/products/bean/")[1]
    assert update(api, {"product_id": "bean", "price": 13, "groups": []}) == done("bean")
    after = read(api, "/products/bean/")[1]
    assert after == before | {"price": "13.00", "groups": [], "last_update": after["last_update"]}


def test_an_update_that_changes_nothing_leaves_the_time(api: Client, merchant: Merchant) -> None:
    create(api, ROW)
    before = Product.objects.values().get()
    assert update(api, ROW) == done("bean")
    assert Product.objects.values().get() == before


def test_rows_are_independent_and_answered_in_their_order(api: Client, merchant: Merchant) -> None:
    ProductFactory(merchant=merchant, external_product_id="known")
    ProductFactory(external_product_id="tea")  # of another merchant
    status, body = create(api, {"product_id": "tea"}, {"product_id": "known"}, 7, {"name": "x"}, {"product_id": "tea"})
    assert status == 207
    assert [(row["product_id"], row["status"]) for row in body["results"]] == [
        ("tea", 200),
        ("known", 400),
        (None, 400),
        (None, 400),
        ("tea", 400),
    ]
    assert body["results"][1]["errors"] == {"product_id": ["There is a product known already; update it."]}
    assert body["results"][3]["errors"] == {"product_id": ["This field is required."]}
    assert list(body["results"][2]["errors"]) == ["non_field_errors"]
    assert merchant.products.count() == 2


def test_an_update_of_an_unknown_id_is_404_in_its_row(api: Client, merchant: Merchant) -> None:
    ProductFactory(external_product_id="foreign")
    ProductFactory(merchant=merchant, external_product_id="bean")
    status, body = update(api, {"product_id": "foreign", "price": 1}, {"product_id": "bean", "price": 1})
    assert (status, [row["status"] for row in body["results"]]) == (207, [404, 200])
    assert merchant.products.get().price == 1


def test_a_repeated_row_of_an_update_has_the_last_word(api: Client, merchant: Merchant) -> None:
    ProductFactory(merchant=merchant, external_product_id="bean")
    rows = [{"product_id": "bean", "price": price, "sku": "X"} for price in (1, 2)]
    assert update(api, *rows) == done("bean", "bean")
    product = merchant.products.get()
    assert (product.price, product.sku) == (2, "X")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product_id", "a/b"),
        ("product_id", "x" * 256),
        ("product_id", "a\0b"),
        ("name", None),
        ("name", "x" * 256),
        ("price", "-1"),
        ("price", "1.005"),
        ("price", "NaN"),
        ("live", "maybe"),
        ("image_url", "beans.png"),
        ("product_type", "other"),
        ("every", 0),
        ("every", 2),  # without a unit
        ("every_period", 5),
        ("premier_enabled", 3),
        ("extra_data", "beans"),
        ("groups", [{"name": "beans"}]),
        ("groups", [{"name": "beans", "group_type": "other"}]),
        ("groups", "beans"),
    ],
)
def test_a_bad_row_is_refused_with_its_field(api: Client, merchant: Merchant, field: str, value: object) -> None:
    status, body = create(api, {"product_id": "bean", field: value})
    (row,) = body["results"]
    assert (status, row["status"], list(row["errors"])) == (207, 400, [field])
    assert not Product.objects.exists()


def test_a_product_keeps_its_type_and_a_whole_frequency(api: Client, merchant: Merchant) -> None:
    create(api, ROW)
    status, body = update(
        api, {"product_id": "bean", "product_type": "standard", "price": 1}, {"product_id": "bean", "every": None}
    )
    assert (status, [list(row["errors"]) for row in body["results"]]) == (207, [["product_type"], ["every"]])
    product = Product.objects.get()
    assert (product.product_type, product.price, product.every) == ("plan", Decimal("12.50"), 2)


@pytest.mark.parametrize("body", [[], {}, "x", None, [{"product_id": str(n)} for n in range(101)]])
def test_a_batch_has_one_to_a_hundred_rows(api: Client, merchant: Merchant, body: object) -> None:
    for method, path in (("post", "create"), ("patch", "update")):
        status, answer = send(api, method, f"/products-batch/{path}/", body)
        assert (status, answer) == (400, {"non_field_errors": ["Give an array of 1 to 100 products."]})
    assert not Product.objects.exists()


def test_a_hundred_rows_cost_as_many_statements_as_two(api: Client, merchant: Merchant) -> None:
    def rows(name: str, number: int, **fields: Any) -> list[dict[str, Any]]:
        return [
            ROW | {"product_id": f"{name}-{n}", "groups": [{"name": f"{name}{n}", "group_type": "sku_swap"}]} | fields
            for n in range(number)
        ]

    def cost(act: Any, sent: list[dict[str, Any]]) -> int:
        with CaptureQueriesContext(connection) as queries:
            status, body = act(api, *sent)
        assert (status, {row["status"] for row in body["results"]}) == (207, {200})
        return len(queries)

    few, many = cost(create, rows("few", 2)), cost(create, rows("many", 100))
    assert few == many <= 14
    changed = {"price": 9, "groups": [{"name": "new", "group_type": "sku_swap"}]}
    few, many = cost(update, rows("few", 2, **changed)), cost(update, rows("many", 100, **changed))
    assert few == many <= 15
    for product in merchant.products.all():
        subscription_with_order(customer__merchant=merchant, product=product)
    off = {"discontinued": True}
    few, many = cost(update, rows("few", 2, **off)), cost(update, rows("many", 100, **off))
    assert few == many <= 18
    assert Replacement.objects.count() == 102


def test_a_repeat_with_the_same_key_gets_the_same_answer(api: Client, merchant: Merchant) -> None:
    first = create(api, ROW, **{"Idempotency-Key": "k"})
    assert create(api, ROW, **{"Idempotency-Key": "k"}) == first == done("bean")
    assert create(api, ROW)[1]["results"][0]["status"] == 400


@pytest.mark.parametrize(
    ("kind", "kinds"),
    [("discontinued_replacement", ["ordergroove.subscription.sku_swap"]), ("discontinued_silent_replacement", [])],
)
def test_discontinuing_follows_the_relationship(api: Client, merchant: Merchant, kind: str, kinds: list[str]) -> None:
    old, new = (ProductFactory(merchant=merchant, external_product_id=name) for name in ("old", "new"))
    ProductRelationship.objects.create(merchant=merchant, relationship_type=kind, from_product=old, to_product=new)
    subscription_with_order(customer__merchant=merchant, product=old)
    assert update(api, {"product_id": "old", "discontinued": True, "live": True}) == done("old")
    old.refresh_from_db()
    assert (old.discontinued, old.live, old.autoship_enabled) == (True, False, False)
    run = Replacement.objects.get()
    assert (run.actor["kind"], run.substitute) == ("api_key", new)
    replacements.continue_replacement(run.pk)
    assert Subscription.objects.get().product == new
    assert [event.kind for event in Event.objects.all()] == kinds
    assert update(api, {"product_id": "old", "discontinued": True}) == done("old")
    assert Replacement.objects.count() == 1


def test_discontinuing_cancels_what_nothing_replaces(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    update(api, {"product_id": row.product.external_product_id, "discontinued": True})
    replacements.continue_replacement(Replacement.objects.get().pk)
    assert not Subscription.objects.get().live


def test_what_staff_have_set_stays_unless_forced(api: Client, merchant: Merchant) -> None:
    product = ProductFactory(merchant=merchant, external_product_id="bean")
    discontinue_product(product, actor=STAFF)
    back = {"product_id": "bean", "discontinued": False, "live": True, "price": 9}
    assert update(api, back, query="?force_all_fields=false") == done("bean")
    product.refresh_from_db()
    assert (product.discontinued, product.live, product.price) == (True, False, 9)
    assert update(api, back, query="?force_all_fields=true") == done("bean")
    product.refresh_from_db()
    assert (product.discontinued, product.live, product.set_by_staff) == (False, True, ["autoship_enabled"])
    status, body = update(api, back, query="?force_all_fields=maybe")
    assert (status, list(body)) == (400, ["force_all_fields"])


def test_groups_of_another_merchant_stay(api: Client, merchant: Merchant) -> None:
    other = add_to_group(ProductFactory(), "sku_swap", "beans")
    create(api, ROW)
    assert merchant.products.get().groups.get(name="beans") != other
    assert other.products.count() == 1


def test_patch_changes_one_product(api: Client, merchant: Merchant) -> None:
    ProductFactory(merchant=merchant, external_product_id="bean")
    before = read(api, "/products/bean/")[1]
    sent = {
        "autoship_enabled": False,
        "prepaid_eligible": True,
        "autoship_by_default": True,
        "price": "9",
        "type": "standard",
        "upsell_eligible": False,
    }
    status, after = send(api, "patch", "/products/bean/", sent)
    expected = {"autoship_enabled": False, "prepaid_eligible": True, "autoship_by_default": True, "price": "9.00"}
    assert (status, after) == (200, before | expected | {"last_update": after["last_update"]})
    assert merchant.products.get().upsell_eligible is False
    assert send(api, "patch", "/products/bean/") == send(api, "patch", "/products/bean/", {}) == (200, after)
    status, body = send(api, "patch", "/products/bean/", {"type": "plan", "price": 1})
    assert (status, body) == (400, {"detail": "A product keeps the type it was created with."})
    answer = api.patch("/api/products/bean/", {"type": "plan"}, content_type="application/json")
    assert answer["X-Error-Code"] == "product_type_fixed"
    for field in ("price", "autoship_enabled", "type"):
        status, body = send(api, "patch", "/products/bean/", {field: "x"})
        assert (status, list(body)) == (400, [field])
    assert read(api, "/products/bean/")[1] == after
    assert send(api, "patch", "/products/product_id/bean/", {"price": 1})[0] == 405


def test_patch_of_one_product_respects_its_etag(api: Client, merchant: Merchant) -> None:
    ProductFactory(merchant=merchant, external_product_id="bean")
    tag = api.get("/api/products/bean/")["ETag"]
    assert send(api, "patch", "/products/bean/", {"price": 9}, **{"If-Match": tag})[0] == 200
    assert send(api, "patch", "/products/bean/", {"price": 8}, **{"If-Match": tag})[0] == 412
    assert merchant.products.get().price == 9


def test_batches_have_a_rate_of_their_own(api: Client, merchant: Merchant, settings: Any) -> None:
    cache.clear()
    settings.API_BATCH_RATE = 1
    assert create(api, ROW)[0] == 207
    refused = api.post("/api/products-batch/create", [ROW], content_type="application/json")
    assert (refused.status_code, refused["RateLimit-Limit"]) == (429, "1")
    assert api.get("/api/products/")["RateLimit-Limit"] == str(settings.API_RATE)
    cache.clear()
