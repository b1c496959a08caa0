"""Who acts. Every action takes an `Actor`, and its activity names that actor."""

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
    """`id` is unique within the kind: a user's id, an API key's prefix, a token's id. `name` is for people."""

    kind: ActorKind
    id: str
    name: str

    def as_json(self) -> dict[str, str]:
        """For rows and tasks that outlive the request."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, str]) -> Self:
        return cls(ActorKind(stored["kind"]), stored["id"], stored["name"])
