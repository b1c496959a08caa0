"""The staff pages of 1-Click."""

from oneclick.admin import analytics, issuing, landing_pages, messages, saved_links, settings, tokens
from oneclick.admin.panel import customer_panel

__all__ = [
    "analytics",
    "customer_panel",
    "issuing",
    "landing_pages",
    "messages",
    "saved_links",
    "settings",
    "tokens",
]
