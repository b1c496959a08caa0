"""The words of the script and of our own pages; what an act did is told by the server's answer."""

from oneclick.models import MessageText
from subscriptions.models import Merchant

TABLE = "interface"

DEFAULTS = {
    "close": "Close",
    "undo": "Undo",
    "again": "Try again",
    "working": "One moment, please.",
    "network": "The shop could not be reached. Check your connection and try again.",
    "broken": "The link is incomplete or misspelled. Nothing was changed.",
    "confirm_delay": "Delay your order by {days}?",
    "button_delay": "Delay my order",
    "confirm_skip": "Skip your upcoming order?",
    "button_skip": "Skip my order",
    "confirm_reactivate": "Start your subscription again?",
    "button_reactivate": "Reactivate my subscription",
    "confirm_upsell": "Add this product to your upcoming order? Quantity: {quantity}.",
    "button_upsell": "Add to my order",
    "confirm_subscribe": "Subscribe to this product? Quantity: {quantity}, every {frequency}.",
    "button_subscribe": "Subscribe",
    "continue": "Continue to the shop",
    "questions": "Questions? We are happy to help:",
    "needs_script": "Did a link in a message bring you here? Turn on JavaScript and open it once more.",
    "page_heading": "Your subscription",
}


def interface_texts(merchant: Merchant) -> dict[str, str]:
    """DEFAULTS with the merchant's own wording over them, from the rows of TABLE in its locale."""
    own = MessageText.objects.filter(merchant=merchant, table=TABLE, locale=merchant.locale)
    return DEFAULTS | dict(own.values_list("code", "text"))
