"""Bulk changes on the staff pages: choosing and previewing them on a list, and the page of a run."""

from subscriptions.admin.bulk import run_pages

__all__ = ["run_pages"]
