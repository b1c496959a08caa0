"""Who acts. Every action takes an `Actor`; activity and webhooks name it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self


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

    def kept(self) -> dict[str, str]:
        """As JSON, for work that outlives the request."""
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, str]) -> Self:
        return cls(ActorKind(kept["kind"]), kept["id"], kept["name"])
