"""Which actions the agents of a merchant may do at all."""

from integrations.models import AgentAction, GladlyAccount
from subscriptions.models import Merchant


def enabled_actions(merchant: Merchant) -> set[str]:
    """The actions that are switched on for the merchant's Gladly.

    A merchant without that connection uses the app package alone; then the scope of its API key decides.
    """
    accounts = GladlyAccount.objects.filter(connection__merchant=merchant, connection__removed_at=None)
    chosen = list(accounts.values_list("actions_enabled", flat=True))
    return {action for actions in chosen for action in actions} if chosen else set(AgentAction.values)
