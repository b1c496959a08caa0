from integrations.models.erasures import Erasure
from integrations.models.gladly import AgentAction, GladlyAccount, GladlyRequest
from integrations.models.outbox import Attempt, Connection, Delivery, DeliveryMinute, Heartbeat, PaceWindow
from integrations.models.profile_runs import ImportJob, ProfileError, ProfileRun
from integrations.models.profiles import SentProfile
from integrations.models.replays import Replay
from integrations.models.sandbox import SandboxEvent, SandboxFault, SandboxImport, SandboxProfile, SandboxQuota
from integrations.models.webhooks import WebhookTarget

__all__ = ["Attempt", "Connection", "Delivery", "DeliveryMinute", "Heartbeat", "PaceWindow"]
__all__ += ["ImportJob", "ProfileError", "ProfileRun", "Replay", "SentProfile", "WebhookTarget"]
__all__ += ["Erasure"]
__all__ += ["AgentAction", "GladlyAccount", "GladlyRequest"]
__all__ += ["SandboxEvent", "SandboxFault", "SandboxImport", "SandboxProfile", "SandboxQuota"]
