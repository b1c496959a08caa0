"""Reads staff pages as a person does."""

import html
import re

from django.http import HttpResponse


def visible_text(answer: HttpResponse) -> str:
    """The text a person reads on the page."""
    assert answer.status_code == 200
    main = answer.content.decode().split('id="content"')[-1]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())
