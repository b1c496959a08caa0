"""The forms that Gladly shows before an act, and what agents have entered."""

from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from common.web.json_body import decode_json
from integrations.gladly.acts import REASON_CODE, REASON_DETAILS
from integrations.gladly.cards import SubscriptionCard
from integrations.models import AgentAction
from subscriptions import calendar
from subscriptions.actions.cancel_reasons import offered_reasons
from subscriptions.models import Merchant, Order

Json = dict[str, Any]
MOST_INPUTS = 20


def cancel_form(merchant: Merchant, action_url: str) -> Json:
    options = [{"text": reason.label, "value": str(reason.code)} for reason in offered_reasons(merchant)]
    codes = _input("Cancel reason code", REASON_CODE, {"type": "select", "optional": True, "options": options})
    details = _input("Cancel reason details", REASON_DETAILS, {"type": "text", "optional": True})
    # A select without options could not be shown.
    return _frame(AgentAction.CANCEL.label, action_url, [codes, details] if options else [details])


def skip_form(card: SubscriptionCard, order: Order, action_url: str) -> Json:
    day = calendar.human_date(order.place_date)
    text = f"{card.subscription} is taken off the order of {day}. The next order for it is planned by its frequency."
    section: Json = {"type": "text", "text": text}
    if settings.GLADLY_SKIP_FORM == "checkbox":
        # For a Gladly that shows no text in these forms. Whether it is ticked makes no difference.
        section = _input(text, "skipNextOrder", {"type": "checkbox", "optional": True})
    return _frame(AgentAction.SKIP.label, action_url, [section])


def read_inputs(body: bytes) -> dict[str, str]:
    """What was entered, by its `attr`, from JSON or a form body. Empty for anything else."""
    try:
        given = decode_json(body)
    except ValueError:
        given = _decode_form(body)
    if not isinstance(given, dict):
        return {}
    return {name: str(value) for name, value in given.items() if type(value) in (str, int)}


def _decode_form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=MOST_INPUTS))
    except ValueError:  # too many, or no text
        return {}


def _input(label: str, attr: str, kind: Json) -> Json:
    return {"type": "input", "label": label, "attr": attr, "input": kind}


def _frame(title: str, action_url: str, sections: list[Json]) -> Json:
    buttons = {"submitButton": title, "closeButton": "Close"}
    return {"title": title, **buttons, "actionUrl": action_url, "sections": sections}
