"""Everything staff do to one subscription, order or item: a button for each act, over the actions of the domain."""

from subscriptions.admin import order_placement
from subscriptions.admin.acts import addresses, cards, ending, items, next_order, orders, prepaid, terms

SUBSCRIPTION_BUTTONS = (
    next_order.SKIP,
    next_order.SEND_NOW,
    next_order.CHANGE_DATE,
    terms.SWAP,
    terms.QUANTITY,
    terms.FREQUENCY,
    terms.PRICE,
    terms.OFFER,
    addresses.OF_SUBSCRIPTION,
    cards.OF_SUBSCRIPTION,
    prepaid.UPGRADE,
    prepaid.RENEWAL,
    ending.CANCEL,
    ending.REACTIVATE,
)
ORDER_BUTTONS = (
    orders.SKIP,
    *order_placement.BUTTONS,
    orders.CHANGE_DATE,
    orders.ADD,
    addresses.OF_ORDER,
    cards.OF_ORDER,
    orders.CANCEL,
)
ITEM_BUTTONS = (items.QUANTITY, items.PRICE, items.SWAP, items.SUBSCRIBE, items.REMOVE)
