"""Tries the credentials that Gladly was given: with samples of its requests, or with a request that staff paste."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
from django.conf import settings
from django.utils import timezone

from common.web.outbound_address import AddressRefused
from integrations import http
from integrations.gladly.credentials import find_fault
from integrations.gladly.lookup.addresses import lookup_path
from integrations.gladly.signature import TIME_HEADER, Fault, SignedParts, signed_headers
from integrations.gladly.states import TEST_ID
from integrations.models import Connection

LIMITS = http.Limits(connect=3, silence=5, deadline=8)
UNKNOWN_CUSTOMER = "reprise-signature-test"
HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Gladly-Correlation-Id": TEST_ID}
STRANGER = "0" * 64


@dataclass(frozen=True, slots=True)
class Check:
    """`title` is what was tried, `sentence` what came of it; `is_fine` if that is what should come of it."""

    title: str
    sentence: str
    is_fine: bool


def lookup_url(connection: Connection) -> str:
    """What staff enter in Gladly."""
    return f"{settings.PUBLIC_URL}{lookup_path(connection)}"


def check_credentials(connection: Connection) -> Iterator[Check]:
    """A good request is sent to the portal's own address; the bad ones are only judged."""
    parts, now = make_sample(connection), timezone.now()
    yield _send_sample(connection, parts)
    account = connection.gladly
    if not account.signing_key:
        yield _expect_refusal("A request without the credentials", find_fault(_bare(parts), account, now))
        return
    key = str(account.signing_key + "")
    samples = {
        "A request that is signed with another key": _signed(parts, STRANGER, now),
        "A request whose body was changed on its way": replace(_signed(parts, key, now), body=b"{}"),
        "A request of ten minutes ago": _signed(parts, key, now - timedelta(minutes=10)),
        "A request from which a signed header was taken": _without(_signed(parts, key, now), "content-type"),
    }
    for title, sample in samples.items():
        yield _expect_refusal(title, find_fault(sample, account, now))


def make_sample(connection: Connection) -> SignedParts:
    """A lookup of nobody, with the credentials that Gladly would send."""
    query = {"lookupLevel": "DETAILED", "uniqueMatchRequired": True, "query": {"externalCustomerId": UNKNOWN_CUSTOMER}}
    path = f"{httpx.URL(settings.PUBLIC_URL).path.rstrip('/')}{lookup_path(connection)}"
    headers = {name.lower(): value for name, value in HEADERS.items()}
    parts, account = SignedParts("POST", path, headers, json.dumps(query).encode()), connection.gladly
    if account.signing_key:
        return _signed(parts, account.signing_key + "", timezone.now())
    if account.basic_password:
        pair = b64encode((account.basic_user + ":" + account.basic_password).encode()).decode()
        return replace(parts, headers={**headers, "authorization": "Basic " + pair})
    return replace(parts, headers={**headers, account.header_name.lower(): account.header_value + ""})


def _send_sample(connection: Connection, parts: SignedParts) -> Check:
    title = "A lookup, sent to the address that Gladly calls"
    headers = {name.title(): value for name, value in parts.headers.items()}  # so that ours replace the usual ones
    try:
        reply = http.send_request("POST", lookup_url(connection), headers=headers, content=parts.body, limits=LIMITS)
    except AddressRefused as refusal:
        return Check(title, f"Gladly cannot reach this portal: {refusal}", is_fine=False)
    except httpx.TransportError as error:
        return Check(title, f"Gladly cannot reach this portal: {http.describe_failure(error)}", is_fine=False)
    if reply.status == 200 and b'"results"' in reply.body:
        return Check(
            title, "Answered. Gladly can reach this portal, and its requests will be answered, too.", is_fine=True
        )
    if reply.status == 401:
        return Check(title, f"Refused: {_read_refusal(reply.body)}", is_fine=False)
    told = f"Something else answers there, with HTTP {reply.status}. Check PUBLIC_URL and the proxy before the portal."
    return Check(title, told, is_fine=False)


def _read_refusal(body: bytes) -> str:
    try:
        return str(json.loads(body)["errors"][0]["detail"])
    except (ValueError, LookupError, TypeError):
        return "without a reason."


def _expect_refusal(title: str, fault: Fault | None) -> Check:
    if fault is None:
        return Check(title, "Answered, though it should be refused.", is_fine=False)
    return Check(title, f"Refused, as it should be: {fault.detail}", is_fine=True)


def _signed(parts: SignedParts, key: str, at: datetime) -> SignedParts:
    added = {name.lower(): value for name, value in signed_headers(parts, key, at).items()}
    return replace(parts, headers={**parts.headers, **added})


def _without(parts: SignedParts, header: str) -> SignedParts:
    return replace(parts, headers={name: value for name, value in parts.headers.items() if name != header})


def _bare(parts: SignedParts) -> SignedParts:
    return replace(parts, headers={name.lower(): value for name, value in HEADERS.items()})


# A request that staff paste


def parse_request(text: str) -> SignedParts | None:
    """A request as it is written down: `POST /path`, its headers, an empty line and the body. None if it is none."""
    head, _, body = text.replace("\r\n", "\n").strip().partition("\n\n")
    first, *lines = head.split("\n")
    method, _, rest = first.partition(" ")
    path, _, query = rest.strip().partition(" ")[0].partition("?")
    pairs = [line.partition(":") for line in lines]
    if not (method.isalpha() and path.startswith("/") and pairs and all(colon for _, colon, _ in pairs)):
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return SignedParts(method.upper(), path, headers, body.encode(), query)


def check_pasted(connection: Connection, parts: SignedParts) -> Check:
    """Whether the request would have been let in when it was sent."""
    title = f"The pasted request: {parts.method} {parts.path}"
    now = _sent_at(parts) or timezone.now()
    fault = find_fault(parts, connection.gladly, now)
    if fault:
        where = f"{fault.attr}: " if fault.attr else ""
        return Check(title, f"Refused: {where}{fault.detail}", is_fine=False)
    age = timezone.now() - now
    late = abs(age) > timedelta(seconds=settings.GLADLY_MAX_AGE_S)
    old = " It is too old to be sent again now." if late else ""
    return Check(title, f"Its credentials are right.{old}", is_fine=True)


def _sent_at(parts: SignedParts) -> datetime | None:
    try:
        return datetime.strptime(parts.headers.get(TIME_HEADER.lower(), ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
