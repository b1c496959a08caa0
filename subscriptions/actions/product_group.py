"""Groups of products."""

from django.db import IntegrityError, transaction

from subscriptions.errors import refused
from subscriptions.models import Merchant, ProductGroup


def create_group(merchant: Merchant, *, group_type: str, name: str) -> ProductGroup:
    """The new group, or the one that has this type and name already."""
    return ProductGroup.objects.get_or_create(merchant=merchant, group_type=group_type, name=name)[0]


def rename_group(group: ProductGroup, *, name: str) -> None:
    """Refused if another group of this type has the name."""
    try:
        with transaction.atomic():
            ProductGroup.objects.filter(pk=group.pk).update(name=name)
    except IntegrityError as error:
        raise refused("group_exists", name=name) from error
