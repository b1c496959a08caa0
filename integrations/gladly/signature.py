"""The signature of Gladly's requests: HMAC-SHA256 over the request as it came, with a key for each day."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from common.web.signing import hmac_sha256, is_same_secret

TIME_HEADER = "Gladly-Time"
SIGNATURE_HEADER = "Gladly-Authorization"
ALGORITHM = "hmac-sha256"
TIME = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
BLANKS = re.compile(r"\s+", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignedParts:
    """What of a request is signed. `path` is as requested, and header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is not let in. `attr` is the header that is wrong."""

    attr: str
    code: str
    detail: str


def find_signature_fault(parts: SignedParts, key: str, now: datetime) -> Fault | None:
    """None if `parts` are signed with `key`, and at most `GLADLY_MAX_AGE_S` seconds before or after `now`."""
    given = _read_authorization(parts.headers.get(SIGNATURE_HEADER.lower(), ""))
    if given is None:
        return Fault(SIGNATURE_HEADER, "missing", "The request is not signed, or the signature cannot be read.")
    at = _read_time(parts.headers.get(TIME_HEADER.lower(), ""))
    if at is None:
        return Fault(TIME_HEADER, "missing", "The time of the request is missing, or cannot be read.")
    names, signature = given
    if missing := next((name for name in names if name not in parts.headers), None):
        return Fault(missing, "missing", "This header was signed, but is missing.")
    if abs(now - at) > timedelta(seconds=settings.GLADLY_MAX_AGE_S):
        detail = f"The request is more than {settings.GLADLY_MAX_AGE_S} seconds old, or from the future."
        return Fault(TIME_HEADER, "expired", detail)
    if not is_same_secret(signature, make_signature(parts, names, key)):
        return Fault(SIGNATURE_HEADER, "invalid", "The signature does not fit the request and the signing key.")
    return None


def make_signature(parts: SignedParts, names: Sequence[str], key: str) -> str:
    """The signature over the headers `names`, in lower case, in this order. `parts` have a `gladly-time`."""
    time = parts.headers[TIME_HEADER.lower()]
    headers = (f"{name}:{BLANKS.sub(' ', parts.headers[name].strip())}" for name in names)
    body = hashlib.sha256(parts.body).hexdigest()
    canonical = "\n".join([parts.method, parts.path, parts.query, *headers, "", ";".join(names), body])
    to_sign = "\n".join([ALGORITHM, time, hashlib.sha256(_to_bytes(canonical)).hexdigest()])
    day_key = hmac_sha256(key.encode(), _to_bytes(time[:8]))
    return hmac_sha256(day_key, _to_bytes(to_sign)).hex()


def signed_headers(parts: SignedParts, key: str, at: datetime) -> dict[str, str]:
    """The two headers by which `parts`, with all of their headers, are signed at that moment."""
    time = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    timed = SignedParts(parts.method, parts.path, {**parts.headers, TIME_HEADER.lower(): time}, parts.body, parts.query)
    names = sorted(timed.headers)
    signature = make_signature(timed, names, key)
    value = f"SigningAlgorithm={ALGORITHM}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return {TIME_HEADER: time, SIGNATURE_HEADER: value}


def _read_authorization(text: str) -> tuple[list[str], str] | None:
    """The names of the signed headers in lower case, and the signature."""
    pairs = dict(part.strip().partition("=")[::2] for part in text.split(","))
    names = [name.lower() for name in pairs.get("SignedHeaders", "").split(";") if name]
    signature = pairs.get("Signature", "")
    return (names, signature) if pairs.get("SigningAlgorithm") == ALGORITHM and names and signature else None


def _read_time(text: str) -> datetime | None:
    if not TIME.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _to_bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
