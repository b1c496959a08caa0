"""The words of the script and of our own pages; what an act did is told by the server's answer."""

from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _

from oneclick.messages.rendering import LANGUAGES, OURS, languages, own_texts
from subscriptions.models import Merchant

TABLE = "interface"

DEFAULTS = {
    "close": _("Close"),
    "undo": _("Undo"),
    "again": _("Try again"),
    "working": _("One moment, please."),
    "network": _("The shop could not be reached. Check your connection and try again."),
    "broken": _("The link is incomplete or misspelled. Nothing was changed."),
    "confirm_delay": _("Delay your order by {days}?"),
    "button_delay": _("Delay my order"),
    "confirm_skip": _("Skip your upcoming order?"),
    "button_skip": _("Skip my order"),
    "confirm_reactivate": _("Start your subscription again?"),
    "button_reactivate": _("Reactivate my subscription"),
    "confirm_upsell": _("Add this product to your upcoming order? Quantity: {quantity}."),
    "button_upsell": _("Add to my order"),
    "confirm_subscribe": _("Subscribe to this product? Quantity: {quantity}, every {frequency}."),
    "button_subscribe": _("Subscribe"),
    "continue": _("Continue to the shop"),
    "questions": _("Questions? We are happy to help:"),
    "needs_script": _("Did a link in a message bring you here? Turn on JavaScript and open it once more."),
    "page_heading": _("Your subscription"),
}


def interface_texts(merchant: Merchant, locale: str = "") -> dict[str, str]:
    """The texts by name, in `locale` or the merchant's, with its own wording over ours."""
    own = own_texts(merchant)
    tags = list(languages(locale or merchant.locale))
    with override(next((tag for tag in tags if tag in LANGUAGES), OURS)):
        texts = {code: gettext(text) for code, text in DEFAULTS.items()}
    for tag in reversed(tags):
        texts |= {code: text for code in DEFAULTS if (text := own.get((tag, TABLE, code)))}
    return texts
