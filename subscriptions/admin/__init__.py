"""The staff pages of the domain; links and integrations add theirs to the same site."""

from subscriptions.admin import (
    catalogue,
    customers,
    gateway,
    jobs,
    orders,
    placement_log,
    replacements,
    settings,
    subscriptions,
)

__all__ = [
    "catalogue",
    "customers",
    "gateway",
    "jobs",
    "orders",
    "placement_log",
    "replacements",
    "settings",
    "subscriptions",
]
