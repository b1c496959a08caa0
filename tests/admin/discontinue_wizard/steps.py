"""Addresses of the wizard, and products with subscriptions to discontinue."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from subscriptions.models import Product, ProductRelationship, Subscription
from tests import factories as f

Login = Callable[..., Client]
PREPAID = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "autorenew"}
BUTTON = "/discontinue/"


def wizard_page(product: Product, page: str = "discontinue") -> str:
    return f"/admin/subscriptions/product/{product.pk}/{page}/"


def create_subscriptions(product: Product, number: int = 1, **fields: Any) -> list[Subscription]:
    return [
        f.subscription_with_order(customer=f.CustomerFactory(merchant=product.merchant), product=product, **fields)
        for _ in range(number)
    ]


def create_relationship(product: Product, substitute: Product, kind: str = "discontinued_replacement") -> None:
    ProductRelationship.objects.create(
        merchant=product.merchant, relationship_type=kind, from_product=product, to_product=substitute
    )
