from integrations.models.outbox import Attempt, Connection, Delivery, Heartbeat
from integrations.models.sandbox import SandboxEvent, SandboxProfile

__all__ = ["Attempt", "Connection", "Delivery", "Heartbeat", "SandboxEvent", "SandboxProfile"]
