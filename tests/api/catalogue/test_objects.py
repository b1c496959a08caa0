"""The objects have exactly these keys, in these forms."""

from decimal import Decimal

from django.test import Client

from subscriptions.models import Grantee, Merchant, ProductRelationship, ResourceGrant
from tests.api.catalogue.rows import (
    SUMMER,
    WINTER,
    add_discount,
    add_to_group,
    create_entitlement,
    create_incentive,
    create_offer,
    create_resource,
    read,
)
from tests.factories import CancelReasonFactory, ProductFactory, subscription_with_order

ENVELOPE = {"count": 1, "next": None, "previous": None}


def test_a_product_has_the_documented_fields(api: Client, merchant: Merchant) -> None:
    offer = create_offer(merchant)
    row = ProductFactory(
        merchant=merchant,
        external_product_id="P 1",
        sku="B-1",
        price=Decimal("12.5"),
        created=WINTER,
        last_update=SUMMER,
        extra_data={"roast": "light"},
        every=2,
        every_period=2,
        offer_profile=offer.profile,
        incentive_group="beans",
    )
    add_to_group(row, "sku_swap", "beans")
    add_to_group(row, "eligibility", "prepaid")
    product = {
        "merchant": merchant.public_id.hex,
        "groups": [
            {"name": "prepaid", "group_type": "eligibility"},
            {"name": "beans", "group_type": "sku_swap"},
        ],
        "name": "House blend",
        "price": "12.50",
        "image_url": "https://shop.test/house-blend.png",
        "detail_url": "https://shop.test/house-blend",
        "external_product_id": "P 1",
        "sku": "B-1",
        "autoship_enabled": True,
        "prepaid_eligible": False,
        "premier_enabled": 0,
        "created": "2026-01-04 22:04:05",
        "last_update": "2026-07-04 23:04:05",
        "live": True,
        "discontinued": False,
        "extra_data": '{"roast":"light"}',
        "product_type": "standard",
        "autoship_by_default": False,
        "every": 2,
        "every_period": 2,
        "offer_profile": offer.profile.public_id.hex,
        "incentive_group": "beans",
    }
    assert read(api, "/products/P%201/") == (200, product)
    assert read(api, "/products/product_id/P%201") == (200, product)
    assert read(api, "/products/") == (200, ENVELOPE | {"results": [product]})


def test_a_product_shows_rules_and_grants_on_request(api: Client, merchant: Merchant) -> None:
    row = ProductFactory(merchant=merchant, external_product_id="plan", product_type="plan")
    resource = create_resource(merchant)
    grant = ResourceGrant.objects.create(merchant=merchant, product=row, resource=resource, time_amount=3600)
    plain = read(api, "/products/plan/")[1]
    assert read(api, "/products/plan/?include_product_selection_rules=true")[1] == plain | {
        "product_selection_rules": []
    }
    asked = read(api, "/products/plan/?include_product_resource_grants=true")[1]
    assert asked == plain | {
        "product_resource_grants": [
            {
                "public_id": grant.public_id.hex,
                "resource": resource.public_id.hex,
                "time_amount": 3600,
                "grace_period": None,
            }
        ]
    }


def test_relationships_are_a_bare_array(api: Client, merchant: Merchant) -> None:
    old, new = (ProductFactory(merchant=merchant, external_product_id=name) for name in ("old", "new"))
    for kind in ("discontinued_replacement", "swap_on_purchase"):
        ProductRelationship.objects.create(merchant=merchant, relationship_type=kind, from_product=old, to_product=new)
    swap = {"relationship_type": "swap_on_purchase", "from_product": "old", "to_product": "new"}
    replacement = swap | {"relationship_type": "discontinued_replacement"}
    assert read(api, "/products/old/relationships/") == (200, [replacement, swap])
    assert read(api, "/products/old/relationships/?type=swap_on_purchase") == (200, [swap])
    assert read(api, "/products/new/relationships/") == (200, [])
    status, body = read(api, "/products/old/relationships/?type=other")
    assert (status, list(body)) == (400, ["type"])


def test_an_offer_profile_has_the_documented_fields(api: Client, merchant: Merchant) -> None:
    offer = create_offer(merchant, weight=3)
    discount = add_discount(offer.profile, "initial", threshold_field=3, threshold_value=Decimal(20))
    coupon = {
        "public_id": discount.coupon.public_id.hex,
        "name": "initial coupon",
        "code": "INITIAL",
        "discounts": [
            {
                "public_id": discount.public_id.hex,
                "name": "Ten",
                "object": 2,
                "field": 1,
                "type": "Discount Percent",
                "value": "10.00",
                "threshold_field": 3,
                "threshold_value": "20.00",
            }
        ],
    }
    profile = {
        "public_id": offer.profile.public_id.hex,
        "name": "Ten percent",
        "weight": 3,
        "live": True,
        "status": "available",
        "offers": [offer.public_id.hex],
        "recurring_coupon": None,
        "initial_coupon": coupon,
    }
    assert read(api, "/offer_profiles/") == (200, ENVELOPE | {"results": [profile]})
    with_flex = profile | {"initial_coupon": coupon | {"standard_flex_incentives": []}}
    (found,) = read(api, "/offer_profiles/?offer_profile_category=all_with_standard_flex_incentives")[1]["results"]
    assert found == with_flex
    only = read(api, "/offer_profiles/?offer_profile_category=only_with_standard_flex_incentives")
    assert only == (200, {"count": 0, "next": None, "previous": None, "results": []})


def test_an_incentive_has_the_documented_fields(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    item = row.items.get()
    discount = create_incentive(item.order, external_code="SORRY", limit_policy="fixed", limit_value=Decimal(3))
    kept = {
        "public_id": discount.public_id.hex,
        "external_code": "SORRY",
        "description": None,
        "merchant": merchant.public_id.hex,
        "customer": row.customer.merchant_user_id,
        "item": None,
        "order": item.order.public_id.hex,
        "expires": None,
        "stacking_type": "base",
        "created": "2026-01-04 22:04:05",
        "last_updated": "2026-07-04 23:04:05",
        "applied_at": None,
        "incentive": {
            "public_id": discount.public_id.hex,
            "name": "Sorry",
            "type": "Discount",
            "discount_type": "Discount Amount",
            "value": "5.00",
            "field": "sub_total",
            "target": "order",
            "limit_policy": "fixed",
            "limit_value": "3.00",
            "threshold_field": None,
            "threshold_value": None,
        },
    }
    assert read(api, f"/one_time_incentives/{discount.public_id.hex}/") == (200, kept)
    gift = create_incentive(
        item.order,
        order=None,
        item=item,
        type="Gift",
        product=row.product,
        target="item",
        value=None,
        field="",
        discount_type="",
    )
    found = read(api, f"/one_time_incentives/{gift.public_id.hex}/")[1]
    assert (found["item"], found["order"]) == (item.public_id.hex, None)
    assert found["incentive"] == {
        "public_id": gift.public_id.hex,
        "name": "Sorry",
        "type": "Gift",
        "product": row.product.external_product_id,
        "target": "item",
    }


def test_entitlements_and_resources_have_the_documented_fields(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    resource = create_resource(merchant, description="All songs")
    held = create_entitlement(row, resource, grace_period=60, latest_activation_date=SUMMER)
    about = {
        "public_id": resource.public_id.hex,
        "merchant": merchant.public_id.hex,
        "name": "Music",
        "external_resource_id": "music",
        "description": "All songs",
        "image_url": None,
        "created": "2026-01-04 22:04:05",
        "last_updated": "2026-07-04 23:04:05",
    }
    assert read(api, f"/resources/{resource.public_id.hex}/") == (200, about)
    assert read(api, "/resources/") == (200, ENVELOPE | {"results": [about]})
    access = {
        "merchant": merchant.public_id.hex,
        "public_id": held.public_id.hex,
        "merchant_user_id": row.customer.merchant_user_id,
        "initial_activation_date": None,
        "latest_activation_date": "2026-07-05T03:04:05Z",
        "grace_period": 60,
        "live": True,
        "access_type": "time_based",
        "expiration": "2027-01-01T00:00:00Z",
        "created": "2026-01-05T03:04:05Z",
        "last_updated": "2026-07-05T03:04:05Z",
        "resource": about,
        "grantees": None,
    }
    assert read(api, "/entitlements/") == (200, {"next": None, "previous": None, "results": [access]})
    Grantee.objects.create(
        merchant=merchant, entitlement=held, external_id="G-1", name="Bo", created=WINTER, updated=SUMMER
    )
    shared = {
        "external_id": "G-1",
        "name": "Bo",
        "created": "2026-01-05T03:04:05Z",
        "updated": "2026-07-05T03:04:05Z",
    }
    assert read(api, "/entitlements/")[1]["results"] == [access | {"grantees": [shared]}]


def test_a_cancel_reason_has_the_documented_fields(api: Client, merchant: Merchant) -> None:
    CancelReasonFactory(merchant=merchant, code=8, label="Too expensive")
    reason = {"cancel_reason": 8, "application": "msi", "label": "Too expensive"}
    found = read(api, "/merchant/cancel_reason/?application=msi")[1]["results"]
    assert reason in found
    assert read(api, "/merchant/cancel_reason/?application=other")[1]["results"] == []
