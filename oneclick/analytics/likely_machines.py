"""What tells a likely machine from a person. Machines are marked in the analytics, never blocked."""

import re

from django.http import HttpRequest

ROBOT_SIGNS = r"headless|bot\b|crawl|spider|scan|preview|phantom|lighthouse"
"""Matches robots' User-Agent, in any case. The script uses it too, so JavaScript must understand it."""
ROBOT = re.compile(ROBOT_SIGNS, re.IGNORECASE | re.ASCII)


def is_robot(request: HttpRequest) -> bool:
    return bool(ROBOT.search(request.headers.get("User-Agent", "")))


def is_unpressed_form(request: HttpRequest) -> bool:
    """Whether a page's form was sent without the report of a press that browsers add.

    Mail scanners submit forms as they find them. In a browser too old to report the press, the customer ticks a box.
    """
    pressed = request.headers.get("Sec-Fetch-User") == "?1" or request.POST.get("sure") == "yes"
    return "on_page" in request.POST and not pressed
