"""No address of the portal, whoever calls it, answers what nobody expects with an error of the server."""

from collections.abc import Iterator
from random import Random
from urllib.parse import quote

import pytest
from django.test import Client

from tests.api.described.test_fuzz import undone
from tests.scale import scaled
from tests.wall.addresses import TEMPLATES, fill, parts_of
from tests.wall.callers import CALLERS
from tests.wall.worlds import World

# What stands for an id.
PARTS = [
    "%00",
    "%FF%FE",
    "9" * 400,
    "..%2F..%2Fetc%2Fpasswd",
    "٣",
    "'%20OR%201=1--",
    "{{7*7}}",
    "-1",
    "%0d%0aX-Evil:%201",
]
QUERIES = [
    "%00=%00",
    "a[]=1&a[]=2",
    "page=" + "9" * 5000,
    "q=%FF%FE",
    "&".join("a=1" for _ in range(900)),
    "=",
    "cursor=%00",
]
BOUNDARY = "multipart/form-data; boundary=x"
FILE = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="../a.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\n\0\xff\r\n--x--\r\n"
)
XML_BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'
BODIES: list[tuple[bytes, str]] = [
    (b"[" * 20_000, "application/json"),
    (b"[" * 300 + b"]" * 300, "application/json"),
    (b'{"a":' * 300 + b"1" + b"}" * 300, "application/json"),
    (b"9" * 5000, "application/json"),
    (b'{"quantity": 1e999, "token": NaN, "customer": ' + b"9" * 400 + b"}", "application/json"),
    (b'{"token": "\\u0000", "customer": "\\ud800", "email": ["a"], "data": {"type": {}}}', "application/json"),
    (b'"text"', "application/vnd.api+json"),
    (b"null", "application/json"),
    (b"\xff\xfe\x00", "application/json"),
    (b"", "application/json"),
    (XML_BOMB, "application/xml"),
    (b"token=%00&customer=%FF", "application/x-www-form-urlencoded"),
    (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded"),
    (FILE, BOUNDARY),
    (b"--x", BOUNDARY),
    (b"x", "multipart/form-data"),
    (b"{}", "text/plain; charset=klingon"),
    (b"{}", "\xff/\xff"),
    (b'{"a": "' + b"x" * 300_000 + b'"}', "application/json"),
]
NOT_READY = "/readyz"  # rightly answers 503 where no workers run
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY"]


def guess_requests(template: str, world: World, chance: Random, many: int) -> Iterator[tuple[str, str, bytes, str]]:
    """Method, address, body and its type; each has one thing that is wrong, or several."""
    good = fill(template, world)
    bodies = chance.sample(BODIES, len(BODIES))
    for number in range(many):
        address = good
        if parts_of(template) and chance.random() < 0.3:
            address = template.format(**dict.fromkeys(parts_of(template), chance.choice(PARTS)))
        query = f"?{chance.choice(QUERIES)}" if chance.random() < 0.4 else ""
        method = "POST" if chance.random() < 0.6 else chance.choice(METHODS)
        yield (method, quote(address, safe="/%") + query, *bodies[number % len(bodies)])


def chosen_templates(start: str, chance: Random) -> list[str]:
    """Those of an area, or those without credentials; of staff pages, which `tests/admin/hostile.py` tries, some."""
    if start == "public":
        return [each for each in TEMPLATES if not each.startswith(tuple(CALLERS)) and each != NOT_READY]
    found = [each for each in TEMPLATES if each.startswith(start)]
    return chance.sample(found, scaled(90, full=len(found))) if start == "/admin/" else found


@pytest.mark.parametrize(
    ("start", "usual"), [(start, {"/admin/": 1, "/api/": 4}.get(start, 19)) for start in CALLERS] + [("public", 19)]
)
def test_no_request_is_a_fault(start: str, usual: int, own: World, caplog: pytest.LogCaptureFixture) -> None:
    chance, faults = Random(f"{start} 18"), []
    known = [make(own) for make in CALLERS.get(start, {}).values()]
    callers = [*known, *known, Client(raise_request_exception=False)]
    for template in chosen_templates(start, chance):
        for method, address, body, kind in guess_requests(template, own, chance, scaled(usual, full=10 * usual)):
            with undone():
                answer = chance.choice(callers).generic(method, address, body, kind)
            if answer.status_code >= 500 or b"Traceback" in answer.getvalue():
                faults.append((method, address[:80], body[:40], kind, answer.status_code))
    assert faults == []
    logged = [each for each in caplog.records if each.exc_info and not each.name.startswith("django.security")]
    assert [each.getMessage() for each in logged] == []
