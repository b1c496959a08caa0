"""Signatures of saved links: a changed discount, product or frequency is refused."""

import json
from collections.abc import Mapping

from common.web.public_ids import parse_public_id
from oneclick.links import signatures
from oneclick.models import SavedLink
from oneclick.models.settings import one_click_of
from oneclick.redemption.parameters import LINK_NAMES
from subscriptions.models import Merchant

# In the order in which links list them and `_changed_parameter` compares them.
SIGNED_PARAMETERS = ("og_product_id", "og_offer_id", "winback_id", "og_every", "og_every_period", "og_quantity", "days")


def sign_link(link: SavedLink) -> str:
    """The link's `og_sig`: over its merchant, its id, its action and its parameters."""
    return signatures.sign_message(_signed_message(link.merchant, link.public_id.hex, link.action, link.parameters))


def link_refusal(merchant: Merchant, action: str, given: Mapping[str, str], fields: Mapping[str, str]) -> str | None:
    """The code with which a click's link is refused; None if the link may act.

    `given` are the parameters that the action understands, `fields` all fields of the request. The code for a changed
    link is `invalid_` and the name of the changed parameter, or `invalid_og_sig` if none differs. An unsigned link is
    refused if the merchant requires signatures. A genuine link costs no query.
    """
    link_id, sig = fields.get("og_link", ""), fields.get("og_sig", "")
    if not link_id and not sig:
        return "missing_og_sig" if one_click_of(merchant).require_signed_links else None
    if signatures.verify_signature(sig, _signed_message(merchant, link_id, action, given)):
        return None
    return _changed_parameter(find_saved_link(merchant, link_id), given)


def find_saved_link(merchant: Merchant, link_id: str) -> SavedLink | None:
    """The merchant's link with this `og_link`, archived or not."""
    public_id = parse_public_id(link_id, any_spelling=True)
    return merchant.saved_links.filter(public_id=public_id).first() if public_id else None


def _changed_parameter(link: SavedLink | None, given: Mapping[str, str]) -> str:
    signed = link.parameters if link else given
    name = next((name for name in SIGNED_PARAMETERS if signed.get(name) != given.get(name)), "og_sig")
    return f"invalid_{LINK_NAMES.get(name, name)}"


def _signed_message(merchant: Merchant, link_id: str, action: str, parameters: Mapping[str, str]) -> bytes:
    facts = ["link", merchant.public_id.hex, link_id, action, sorted(parameters.items())]
    return json.dumps(facts).encode()
