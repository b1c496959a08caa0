"""The parameters of a click: their names in requests and links, and the rule for each value.

A missing value is refused as `missing_<name>`, a wrong one as `invalid_<name>`, by its name in a link.
"""

import re
from collections.abc import Mapping
from typing import Any

from common.web.public_ids import parse_public_id
from common.web.whole_numbers import parse_whole_number
from subscriptions.errors import Refused
from subscriptions.models import Merchant, Offer, OfferProfile, Product

MAX_DELAY_DAYS = 365
MAX_QUANTITY = 99
MAX_EVERY = 999

# Parameters with one name in requests and another in fragments.
LINK_NAMES = {"token": "og_quick_action_token", "days": "og_delay_by", "winback_id": "og_winback_id"}
# Before a parameter's name, and between two parameters that were encoded as one.
AMPS = re.compile(r"\A(?:amp;)+", re.IGNORECASE)
SEPARATOR = re.compile(r"(?:&(?:amp;)+|#)(?=\w+=)", re.IGNORECASE)
REQUEST_NAMES = {link: request for request, link in LINK_NAMES.items()}

# Conditions on products that links may add and on offers that links may give.
AVAILABLE_PRODUCT = {"live": True, "discontinued": False, "upsell_eligible": True}
USABLE_OFFER = {
    "live": True,
    "usable_in_links": True,
    "profile__live": True,
    "profile__status": OfferProfile.Status.AVAILABLE,
}


def normalize_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """A request's fields as text, by API name; link names are understood, too. Null counts as absent.

    E-mail tools write `&` as `&amp;` and encode separators. A name then begins with `amp;`, or a value goes on with the
    next parameters; a field of its own goes before a parameter inside a value.
    """
    own: dict[str, str] = {}
    inside: dict[str, str] = {}
    for name, value in fields.items():
        if value is not None:
            text, *more = SEPARATOR.split(_text(value))
            own[_api_name(name)] = text.strip()
            inside |= {_api_name(key): rest.strip() for key, _, rest in (part.partition("=") for part in more)}
    return inside | own


def _api_name(name: str) -> str:
    name = AMPS.sub("", name)
    return REQUEST_NAMES.get(name, name)


def _text(value: Any) -> str:
    """The value as text, without what a text column cannot hold: NUL and lone surrogates, which JSON can contain."""
    return str(value).strip().replace("\0", "\ufffd").encode(errors="replace").decode()


def pick_parameters(fields: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The named fields that are not empty: an unfilled merge tag leaves an empty one, which counts as absent."""
    return {name: fields[name] for name in names if fields.get(name)}


def require_parameters(given: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in given:
            raise Refused(f"missing_{name}", f"{name} is missing.")


def read_whole_number(given: Mapping[str, str], name: str, most: int, default: int = 1) -> int:
    """A whole number from 1 to `most`."""
    if name not in given:
        return default
    number = parse_whole_number(given[name]) or 0
    if not 1 <= number <= most:
        raise invalid_parameter(name, f"a whole number from 1 to {most}")
    return number


def find_product(merchant: Merchant, given: Mapping[str, str], **traits: bool) -> Product:
    """The available product with the shop's id `og_product_id` and these `traits`."""
    found = merchant.products.filter(**AVAILABLE_PRODUCT, **traits)
    text = given["og_product_id"]
    row = found.filter(external_product_id=text).first() if text.isprintable() else None
    if row is None:
        raise invalid_parameter("og_product_id", "an available product")
    return row


def find_offer(merchant: Merchant, given: Mapping[str, str], name: str = "og_offer_id") -> Offer | None:
    """The offer with the public id that `name` gives, if links may give it; None without one."""
    if name not in given:
        return None
    public_id = parse_public_id(given[name], any_spelling=True)
    row = merchant.offers.filter(**USABLE_OFFER, public_id=public_id).first() if public_id else None
    if row is None:
        raise invalid_parameter(name, "an offer that links may give")
    return row


def invalid_parameter(name: str, rule: str) -> Refused:
    name = LINK_NAMES.get(name, name)
    return Refused(f"invalid_{name}", f"{name} must be {rule}.")
