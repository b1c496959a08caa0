"""The staff pages of what leaves the house: connections, events, deliveries, the sandbox's inbox."""

from integrations.admin import connections, deliveries, events, inbox
from integrations.admin.panel import customer_panel

__all__ = ["connections", "customer_panel", "deliveries", "events", "inbox"]
