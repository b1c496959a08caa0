"""Reads staff pages as a person does."""

import html
import re

from django.http import HttpResponse
from django.test import Client


def visible_text(answer: HttpResponse) -> str:
    """The text a person reads on the page."""
    assert answer.status_code == 200
    main = answer.content.decode().split('id="content"')[-1]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def fill(client: Client, address: str, **changes: object) -> str:
    """Post the page's own form with `changes`; returns the page with its errors, or "" when it was saved."""
    form = client.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields} | changes
    answer = client.post(address, {k: v for k, v in values.items() if v is not None and v is not False})
    return "" if answer.status_code == 302 else str(answer.context["errors"])
