"""Pages of figures about subscriptions; each number leads to its rows, and each table is a file too."""

from subscriptions.admin.analytics import cancellations, forecast, retention

__all__ = ["cancellations", "forecast", "retention"]
