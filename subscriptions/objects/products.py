"""Products, and what is said of them: groups, relationships, resource grants."""

from subscriptions.objects.object_type import ObjectType, object_list
from subscriptions.objects.values import (
    ALWAYS_EMPTY,
    FLAG,
    ID,
    JSON_TEXT,
    MERCHANT_ID,
    MONEY,
    NUMBER,
    REFERENCE,
    TEXT,
    TIME,
)

PRODUCT_GROUP = ObjectType("ProductGroup", "Products that belong together.", {"name": TEXT, "group_type": TEXT})
RESOURCE_GRANT = ObjectType(
    "ResourceGrant",
    "Each order of the plan adds `time_amount` seconds of access to the resource.",
    {"public_id": ID, "resource": REFERENCE, "time_amount": NUMBER, "grace_period": NUMBER.or_null()},
)
PRODUCT = ObjectType(
    "Product",
    "`live`: in stock. `every` and `every_period` are the default frequency.",
    {
        "merchant": MERCHANT_ID,
        "groups": object_list(PRODUCT_GROUP).of(lambda product, _: product.groups.all()),
        "name": TEXT,
        "price": MONEY,
        "image_url": TEXT.or_null(),
        "detail_url": TEXT.or_null(),
        "external_product_id": TEXT,
        "sku": TEXT.or_null(),
        "autoship_enabled": FLAG,
        "prepaid_eligible": FLAG,
        "premier_enabled": NUMBER,
        "created": TIME,
        "last_update": TIME,
        "live": FLAG,
        "discontinued": FLAG,
        "extra_data": JSON_TEXT.or_null(),
        "product_type": TEXT,
        "autoship_by_default": FLAG,
        "every": NUMBER.or_null(),
        "every_period": NUMBER.or_null(),
        "offer_profile": REFERENCE.or_null(),
        "incentive_group": TEXT.or_null(),
        # Only on request.
        "product_selection_rules": ALWAYS_EMPTY,
        "product_resource_grants": object_list(RESOURCE_GRANT).of(lambda product, _: product.resource_grants.all()),
    },
)
RELATIONSHIP = ObjectType(
    "ProductRelationship",
    "Which product follows another one, by the shop's ids.",
    {
        "relationship_type": TEXT,
        "from_product": TEXT.of("from_product.external_product_id"),
        "to_product": TEXT.of("to_product.external_product_id"),
    },
)
