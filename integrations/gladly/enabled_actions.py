"""Which actions the agents of a merchant may do at all."""

from django.db.models import Q

from integrations.models import AgentAction, Connection, GladlyAccount
from subscriptions.models import Merchant


def enabled_actions(merchant: Merchant, *, without: Connection | None = None) -> set[str]:
    """The actions that are switched on for the merchant's Gladly; or will be, `without` that connection.

    A merchant without any connection uses the app package alone; then the scope of its API key decides.
    """
    accounts = GladlyAccount.objects.filter(
        ~Q(connection=without), connection__merchant=merchant, connection__removed_at=None
    )
    chosen = list(accounts.values_list("actions_enabled", flat=True))
    return {action for actions in chosen for action in actions} if chosen else set(AgentAction.values)
