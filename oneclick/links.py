"""The address a 1-click link has."""

from urllib.parse import quote

from django.conf import settings

from oneclick import domains
from subscriptions.models import Merchant

TOKEN_TAG = "{{ event.action_token }}"


def build(page_url: str, action: str, token: str, **parameters: str) -> str:
    """The on-site link: each parameter behind its own `#`, which never reaches a server.

    `token` is a customer's own, or an ESP's merge tag, which stays as written.
    """
    pairs = {"og_quick_action": action, **parameters}
    fragment = "".join(f"#{name}={quote(value, safe='')}" for name, value in pairs.items())
    return f"{page_url}{fragment}#og_quick_action_token={token}"


def landing_url(merchant: Merchant, slug: str = "") -> str:
    """Our hosted page of the merchant, on its own domain if it has one; without `slug` its default one."""
    own = domains.address(merchant)
    page = f"{own}/" if own else f"{settings.PUBLIC_URL}/l/{merchant.public_id.hex}/"
    return f"{page}{slug}/" if slug else page
