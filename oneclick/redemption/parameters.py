"""What a click asks for: the names a request may use, and what each value must be.

A value that is absent is refused as `missing_<name>`, a wrong one as `invalid_<name>`, by its name in a link.
"""

from collections.abc import Mapping
from typing import Any

from common.web.public_ids import parse_public_id
from subscriptions.errors import Refused
from subscriptions.models import Merchant, Offer, OfferProfile, Product

MAX_DELAY_DAYS = 365
MAX_QUANTITY = 99
MAX_EVERY = 999

# Names a request has for what is spelled otherwise in a link's fragment.
LINK_NAMES = {"token": "og_quick_action_token", "days": "og_delay_by", "winback_id": "og_winback_id"}
REQUEST_NAMES = {link: request for request, link in LINK_NAMES.items()}

# Products that links may add, and offers they may give away.
AVAILABLE_PRODUCT = {"live": True, "discontinued": False, "upsell_eligible": True}
USABLE_OFFER = {
    "live": True,
    "usable_in_links": True,
    "profile__live": True,
    "profile__status": OfferProfile.Status.AVAILABLE,
}


def normalize_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a request as text, by its own names; those of a link are understood as well. Null is absent."""
    return {REQUEST_NAMES.get(name, name): _text(value) for name, value in fields.items() if value is not None}


def _text(value: Any) -> str:
    """Without what no column of text can hold: NUL, and halves of characters that JSON can name."""
    return str(value).strip().replace("\0", "\ufffd").encode(errors="replace").decode()


def pick_parameters(fields: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Those of `fields` that are named and not empty: what an unfilled merge tag leaves counts as absent."""
    return {name: fields[name] for name in names if fields.get(name)}


def require_parameters(given: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in given:
            raise Refused(f"missing_{name}", f"{name} is missing.")


def read_whole_number(given: Mapping[str, str], name: str, most: int, default: int = 1) -> int:
    """A whole number from 1 to `most`."""
    if name not in given:
        return default
    text = given[name]
    # More digits than that are no number to be reckoned with.
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= number <= most:
        raise invalid_parameter(name, f"a whole number from 1 to {most}")
    return number


def find_product(merchant: Merchant, given: Mapping[str, str], **traits: bool) -> Product:
    """The product `og_product_id`, by the shop's own id, if it can be had and has these `traits`."""
    found = merchant.products.filter(**AVAILABLE_PRODUCT, **traits)
    text = given["og_product_id"]
    row = found.filter(external_product_id=text).first() if text.isprintable() else None
    if row is None:
        raise invalid_parameter("og_product_id", "a product that can be had")
    return row


def find_offer(merchant: Merchant, given: Mapping[str, str], name: str = "og_offer_id") -> Offer | None:
    """The offer of this public id, if links may give it away."""
    if name not in given:
        return None
    public_id = parse_public_id(given[name], any_spelling=True)
    row = merchant.offers.filter(**USABLE_OFFER, public_id=public_id).first() if public_id else None
    if row is None:
        raise invalid_parameter(name, "an offer that links may give away")
    return row


def invalid_parameter(name: str, rule: str) -> Refused:
    name = LINK_NAMES.get(name, name)
    return Refused(f"invalid_{name}", f"{name} must be {rule}.")
