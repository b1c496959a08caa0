"""The staff pages of what is sent out: connections, events, deliveries, the sandbox inbox and its faults."""

from integrations.admin import connections, deliveries, erasure, events, faults, health, inbox, profile_runs
from integrations.admin.panel import customer_panel

__all__ = [
    "connections",
    "customer_panel",
    "deliveries",
    "erasure",
    "events",
    "faults",
    "health",
    "inbox",
    "profile_runs",
]
