"""The texts of the script and of our own pages; the server's answer brings the message about a click."""

from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _

from oneclick.messages.locales import find_language
from oneclick.messages.own_messages import find_own_message, get_own_messages
from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions.models import Merchant

INTERFACE_TABLE = "interface"
INTERFACE_MESSAGES = {
    "close": _("Close"),
    "undo": _("Undo"),
    "again": _("Try again"),
    "working": _("One moment, please."),
    "network": _("The shop could not be reached. Check your connection and try again."),
    "broken": _("The link is incomplete or misspelled. Nothing was changed."),
    **{code: text for row in LINK_ACTIONS.values() for code, text in row.interface_messages.items()},
    "continue": _("Continue to the shop"),
    "questions": _("Questions? We are happy to help:"),
    "needs_script": _("Did a link in a message bring you here? Turn on JavaScript and open it once more."),
    "page_heading": _("Your subscription"),
}


def get_interface_messages(merchant: Merchant, locale: str = "") -> dict[str, str]:
    """The texts by code, in `locale` or else the merchant's; the merchant's own wording replaces ours."""
    locale = locale or merchant.locale
    own = get_own_messages(merchant)
    with override(find_language(locale)):
        texts = {code: gettext(text) for code, text in INTERFACE_MESSAGES.items()}
    return texts | {code: text for code in texts if (text := find_own_message(own, INTERFACE_TABLE, code, locale))}
