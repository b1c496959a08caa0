"""What each 1-click action needs and does: one row per action."""

from collections.abc import Mapping

from oneclick.models import Action, ActionToken
from oneclick.redemption.link_actions.link_action import LinkAction
from oneclick.redemption.link_actions.orders import delay, skip, undo_delay, undo_skip
from oneclick.redemption.link_actions.reactivation import reactivate, undo_reactivate
from oneclick.redemption.link_actions.upsells import add_product, subscribe, undo_add_product, undo_subscribe

ORDER, SUBSCRIPTION = ActionToken.Scope.ORDER, ActionToken.Scope.SUBSCRIPTION
UPSELL = ("og_product_id", "og_offer_id", "og_quantity")
FREQUENCY = ("og_every", "og_every_period")
# The tables of messages have one code for what can no longer be changed.
CLOSED = {"order_not_open": "subscription_already_active"}
LINK_ACTIONS = [
    LinkAction("delay", Action.DELAY, ORDER, ("days",), delay, undo_delay, CLOSED),
    LinkAction("skip", Action.SKIP, ORDER, (), skip, undo_skip, CLOSED),
    LinkAction("reactivate", Action.REACTIVATE, SUBSCRIPTION, ("winback_id",), reactivate, undo_reactivate),
    LinkAction("product_upsell", Action.UPSELL, ORDER, UPSELL, add_product, undo_add_product),
    LinkAction("subscription_upsell", Action.UPSELL, ORDER, UPSELL + FREQUENCY, subscribe, undo_subscribe),
]
LINK_ACTIONS_BY_NAME = {link_action.name: link_action for link_action in LINK_ACTIONS}
ACTION_NAMES = frozenset({*Action.values, *LINK_ACTIONS_BY_NAME})
"""What a link may call an action."""


def find_link_action(action: str, fields: Mapping[str, str]) -> LinkAction:
    """The deed that one of ACTIONS means: an upsell with any part of a frequency is one of a subscription."""
    if LINK_ACTIONS_BY_NAME.get(action, LINK_ACTIONS_BY_NAME["product_upsell"]).action != Action.UPSELL:
        return LINK_ACTIONS_BY_NAME[action]
    subscribes = action == "subscription_upsell" or any(name in fields for name in FREQUENCY)
    return LINK_ACTIONS_BY_NAME["subscription_upsell" if subscribes else "product_upsell"]
