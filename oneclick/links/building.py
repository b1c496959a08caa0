"""How the address of a 1-click link is written and signed: the one place that knows.

On a page each parameter stands behind a `#` of its own and never reaches a server. In a query they outlive link
shorteners, so text messages and events have that form. The API's form names the endpoint itself.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID

from django.conf import settings

from oneclick.links import signatures
from oneclick.models import Esp, SavedLink
from oneclick.pages import domains
from oneclick.redemption.parameters import IN_FRAGMENT
from subscriptions.models import Merchant

MERGE_TAGS = {
    Esp.KLAVIYO: "{{ event.action_token }}",
    Esp.ATTENTIVE: "{{triggerEvent.custom['action_token']}}",
}
OWN_TAG = "{{ action_token }}"
# Attentive's shortener leaves longer ones as they are.
LONGEST_SHORTENED = 1024
# The order in which they are written, and a changed one is named.
SIGNED = ("og_product_id", "og_offer_id", "winback_id", "og_every", "og_every_period", "og_quantity", "days")


def build(page_url: str, action: str, token: str, **parameters: str) -> str:
    """The on-site link. `token` is a customer's own, or an ESP's merge tag, which stays as written."""
    pairs = {"og_quick_action": action, **parameters}
    fragment = "".join(f"#{name}={quote(value, safe='')}" for name, value in pairs.items())
    return f"{page_url}{fragment}#og_quick_action_token={token}"


def landing_url(merchant: Merchant, slug: str = "") -> str:
    """Our hosted page of the merchant, on its own domain if it has one; without `slug` its default one."""
    own = domains.address(merchant)
    page = f"{own}/" if own else f"{settings.PUBLIC_URL}/l/{merchant.public_id.hex}/"
    return f"{page}{slug}/" if slug else page


def page_of(link: SavedLink) -> str:
    """The page the link leads to."""
    return link.page_url or landing_url(link.merchant, link.landing_page.slug if link.landing_page else "")


def tag_of(link: SavedLink) -> str:
    """What stands for the token until the ESP puts a customer's own there."""
    return MERGE_TAGS.get(Esp(link.esp)) or link.merge_tag or OWN_TAG


def for_email(link: SavedLink, token: str) -> str:
    if link.esp == Esp.API:
        return _for_api(link, token)
    fields = {IN_FRAGMENT.get(name, name): value for name, value in _fields(link).items()}
    return build(page_of(link), link.action, token, **fields)


def for_sms(link: SavedLink, token: str) -> str:
    if link.esp == Esp.API:
        return _for_api(link, token)
    page = page_of(link)
    query = _query({"action": link.action, **_fields(link)}, token)
    return f"{page}{'&' if '?' in page else '?'}{query}"


def _for_api(link: SavedLink, token: str) -> str:
    return f"{settings.PUBLIC_URL}/one_click/{link.action}/?{_query(_fields(link), token)}"


def _query(fields: Mapping[str, str], token: str) -> str:
    pairs = [f"{name}={quote(value, safe='')}" for name, value in fields.items()]
    return "&".join([*pairs, f"token={token}"])


def _fields(link: SavedLink) -> dict[str, str]:
    fields = {name: link.parameters[name] for name in SIGNED if name in link.parameters}
    if link.mode:
        fields["og_mode"] = link.mode
    if link.pk:
        fields |= {"og_link": link.public_id.hex, "og_sig": signature(link)}
    return fields


def signature(link: SavedLink) -> str:
    """The link's `og_sig`: over its merchant, its id, its action and its parameters."""
    return signatures.sign(_message(link.merchant, link.public_id.hex, link.action, link.parameters))


def refusal(merchant: Merchant, action: str, given: Mapping[str, str], fields: Mapping[str, str]) -> str | None:
    """Why a click's link may not act: the code of the refusal, None when it may.

    `given` are the parameters the action understands, `fields` all the request has. A link with an id must be as it
    was signed: `invalid_` and what was changed, else `invalid_og_sig`. One without is refused where the merchant
    demands signatures. A genuine link costs no query.
    """
    link_id, sig = fields.get("og_link", ""), fields.get("og_sig", "")
    if not link_id and not sig:
        return "missing_og_sig" if merchant.one_click.require_signed_links else None
    if signatures.is_genuine(sig, _message(merchant, link_id, action, given)):
        return None
    return _changed(saved(merchant, link_id), given)


def saved(merchant: Merchant, link_id: str) -> SavedLink | None:
    """The merchant's link of this `og_link`, archived ones too."""
    try:
        return merchant.saved_links.filter(public_id=UUID(hex=link_id)).first()
    except ValueError:
        return None


def _changed(link: SavedLink | None, given: Mapping[str, str]) -> str:
    meant = link.parameters if link else given
    name = next((name for name in SIGNED if meant.get(name) != given.get(name)), "og_sig")
    return f"invalid_{IN_FRAGMENT.get(name, name)}"


def _message(merchant: Merchant, link_id: str, action: str, parameters: Mapping[str, str]) -> bytes:
    facts = ["link", merchant.public_id.hex, link_id, action, sorted(parameters.items())]
    return json.dumps(facts).encode()
