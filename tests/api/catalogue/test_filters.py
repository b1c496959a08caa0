from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from subscriptions.api import catalogue_filters
from subscriptions.models import Grantee, Merchant, OfferProfile
from tests.api.catalogue.rows import (
    WINTER,
    add_to_group,
    create_entitlement,
    create_incentive,
    create_resource,
    read,
    send,
    signed_client,
)
from tests.factories import ProductFactory, subscription_with_order

ORDER = "&ordering=created"


def product_ids(client: Client, query: str) -> str:
    status, body = read(client, f"/products/?{query}{ORDER}")
    assert status == 200, body
    return " ".join(row["external_product_id"] for row in body["results"])


@pytest.fixture
def shelf(merchant: Merchant) -> None:
    """One product of each kind that the filters tell apart, by their ids."""
    closed = {"autoship_enabled": False}
    kinds: dict[str, dict[str, Any]] = {
        "bean": {"name": "House Blend", "sku": "HB_1", "autoship_by_default": True},
        "plan": {"name": "Club", "sku": "CLUB", "product_type": "plan", "live": False},
        "tea": {"name": "Green tea", "sku": "T", **closed},
        "old": {"name": "Old blend", "sku": "OLD", "discontinued": True, "live": False, **closed},
    }
    for days, (name, fields) in enumerate(kinds.items()):
        row = ProductFactory(
            merchant=merchant, external_product_id=name, created=WINTER + timedelta(days=days), **fields
        )
        if name in ("bean", "tea"):
            add_to_group(row, "sku_swap", "drinks")
        if name in ("bean", "plan"):
            add_to_group(row, "eligibility", "drinks" if name == "plan" else "prepaid")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "bean plan"),
        ("autoship_enabled=true", "bean plan"),
        ("autoship_enabled=false", "tea"),
        ("autoship_enabled=all", "bean plan tea"),
        ("allow_discontinued=true", "bean plan old"),
        ("allow_discontinued=strict", "old"),
        ("allow_discontinued=true&autoship_enabled=all", "bean plan tea old"),
        ("allow_discontinued=true&autoship_enabled=false", "tea old"),
        ("search=blend", "bean"),
        ("search=BLEND&allow_discontinued=true", "bean old"),
        ("search=hb_&fields=sku", "bean"),
        ("search=hb_&fields=name", ""),
        ("search=an&fields=external_product_id", "bean plan"),
        ("search=an&fields=name&fields=sku", ""),
        ("id_or_name=PLA", "plan"),
        ("id_or_name=club", "plan"),
        ("id_or_name=HB", ""),
        ("group_name=drinks", "bean plan"),
        ("group_type=sku_swap", "bean"),
        ("group_type=sku_swap&group_name=drinks&autoship_enabled=all", "bean tea"),
        ("group_type=sku_swap&group_name=prepaid", ""),
        ("autoship_by_default=true", "bean"),
        ("autoship_by_default=false", "plan"),
        ("live=0", "plan"),
        ("product_type=plan", "plan"),
        ("external_product_ids[]=bean", "bean"),
        ("external_product_ids[]=bean&external_product_ids[]=plan&external_product_ids[]=none", "bean plan"),
        ("external_product_ids%5B%5D=tea&autoship_enabled=all", "tea"),
        ("other=1", "bean plan"),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_products_are_found_by_the_documented_filters(api: Client, query: str, expected: str) -> None:
    assert product_ids(api, query) == expected


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("autoship_enabled=maybe", "autoship_enabled"),
        ("allow_discontinued=maybe", "allow_discontinued"),
        ("group_type=other", "group_type"),
        ("live=maybe", "live"),
        ("product_type=other", "product_type"),
        ("search=x&fields=price", "fields"),
        ("include_product_resource_grants=maybe", "include_product_resource_grants"),
    ],
)
def test_a_bad_filter_of_products_is_refused_under_its_name(api: Client, query: str, name: str) -> None:
    status, body = read(api, f"/products/?{query}")
    assert (status, list(body)) == (400, [name])


def test_products_with_nul_characters_in_the_path_or_query_are_not_found(api: Client, merchant: Merchant) -> None:
    for path in ("/products/a%00b/", "/products/a%00b/relationships/", "/products/a%00b/sku_swap/x/"):
        assert read(api, path)[0] == 404
    assert read(api, "/products/?search=a%00b")[0] == 400


@pytest.mark.usefixtures("shelf")
def test_products_are_a_bounded_number_of_statements(
    api: Client, merchant: Merchant, django_assert_num_queries: Any
) -> None:
    read(api, "/products/?include_product_resource_grants=true&autoship_enabled=all")
    with django_assert_num_queries(4):  # the key, the page, groups and grants; a list of one page needs no count
        read(api, "/products/?include_product_resource_grants=true&autoship_enabled=all")


def test_membership_is_asked_of_one_group(api: Client, merchant: Merchant) -> None:
    row = ProductFactory(merchant=merchant, external_product_id="bean")
    add_to_group(row, "eligibility", "pre paid")
    other = ProductFactory(merchant=merchant, external_product_id="tea")
    add_to_group(other, "sku_swap", "drinks")
    assert read(api, "/products/bean/eligibility/pre%20paid") == (200, {"product_has_group": True})
    assert read(api, "/products/bean/sku_swap/pre%20paid/") == (200, {"product_has_group": False})
    assert read(api, "/products/bean/sku_swap/drinks/") == (200, {"product_has_group": False})
    assert read(api, "/products/bean/other/drinks/") == (404, {"detail": "Not found."})
    assert read(api, "/products/none/sku_swap/drinks/")[0] == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", "new"), ("status=available", "new"), ("status=archived", "old"), ("status=all", "new old")],
)
def test_offer_profiles_are_those_available(api: Client, merchant: Merchant, query: str, expected: str) -> None:
    for days, (name, status) in enumerate([("old", "archived"), ("new", "available")]):
        OfferProfile.objects.create(merchant=merchant, name=name, status=status, created=WINTER + timedelta(days=days))
    assert " ".join(row["name"] for row in read(api, f"/offer_profiles/?{query}")[1]["results"]) == expected
    assert list(read(api, "/offer_profiles/?status=gone")[1]) == ["status"]
    assert list(read(api, "/offer_profiles/?offer_profile_category=x")[1]) == ["offer_profile_category"]


def test_incentives_are_found_by_the_documented_filters(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    item = row.items.get()
    on_item = {"order": None, "item": item, "target": "item", "field": "total_price"}
    applied = create_incentive(item.order, name="a", external_code="X", applied_at=WINTER)
    create_incentive(item.order, name="b", created=WINTER + timedelta(days=1), **on_item)
    create_incentive(subscription_with_order(customer__merchant=merchant).items.get().order, name="c")
    order, customer = item.order.public_id.hex, row.customer.merchant_user_id
    for query, expected in {
        f"order={order}": "a",
        f"order={order}&include_item_level=true": "ab",
        f"order={order}&include_item_level=false": "a",
        f"item={item.public_id.hex}": "b",
        f"customer={customer}": "ab",
        "external_code=X": "a",
        "applied_at_start=2026-01-04&applied_at_end=2026-01-04": "a",
        "applied_at=2026-01-05": "",
        "created_start=2026-01-05": "b",
        "last_updated=2026-07-04": "abc",
        "item=none": "",
    }.items():
        found = read(api, f"/one_time_incentives/?{query}")[1]["results"]
        assert "".join(sorted(each["incentive"]["name"] for each in found)) == expected, query
    own = signed_client(merchant, customer)
    assert len(send(own, "get", f"/one_time_incentives/?customer=other&order={order}")[1]["results"]) == 1
    assert applied.pk


def test_entitlements_are_found_by_the_documented_filters(api: Client, merchant: Merchant) -> None:
    music, video = create_resource(merchant), create_resource(merchant, "video", name="Films")
    first, second = (subscription_with_order(customer__merchant=merchant) for _ in range(2))
    held = {
        "a": create_entitlement(first, music, created=WINTER + timedelta(days=1)),
        "b": create_entitlement(first, video, live=False),
        "c": create_entitlement(second, music, created=WINTER - timedelta(days=1)),
    }
    names = {row.public_id.hex: name for name, row in held.items()}
    for name, people in {"a": ["G1", "G2"], "b": ["G1"]}.items():
        for each in people:
            Grantee.objects.create(merchant=merchant, entitlement=held[name], external_id=each, name=each)
    for query, expected in {
        "": "abc",
        f"merchant={merchant.public_id.hex}": "abc",
        f"merchant={'0' * 32}": "",
        f"merchant_user_id={first.customer.merchant_user_id}": "ab",
        f"resource_public_id={music.public_id.hex}": "ac",
        f"resource_public_ids={music.public_id.hex},{video.public_id.hex}": "abc",
        f"resource_public_ids={video.public_id.hex},none": "b",
        "resource_public_ids=none": "",
        "external_resource_id=video": "b",
        "resource_name=FILMS": "b",
        "resource_name=film": "",
        "live=true": "ac",
        "live=false": "b",
        "grantee_external_ids_exact=G2,G1": "a",
        "grantee_external_ids_exact=G1": "b",
        "grantee_external_ids_exact=G2": "",
        f"subscription={second.public_id.hex}": "c",
    }.items():
        found = read(api, f"/entitlements/?{query}")[1]["results"]
        assert "".join(names[row["public_id"]] for row in found) == expected, query


def test_entitlements_come_in_cursor_mode_always(api: Client, merchant: Merchant) -> None:
    row, resources = (
        subscription_with_order(customer__merchant=merchant),
        [create_resource(merchant, name) for name in "abc"],
    )
    for resource in resources:
        create_entitlement(row, resource)
    first = read(api, "/entitlements/?page_size=2&live=true")[1]
    assert (list(first), len(first["results"])) == (["next", "previous", "results"], 2)
    assert "cursor=" in first["next"] and "live=true" in first["next"]
    second = api.get(first["next"]).json()
    assert (len(second["results"]), second["next"]) == (1, None)


@pytest.mark.parametrize("most", [-1, 10_000])
def test_a_search_finds_the_same_with_and_without_the_index(
    api: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(catalogue_filters, "EXACT_COUNT", most)
    names = {"a": "Böhme's  Straße", "b": "böhmes", "c": "100% Arabica_x"}
    for days, (key, name) in enumerate(names.items()):
        created = WINTER + timedelta(days=days)
        ProductFactory(merchant=merchant, external_product_id=key, sku=None, name=name, created=created)
    found = {text: product_ids(api, urlencode({"search": text})) for text in ("BÖHME", "me's  s", "0%", "0% a", "a_x")}
    assert found == {"BÖHME": "a b", "me's  s": "a", "0%": "c", "0% a": "c", "a_x": "c"}
