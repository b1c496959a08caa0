"""The staff pages of the domain; links and integrations add theirs to the same site."""

from subscriptions.admin import (
    addresses,
    api_keys,
    bulk,
    checkouts,
    customers,
    find,
    gateway,
    items,
    jobs,
    orders,
    payments,
    placement_log,
    replacements,
    settings,
    subscriptions,
)
from subscriptions.admin.catalogue import entitlements, incentives, offers, product_groups, products, resources

__all__ = [
    "addresses",
    "api_keys",
    "bulk",
    "checkouts",
    "customers",
    "entitlements",
    "find",
    "gateway",
    "incentives",
    "items",
    "jobs",
    "offers",
    "orders",
    "payments",
    "placement_log",
    "product_groups",
    "products",
    "replacements",
    "resources",
    "settings",
    "subscriptions",
]
