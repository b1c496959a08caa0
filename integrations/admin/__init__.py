"""The staff pages of what is sent out: connections, events, deliveries, the sandbox inbox and its faults."""

from integrations.admin import connections, deliveries, erasure, events, faults, health, inbox, profile_runs
from integrations.admin.gladly import package

__all__ = [
    "connections",
    "deliveries",
    "erasure",
    "events",
    "faults",
    "health",
    "inbox",
    "package",
    "profile_runs",
]
