"""The staff pages of what is sent out: connections, events, deliveries and the sandbox inbox."""

from integrations.admin import connections, deliveries, events, inbox
from integrations.admin.panel import customer_panel

__all__ = ["connections", "customer_panel", "deliveries", "events", "inbox"]
