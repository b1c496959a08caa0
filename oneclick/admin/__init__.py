"""The staff pages of 1-Click."""

from oneclick.admin import analytics, issue_button, landing_pages, messages, revenue, saved_links, settings, tokens
from oneclick.admin.catalogue_panels import offer_panel, product_panel

__all__ = [
    "analytics",
    "issue_button",
    "landing_pages",
    "messages",
    "offer_panel",
    "product_panel",
    "revenue",
    "saved_links",
    "settings",
    "tokens",
]
