"""When a link's token left for the customer."""

from datetime import datetime

from integrations.models import Delivery
from integrations.sandbox.private_keys import leads_to_sandbox
from oneclick.models import ActionToken


def last_departure(token: ActionToken) -> datetime | None:
    """When the token's event was last delivered. What went to the sandbox is in no mailbox that a scanner reads."""
    done = Delivery.objects.filter(merchant=token.merchant_id, event=token.event_id, state=Delivery.State.DONE)
    rows = done.exclude(finished=None).select_related("connection").order_by("-finished")
    return next((row.finished for row in rows if not leads_to_sandbox(row.connection)), None)
