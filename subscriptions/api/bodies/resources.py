"""The bodies that resources, access and product groups are written with."""

from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from subscriptions import calendar
from subscriptions.actions.entitlement import LONGEST_GRANT
from subscriptions.api.bodies.fields import OptionalText, day_field
from subscriptions.api.bodies.named_rows import NamedRow
from subscriptions.api.bodies.products import url_field
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.errors import SENTENCES
from subscriptions.models import ProductGroup, Resource, ResourceGrant

MOST_GRANTS = 100


def seconds_field(least: int = 1, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=least, max_value=LONGEST_GRANT, required=False, **options)


def grant_list(child: serializers.Field[Any, Any, Any, Any]) -> serializers.ListField:
    return serializers.ListField(child=child, required=False, max_length=MOST_GRANTS)


class ExpirationBody(ApiBody):
    """Access ends on this day at 23:59:59 UTC: today or later."""

    expiration = day_field(source="day")
    correct_renewal = serializers.BooleanField(
        required=False, help_text="Whether the upcoming order moves to that day, too; `true` by default."
    )

    def validate_expiration(self, day: date) -> date:
        if day < calendar.today(self.context["merchant"].time_zone):
            raise ValidationError(SENTENCES["place_date_past"])
        return day


class ResourceUpdateBody(ApiBody):
    """What is sent is changed."""

    name = serializers.CharField(max_length=255, required=False)
    description = OptionalText(10_000)
    image_url = url_field()

    def validate_image_url(self, given: str | None) -> str | None:
        return given or None


class ResourceBody(ResourceUpdateBody):
    """A new resource, with the shop's own id."""

    name = serializers.CharField(max_length=255)
    external_resource_id = serializers.CharField(max_length=255)


class NewGrant(serializers.Serializer[Any]):
    resource = NamedRow(Resource)
    time_amount = seconds_field()
    grace_period = seconds_field(0, allow_null=True)


class ChangedGrant(serializers.Serializer[Any]):
    public_id = NamedRow(ResourceGrant, source="grant")
    resource = NamedRow(Resource, required=False)
    time_amount = seconds_field()
    grace_period = seconds_field(0, allow_null=True)


class GrantsBody(ApiBody):
    """Seconds of access. The two `identifier_…` apply to the new grants that leave theirs out."""

    # The metaclass takes fields off the class.
    create = grant_list(NewGrant())  # type: ignore[assignment]
    update = grant_list(ChangedGrant())  # type: ignore[assignment]
    delete = grant_list(NamedRow(ResourceGrant))
    identifier_time_amount = seconds_field()
    identifier_grace_period = seconds_field(0, allow_null=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        usual = {
            name: given.pop(f"identifier_{name}")
            for name in ("time_amount", "grace_period")
            if f"identifier_{name}" in given
        }
        created = [usual | dict(each) for each in given.get("create", [])]
        if any("time_amount" not in each for each in created):
            raise ValidationError({"create": ["Each needs a time_amount, or the body an identifier_time_amount."]})
        changed = [each["grant"] for each in given.get("update", [])] + given.get("delete", [])
        if any(grant.product_id != self.context["product"].pk for grant in changed):
            raise ValidationError({"update": ["A grant belongs to another product."]})
        return super().validate(
            {"create": created, "update": given.get("update", []), "delete": given.get("delete", [])}
        )


class GroupBody(ApiBody):
    name = serializers.CharField(max_length=255)
    group_type = serializers.ChoiceField(ProductGroup.Type.choices)

    def validate_name(self, given: str) -> str:
        if "/" in given:
            raise ValidationError("The name of a group must not hold a slash.")
        return given


class GroupNameBody(ApiBody):
    name = serializers.CharField(max_length=255)

    validate_name = GroupBody.validate_name
