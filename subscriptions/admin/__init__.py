"""The staff pages of the domain; links and integrations add theirs to the same site."""

from subscriptions.admin import catalogue, customers, orders, replacements, settings, subscriptions

__all__ = ["catalogue", "customers", "orders", "replacements", "settings", "subscriptions"]
