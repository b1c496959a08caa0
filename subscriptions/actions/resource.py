"""Resources, and the access to them that orders of a plan give. They belong to no customer, so the rows are locked."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from subscriptions.errors import refused
from subscriptions.models import Merchant, Product, Resource, ResourceGrant


def create_resource(merchant: Merchant, **fields: Any) -> Resource:
    """Refused if another resource has the shop's id."""
    try:
        with transaction.atomic():
            created: Resource = merchant.resources.create(**fields)
    except IntegrityError as error:
        raise refused("resource_exists", id=fields["external_resource_id"]) from error
    return created


def change_resource(resource: Resource, **fields: Any) -> None:
    """Change these columns; the same values leave `last_updated` as it is."""
    with transaction.atomic():
        locked = Resource.objects.select_for_update(no_key=True).get(pk=resource.pk)
        if all(getattr(locked, name) == value for name, value in fields.items()):
            return
        for name, value in fields.items():
            setattr(locked, name, value)
        locked.last_updated = timezone.now()
        locked.save(update_fields=[*fields, "last_updated"])


def manage_grants(
    product: Product,
    *,
    create: Sequence[Mapping[str, Any]],
    update: Sequence[Mapping[str, Any]],
    delete: Sequence[ResourceGrant],
) -> None:
    """Create, change and delete the grants of `product`, all or none, and make it a plan.

    `update` names its row as `grant`. A resource has one grant of a product: creating it again is refused.
    """
    try:
        with transaction.atomic():
            locked = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
            ResourceGrant.objects.filter(product=locked, pk__in=[grant.pk for grant in delete]).delete()
            for each in update:
                fields = {name: value for name, value in each.items() if name != "grant"}
                ResourceGrant.objects.filter(product=locked, pk=each["grant"].pk).update(**fields)
            ResourceGrant.objects.bulk_create(
                [ResourceGrant(merchant_id=locked.merchant_id, product=locked, **each) for each in create]
            )
            if locked.product_type != Product.Type.PLAN:
                locked.product_type, locked.last_update = Product.Type.PLAN, timezone.now()
                locked.save(update_fields=["product_type", "last_update"])
    except IntegrityError as error:
        raise refused("grant_exists") from error
