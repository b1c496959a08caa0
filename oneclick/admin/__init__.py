"""The staff pages of 1-Click."""

from oneclick.admin import issuing, landing, links, numbers, pages, texts, tokens
from oneclick.admin.panel import customer_panel

__all__ = ["customer_panel", "issuing", "landing", "links", "numbers", "pages", "texts", "tokens"]
