"""The staff pages of the domain; links and integrations add theirs to the same site."""

from subscriptions.admin import (
    customers,
    gateway,
    jobs,
    orders,
    placement_log,
    products,
    replacements,
    settings,
    subscriptions,
)

__all__ = [
    "customers",
    "gateway",
    "jobs",
    "orders",
    "placement_log",
    "products",
    "replacements",
    "settings",
    "subscriptions",
]
