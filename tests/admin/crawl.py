"""Follows the links of the staff pages as a person would."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

# Links, and the addresses of dialogs; forms are not submitted.
LINK = re.compile(r'(?:href|hx-get|data-dialog)="([^"]*)"')
MOST_PAGES = 1000


def crawl_staff_pages(client: Client, *first: str) -> Iterator[tuple[str, str, HttpResponse]]:
    """Each linked page once, from Home and `first` on: the page that linked it, its address and the answer.

    Of a path's queries, those with one name are followed, once for each name; other queries count as the bare path.
    """
    waiting = [("", address) for address in ("/admin/", *first)]
    seen = {visit_key(address) for _, address in waiting}
    while waiting:
        source, address = waiting.pop()
        answer = client.get(address)
        yield source, address, answer
        if "Location" in answer.headers:
            found = [answer.headers["Location"]]
        else:
            found = LINK.findall(answer.content.decode()) if "html" in answer.headers["Content-Type"] else []
        for link in dict.fromkeys(found):
            target = urljoin(address, unescape(link)).partition("#")[0]
            if target.startswith("/admin/") and visit_key(target) not in seen:
                seen.add(visit_key(target))
                waiting.append((address, target))
        assert len(seen) < MOST_PAGES


def visit_key(address: str) -> tuple[str, ...]:
    parts = urlsplit(address)
    names = [name for name, _ in parse_qsl(parts.query) if name != "_changelist_filters"]
    return (parts.path, *(names if len(names) == 1 else ()))
