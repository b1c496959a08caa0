"""Whom an event is about, as ESPs know people: by e-mail address and by phone number."""

from dataclasses import dataclass
from typing import ClassVar, Self

from subscriptions.models import Event
from subscriptions.normal_forms import parse_email, parse_phone

NO_IDENTIFIER = "The customer has no valid e-mail address or phone number."


@dataclass(frozen=True, slots=True)
class Recipient:
    """`email` is lower case, `phone_number` is in E.164; None where there is none or it is not valid."""

    longest_email: ClassVar[int] = 254
    email: str | None
    phone_number: str | None
    first_name: str
    last_name: str

    @classmethod
    def from_event(cls, event: Event) -> Self:
        """As stored with the event; a national number is read in the country of the customer's address."""
        stored = event.recipient
        email = parse_email(stored.get("email"))
        region = stored.get("country_code") or event.merchant.country_code
        return cls(
            email=email if email and len(email) <= cls.longest_email else None,
            phone_number=parse_phone(stored.get("phone_number"), region),
            first_name=stored.get("first_name") or "",
            last_name=stored.get("last_name") or "",
        )

    @property
    def is_identified(self) -> bool:
        return bool(self.email or self.phone_number)

    def list_omissions(self, event: Event) -> list[str]:
        """For staff: what the event has of its recipient that cannot be sent."""
        found = []
        if event.recipient.get("phone_number") and not self.phone_number:
            found.append("The phone number is not valid and was left out.")
        if event.recipient.get("email") and not self.email:
            found.append("The e-mail address is not valid and was left out.")
        return found
