"""Events of the last days."""

from datetime import timedelta

from django.utils import timezone

from subscriptions.models import Customer, Event, Merchant
from tests.factories import CustomerFactory


def make_past_events(
    merchant: Merchant, kind: str, number: int, customer: Customer | None = None, **payload: object
) -> list[Event]:
    """Events of one kind, an hour apart, the last one an hour ago; each of a customer of its own if none is given."""
    now = timezone.now()
    made = []
    for n in range(number):
        one = customer or CustomerFactory(merchant=merchant)
        recipient = {"email": one.email, "phone_number": one.phone_number, "first_name": "Ana", "last_name": "Ruiz"}
        made.append(
            Event.objects.create(
                merchant=merchant,
                customer=one,
                kind=kind,
                payload={"id": str(n), **payload},
                recipient=recipient,
                at=now - timedelta(hours=number - n),
            )
        )
    return made
