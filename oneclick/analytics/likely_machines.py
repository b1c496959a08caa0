"""What tells a likely machine from a person. Machines are marked in the analytics, never blocked."""

import re

from django.http import HttpRequest

ROBOT_SIGNS = r"headless|bot\b|crawl|spider|scan|preview|phantom|lighthouse"
"""In the name a browser gives itself, in any case. The script is built with it: JavaScript must understand it too."""
ROBOT = re.compile(ROBOT_SIGNS, re.IGNORECASE | re.ASCII)


def is_robot(request: HttpRequest) -> bool:
    return bool(ROBOT.search(request.headers.get("User-Agent", "")))


def is_unpressed_form(request: HttpRequest) -> bool:
    """Whether a page's form was sent by something that does not say, as browsers do, that somebody pressed.

    Mail scanners that submit forms send what they found in them; a browser too old to say it asks for a tick.
    """
    pressed = request.headers.get("Sec-Fetch-User") == "?1" or request.POST.get("sure") == "yes"
    return "on_page" in request.POST and not pressed
