"""What a merchant sets up."""

from subscriptions.objects.object_type import ObjectType
from subscriptions.objects.values import NUMBER, TEXT

CANCEL_REASON = ObjectType(
    "CancelReason",
    "`cancel_reason` is the number with which a subscription's `cancel_reason` begins.",
    {"cancel_reason": NUMBER.of("code"), "application": TEXT, "label": TEXT},
)
