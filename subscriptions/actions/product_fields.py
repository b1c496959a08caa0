"""The columns of products, and the rules under which staff, REST and files change them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from subscriptions.actions.product import lock_products
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import refused
from subscriptions.models import Product


def change_product(product: Product, *, actor: Actor, **values: Any) -> list[str]:
    """Give the product these values; returns the columns that have changed, in order.

    What staff set is theirs: a feed may ask to keep it. What anybody else sets is the feed's again.
    """
    with transaction.atomic():
        locked = lock_products(product)[product.pk]
        for problem in find_field_problems(locked, values).values():
            raise refused("product_value", problem=problem)
        values = without_sale(locked, values)
        changed = sorted(name for name, value in values.items() if getattr(locked, name) != value)
        theirs = set(locked.set_by_staff)
        theirs = theirs | set(changed) if actor.kind is ActorKind.STAFF else theirs - set(values)
        if not changed and theirs == set(locked.set_by_staff):
            return []
        for name in changed:
            setattr(locked, name, values[name])
        locked.set_by_staff, locked.last_update = sorted(theirs), timezone.now()
        locked.save(update_fields=[*changed, "set_by_staff", "last_update"])
    return changed


def find_field_problems(product: Product, values: Mapping[str, Any]) -> dict[str, str]:
    """Why the product cannot have these values, by column."""
    problems = {}
    if product.pk and values.get("product_type", product.product_type) != product.product_type:
        problems["product_type"] = f"a product keeps the type it was created with: {product.product_type}."
    every, period = (values.get(name, getattr(product, name)) for name in ("every", "every_period"))
    if (every is None) != (period is None):
        problems["every"] = "every and every_period need each other; fill or empty both."
    return problems


def without_sale(product: Product, values: Mapping[str, Any]) -> dict[str, Any]:
    """A discontinued product is neither in stock nor open to subscriptions, whatever is said of that."""
    is_discontinued = values.get("discontinued", product.discontinued)
    return {**values, **({"live": False, "autoship_enabled": False} if is_discontinued else {})}
