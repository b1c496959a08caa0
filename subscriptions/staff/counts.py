"""Counts of rows that no number of rows makes slow."""

from django.db.models import QuerySet

MOST_COUNTED = 10_000


def count_text(rows: QuerySet) -> str:
    """`1,204`, or `10,000+` where counting ended. An index must lead to the rows."""
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    return f"{count:,}" if count <= MOST_COUNTED else f"{MOST_COUNTED:,}+"
