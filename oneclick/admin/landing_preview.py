"""The landing page editor's preview of an unsaved page: every outcome, without spending a token."""

from oneclick.admin.refusal_reasons import describe_outcome
from oneclick.messages.customer_messages import result_message
from oneclick.messages.default_messages import DEFAULT_MESSAGES
from oneclick.messages.interface_messages import get_interface_messages
from oneclick.messages.message_previews import TABLE_TITLES, banner_kind, sample_facts
from oneclick.messages.questions import fill_question
from oneclick.models.settings import one_click_of
from oneclick.pages.landing import Banner
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import Facts
from subscriptions.calendar import Period
from subscriptions.models import Merchant

CONFIRM = "confirm"


def list_outcomes() -> list[tuple[str, list[tuple[str, str]]]]:
    """The outcomes a preview can show, in groups: `<table>.<code>` or `confirm.<interface code>`, each with a title."""
    messages = [
        (TABLE_TITLES[table], [(f"{table}.{code}", describe_outcome(code)) for code in texts])
        for table, texts in DEFAULT_MESSAGES.items()
    ]
    questions = [(f"{CONFIRM}.{row.interface_code}", row.label) for row in LINK_ACTIONS.values()]
    return [*messages, ("Asking first", questions)]


def outcome_banner(merchant: Merchant, outcome: str, locale: str) -> Banner | None:
    """The banner of one of `list_outcomes` in `locale`, with sample facts; None for any other text."""
    table, _, code = outcome.partition(".")
    texts = get_interface_messages(merchant, locale)
    if table == CONFIRM and f"confirm_{code}" in texts:
        given = {"og_every": "2", "og_every_period": str(Period.WEEKS.value)}
        question = fill_question(merchant, texts[f"confirm_{code}"], given, locale, sample_facts(merchant, locale))
        return Banner("notice", question, button=texts[f"button_{code}"])
    if code not in DEFAULT_MESSAGES.get(table, {}):
        return None
    facts: Facts = {**sample_facts(merchant, locale)}
    message = result_message(table, code, facts, merchant, locale)
    if code.startswith("success"):
        return Banner("success", message, button=texts["undo"] if one_click_of(merchant).undo_minutes else "")
    return Banner(banner_kind(table, code), message)
