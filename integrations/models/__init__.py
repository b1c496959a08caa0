from integrations.models.outbox import Attempt, Connection, Delivery, Heartbeat
from integrations.models.sandbox import SandboxEvent, SandboxFault, SandboxImport, SandboxProfile, SandboxQuota

__all__ = ["Attempt", "Connection", "Delivery", "Heartbeat"]
__all__ += ["SandboxEvent", "SandboxFault", "SandboxImport", "SandboxProfile", "SandboxQuota"]
