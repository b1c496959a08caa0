"""The staff pages of 1-Click."""

from oneclick.admin import pages, tokens
from oneclick.admin.panel import customer_panel

__all__ = ["customer_panel", "pages", "tokens"]
