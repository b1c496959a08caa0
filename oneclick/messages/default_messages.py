"""The tables of messages after a click, in English; `oneclick/locale` has the other languages.

Each link action's row has its own texts; this module adds those of undo.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions.calendar import Period

Table = Mapping[str, str]

DEFAULT_MESSAGES: dict[str, Table] = {
    **{row.name: row.messages for row in LINK_ACTIONS.values()},
    "undo": {
        **{row.name: row.undone for row in LINK_ACTIONS.values()},
        "invalid_token": _("This link is not valid. Nothing was undone."),
        "undo_too_late": _("It is too late to undo this. Please contact customer service."),
        "undo_already_done": _("This was undone before."),
        "undo_superseded": _("Something was changed since, so this can no longer be undone."),
        "other": _("Nothing was undone. Please contact customer service."),
    },
}
CORRECTED_MESSAGES: dict[str, Table] = {
    row.name: row.corrected_messages for row in LINK_ACTIONS.values() if row.corrected_messages
}
FREQUENCIES = {
    Period.DAYS: ngettext_lazy("Every day", "Every %(n)d days", "n"),
    Period.WEEKS: ngettext_lazy("Every week", "Every %(n)d weeks", "n"),
    Period.MONTHS: ngettext_lazy("Every month", "Every %(n)d months", "n"),
    Period.YEARS: ngettext_lazy("Every year", "Every %(n)d years", "n"),
}
