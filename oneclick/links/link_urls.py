"""The addresses of 1-click links: on a page, in a query, at the API.

On a page, each parameter follows its own `#`, so it never reaches a server. Text messages and events use the query,
because it survives link shorteners. The API's form names the endpoint itself.
"""

from collections.abc import Mapping
from urllib.parse import quote

from django.conf import settings

from oneclick.links import signed_links
from oneclick.models import Esp, SavedLink
from oneclick.pages import domains
from oneclick.redemption.parameters import LINK_NAMES
from subscriptions.models import Merchant

MERGE_TAGS = {
    Esp.KLAVIYO: "{{ event.action_token }}",
    Esp.ATTENTIVE: "{{triggerEvent.custom['action_token']}}",
}
DEFAULT_MERGE_TAG = "{{ action_token }}"
# Attentive's shortener does not shorten longer links.
MAX_SHORTENED_LENGTH = 1024


def fragment_url(page_url: str, action: str, token: str, **parameters: str) -> str:
    """The on-site link. `token` is a customer's token, or an ESP's merge tag, which stays as written."""
    pairs = {"og_quick_action": action, **parameters}
    fragment = "".join(f"#{name}={quote(value, safe='')}" for name, value in pairs.items())
    return f"{page_url}{fragment}#og_quick_action_token={token}"


def landing_page_url(merchant: Merchant, slug: str = "") -> str:
    """The merchant's hosted page, on its own domain if it has one; without `slug` the default page."""
    own = domains.own_domain_url(merchant)
    page = f"{own}/" if own else f"{settings.PUBLIC_URL}/l/{merchant.public_id.hex}/"
    return f"{page}{slug}/" if slug else page


def target_url(link: SavedLink) -> str:
    """The page the link leads to."""
    return link.page_url or landing_page_url(link.merchant, link.landing_page.slug if link.landing_page else "")


def merge_tag_of(link: SavedLink) -> str:
    """The placeholder in the link that the ESP replaces with a customer's token."""
    return MERGE_TAGS.get(Esp(link.esp)) or link.merge_tag or DEFAULT_MERGE_TAG


def email_url(link: SavedLink, token: str) -> str:
    if link.esp == Esp.API:
        return _api_url(link, token)
    fields = {LINK_NAMES.get(name, name): value for name, value in _query_fields(link).items()}
    return fragment_url(target_url(link), link.action, token, **fields)


def sms_url(link: SavedLink, token: str) -> str:
    if link.esp == Esp.API:
        return _api_url(link, token)
    page = target_url(link)
    query = _query_string({"action": link.action, **_query_fields(link)}, token)
    return f"{page}{'&' if '?' in page else '?'}{query}"


def _api_url(link: SavedLink, token: str) -> str:
    return f"{settings.PUBLIC_URL}/one_click/{link.action}/?{_query_string(_query_fields(link), token)}"


def _query_string(fields: Mapping[str, str], token: str) -> str:
    pairs = [f"{name}={quote(value, safe='')}" for name, value in fields.items()]
    return "&".join([*pairs, f"token={token}"])


def _query_fields(link: SavedLink) -> dict[str, str]:
    fields = {name: link.parameters[name] for name in signed_links.SIGNED_PARAMETERS if name in link.parameters}
    if link.mode:
        fields["og_mode"] = link.mode
    if link.pk:
        fields |= {"og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link)}
    return fields
