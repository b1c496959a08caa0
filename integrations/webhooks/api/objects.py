"""The objects of webhook targets, and the bodies they are written with."""

from typing import Any

from rest_framework import serializers

from integrations.webhooks.targets import LONGEST_NAME
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.api.serializers import ObjectSerializer
from subscriptions.objects.object_type import ObjectType
from subscriptions.objects.values import FLAG, ID, MERCHANT_ID, TEXT, TIME

LONGEST_PATTERN = 2000

WEBHOOK_TARGET = ObjectType(
    "WebhookTarget",
    "An address that events are sent to. `pattern`: which types; while it is empty, nothing is sent.",
    {
        "id": ID.of("public_id"),
        "merchant": MERCHANT_ID,
        "target_url": TEXT.of("base_url"),
        "enabled": FLAG,
        "created": TIME,
        "updated": TIME.of("target.updated"),
        "name": TEXT,
        "pattern": TEXT.of("target.pattern"),
    },
)


class WebhookTargetSerializer(ObjectSerializer):
    object_type = WEBHOOK_TARGET


def url_field(**options: Any) -> serializers.URLField:
    return serializers.URLField(max_length=500, help_text="`https`, at a public address.", **options)


class TargetBody(ApiBody):
    """A new target. Without a `name`, it is named by its host."""

    target_url = url_field()
    enabled = serializers.BooleanField(required=False)
    name = serializers.CharField(max_length=LONGEST_NAME, required=False)


class TargetUpdateBody(ApiBody):
    """What is sent is changed."""

    target_url = url_field(required=False)
    enabled = serializers.BooleanField(required=False)
    name = serializers.CharField(max_length=LONGEST_NAME, required=False)


class FilterBody(ApiBody):
    """Types, `family.*` or `*`, joined by `|`. The empty text matches nothing."""

    pattern = serializers.CharField(max_length=LONGEST_PATTERN, allow_blank=True)


class FilterAnswer(serializers.Serializer[Any]):
    pattern = serializers.CharField(allow_blank=True)


class KeyAnswer(serializers.Serializer[Any]):
    signing_key = serializers.CharField(allow_null=True)


class RotationAnswer(KeyAnswer):
    expiring_signing_key = serializers.CharField(allow_null=True)
    signing_key_expiry = serializers.DateTimeField(help_text="Until then, bodies are signed with both keys.")
