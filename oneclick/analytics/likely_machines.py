"""What tells a likely machine from a person, in a request alone. `signs.py` weighs what else is known of a visit."""

import re
import time

from django.http import HttpRequest

ROBOT_SIGNS = r"headless|bot\b|crawl|spider|scan|preview|phantom|lighthouse"
"""Matches robots' User-Agent, in any case. The script uses it too, so JavaScript must understand it."""
ROBOT = re.compile(ROBOT_SIGNS, re.IGNORECASE | re.ASCII)
PRESS_SECONDS = 1.0
TICK_SECONDS = 2.0
"""Nobody reads a page and presses its button, or ticks its box too, in less."""


def is_robot(request: HttpRequest) -> bool:
    named = (request.headers.get(name, "") for name in ("User-Agent", "Sec-CH-UA"))
    return any(ROBOT.search(name) for name in named)


def stamp_page() -> str:
    """The moment for a form's `on_page`: when its page was made, in milliseconds."""
    return str(round(time.time() * 1000))


def is_unpressed_form(request: HttpRequest) -> bool:
    """Whether a page's form was sent without the report of a press that browsers add, or sooner than people press.

    Mail scanners submit forms as they find them. In a browser too old to report the press, the customer ticks a box.
    """
    if "on_page" not in request.POST:
        return False
    shown = _seconds_since(request.POST["on_page"])
    if is_ticked_form(request):
        return shown < TICK_SECONDS
    return request.headers.get("Sec-Fetch-User") != "?1" or shown < PRESS_SECONDS


def is_ticked_form(request: HttpRequest) -> bool:
    """Whether the box of the second page is ticked. Those who still get that far are fetchers rather than people."""
    return request.POST.get("sure") == "yes"


def _seconds_since(stamp: str) -> float:
    """0 for anything that is not a stamp of the past."""
    milliseconds = int(stamp) if re.fullmatch("[0-9]{1,15}", stamp) else 0
    return max(0.0, time.time() - milliseconds / 1000) if milliseconds else 0.0
