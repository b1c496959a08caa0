"""The requests that the portal makes to the sandbox, with their published rate limits.

Requests that only look at what the sandbox has stored have no endpoint: they are neither limited nor spoilt.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`burst` is per second and `steady` per minute; endpoints with the same `counter` share both."""

    name: str
    title: str
    burst: int
    steady: int | None
    counter: str


def klaviyo(name: str, title: str, burst: int, steady: int) -> Endpoint:
    return Endpoint(f"klaviyo.{name}", f"Klaviyo: {title}", burst, steady, f"klaviyo.{name}")


def attentive(name: str, title: str) -> Endpoint:
    return Endpoint(f"attentive.{name}", f"Attentive: {title}", 150, None, "attentive")


def gladly(name: str, title: str) -> Endpoint:
    return Endpoint(f"gladly.{name}", f"Gladly: {title}", 10, None, "gladly")


CREATE_EVENT = klaviyo("event", "create event", 350, 3500)
BULK_EVENTS = klaviyo("bulk_events", "bulk create events", 10, 150)
UPSERT_PROFILE = klaviyo("profile", "profile upsert", 75, 750)
BULK_PROFILES = klaviyo("bulk_profiles", "bulk profile import", 10, 150)
IMPORT_STATUS = klaviyo("import_status", "import status", 10, 150)
IMPORT_ERRORS = klaviyo("import_errors", "import errors", 10, 150)
ACCOUNTS = klaviyo("accounts", "accounts", 1, 15)
ERASURE = klaviyo("erasure", "erasure", 3, 60)
ATTENTIVE_EVENT = attentive("event", "event")
ATTENTIVE_ATTRIBUTES = attentive("attributes", "attributes")
ATTENTIVE_ME = attentive("me", "account")
GLADLY_PROFILES = gladly("profiles", "find customer profiles")
GLADLY_ITEM = gladly("item", "create conversation item")

ENDPOINTS = [CREATE_EVENT, BULK_EVENTS, UPSERT_PROFILE, BULK_PROFILES, IMPORT_STATUS, IMPORT_ERRORS, ACCOUNTS, ERASURE]
ENDPOINTS += [ATTENTIVE_EVENT, ATTENTIVE_ATTRIBUTES, ATTENTIVE_ME, GLADLY_PROFILES, GLADLY_ITEM]
ENDPOINT_CHOICES = [(endpoint.name, endpoint.title) for endpoint in ENDPOINTS]
