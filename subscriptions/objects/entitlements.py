"""Resources and the access that customers have to them. Times are in UTC."""

from subscriptions.objects.object_type import ObjectType, nested_object, object_list
from subscriptions.objects.values import FLAG, ID, MERCHANT_ID, NUMBER, TEXT, TIME, UTC_TIME

RESOURCE = ObjectType(
    "Resource",
    "Something that customers have access to.",
    {
        "public_id": ID,
        "merchant": MERCHANT_ID,
        "name": TEXT,
        "external_resource_id": TEXT,
        "description": TEXT.or_null(),
        "image_url": TEXT.or_null(),
        "created": TIME,
        "last_updated": TIME,
    },
)
SHARED_WITH = ObjectType(
    "EntitlementGrantee",
    "A person with whom the customer shares the access.",
    {"external_id": TEXT, "name": TEXT, "created": UTC_TIME, "updated": UTC_TIME},
)
ENTITLEMENT = ObjectType(
    "Entitlement",
    "Access until `expiration` plus `grace_period` seconds, during which `live` stays true.",
    {
        "merchant": MERCHANT_ID,
        "public_id": ID,
        "merchant_user_id": TEXT.of("customer.merchant_user_id"),
        "initial_activation_date": UTC_TIME.or_null(),
        "latest_activation_date": UTC_TIME.or_null(),
        "grace_period": NUMBER.or_null(),
        "live": FLAG,
        "access_type": TEXT,
        "expiration": UTC_TIME,
        "created": UTC_TIME,
        "last_updated": UTC_TIME,
        "resource": nested_object(RESOURCE),
        "grantees": object_list(SHARED_WITH).of(lambda row, _: row.grantees.all() or None).or_null(),
    },
)
