"""Who acts. Every action takes an `Actor`; activity and webhooks name it."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    STAFF = "staff"
    API_KEY = "api_key"
    LINK = "link"
    AGENT = "agent"
    CUSTOMER = "customer"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` names the one who acts within its kind (user id, key prefix, token id); `name` is for people."""

    kind: ActorKind
    id: str
    name: str
