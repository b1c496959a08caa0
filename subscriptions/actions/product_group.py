"""Groups of products."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone

from subscriptions.actions.product import lock_products
from subscriptions.errors import refused
from subscriptions.models import Merchant, Product, ProductGroup


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


def change_members(group: ProductGroup, *, add: Collection[Product], remove: Collection[Product]) -> int:
    """Put products into the group and take others out; returns how many products this changed."""
    membership = Product.groups.through
    with transaction.atomic():
        locked = lock_products(*add, *remove) if add or remove else {}
        rows = membership.objects.filter(productgroup=group, product__in=locked)
        members = set(rows.values_list("product", flat=True))
        joining = {product.pk for product in add} - members
        leaving = {product.pk for product in remove} & members
        rows.filter(product__in=leaving).delete()
        membership.objects.bulk_create([membership(product_id=key, productgroup=group) for key in sorted(joining)])
        Product.objects.filter(pk__in=joining | leaving).update(last_update=timezone.now())
    return len(joining | leaving)
