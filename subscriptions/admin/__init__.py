"""The staff pages of the domain; links and integrations add theirs to the same site."""

from subscriptions.admin import (
    api_keys,
    checkouts,
    customers,
    find,
    gateway,
    jobs,
    orders,
    placement_log,
    products,
    replacements,
    settings,
    subscriptions,
)
from subscriptions.admin.catalogue import entitlements, incentives, resources

__all__ = [
    "api_keys",
    "checkouts",
    "customers",
    "entitlements",
    "find",
    "gateway",
    "incentives",
    "jobs",
    "orders",
    "placement_log",
    "products",
    "replacements",
    "resources",
    "settings",
    "subscriptions",
]
