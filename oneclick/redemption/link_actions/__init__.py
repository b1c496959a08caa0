"""Everything a 1-click link can do: one row per link action, each in a module with what it does and says."""

from collections.abc import Mapping

from oneclick.models import Action
from oneclick.redemption.link_actions.delay import DELAY
from oneclick.redemption.link_actions.link_action import LinkAction
from oneclick.redemption.link_actions.product_upsell import PRODUCT_UPSELL
from oneclick.redemption.link_actions.reactivate import REACTIVATE
from oneclick.redemption.link_actions.skip import SKIP
from oneclick.redemption.link_actions.subscription_upsell import FREQUENCY_PARAMETERS, SUBSCRIPTION_UPSELL

LINK_ACTIONS = {row.name: row for row in (DELAY, SKIP, REACTIVATE, PRODUCT_UPSELL, SUBSCRIPTION_UPSELL)}
"""By name, in the order in which staff see them."""
ACTION_NAMES = frozenset({*Action.values, *LINK_ACTIONS})
"""The action names that links may use."""


def find_link_action(action: str, fields: Mapping[str, str]) -> LinkAction:
    """The row for one of ACTION_NAMES: an upsell with any part of a frequency is a subscription upsell."""
    if action in LINK_ACTIONS and LINK_ACTIONS[action].action != Action.UPSELL:
        return LINK_ACTIONS[action]
    subscribes = action == SUBSCRIPTION_UPSELL.name or any(name in fields for name in FREQUENCY_PARAMETERS)
    return SUBSCRIPTION_UPSELL if subscribes else PRODUCT_UPSELL


def link_actions_of_scope(scope: str) -> list[LinkAction]:
    """The link actions that a token of this scope allows; the first is the default."""
    return [row for row in LINK_ACTIONS.values() if row.scope == scope]
