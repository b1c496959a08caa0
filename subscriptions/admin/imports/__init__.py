"""Importing files in the browser, and exporting them."""

from subscriptions.admin.imports import pages

__all__ = ["pages"]
