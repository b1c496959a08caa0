"""What became of an event at each connection, in sentences for staff."""

from django.utils import timezone

from integrations.connection_states import clock_time, describe_connections
from integrations.models import Connection, Delivery
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions.models import Event
from subscriptions.staff.display import event_title

WEBHOOK = Connection.Integration.WEBHOOK


def explain_deliveries(event: Event) -> list[str]:
    """A sentence for each connection, whether the event went there or not. Four queries at most."""
    connections = Connection.objects.filter(merchant=event.merchant_id).order_by("name", "pk")
    by_key = {row.pk: row for row in connections}
    rows = list(Delivery.objects.filter(merchant=event.merchant_id, event=event).order_by("pk"))
    states = describe_connections([by_key[row.connection_id] for row in rows if row.state == Delivery.State.PENDING])
    told = [explain_delivery(by_key[row.connection_id], row, states) for row in rows]
    reached = {row.connection_id for row in rows}
    # A webhook receives what its target asks for; it has missed nothing by not asking.
    left_out = [row for key, row in by_key.items() if key not in reached and row.removed_at is None]
    told += [explain_absence(row, event) for row in left_out if row.integration != WEBHOOK]
    return told or ["You have no connection yet, so reminders are sent to nobody."]


def explain_delivery(connection: Connection, delivery: Delivery, states: dict) -> str:
    now = timezone.now()
    match delivery.state:
        case Delivery.State.DONE:
            at = clock_time(delivery.finished, now) if delivery.finished else "an unknown time"
            return f"{connection} received it at {at}. If no message came, look at the flow there."
        case Delivery.State.PENDING:
            return f"{connection} has not received it yet. {states[connection.pk].sentence}"
        case Delivery.State.DEAD:
            return f"{connection} did not receive it, and it is not tried again: {delivery.error}"
        case Delivery.State.UNKNOWN:
            return f"{connection} may have received it: {delivery.error}"
    return f"It was not sent to {connection}: {delivery.error}"


def explain_absence(connection: Connection, event: Event) -> str:
    """Why there is no delivery of the event, as far as the connection's settings say it now."""
    if connection.created > event.at:
        return f"{connection} was connected later."
    if not connection.enabled:
        return f"It was not sent to {connection}, which is switched off."
    if event.kind in connection.switched_off_kinds:
        return f"It was not sent to {connection}, where “{event_title(event)}” is switched off."
    if event.customer.is_test and not leads_to_sandbox(connection):
        return f"It was not sent to {connection}: test customers never reach a live connection."
    return f"It was not sent to {connection}, which was switched off or did not want it then."
