"""What staff should know about a link before customers get it. No warning stops them from using the link."""

import re
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from oneclick.models import Esp, OneClickSettings, SavedLink
from oneclick.pages import origins
from oneclick.redemption import parameters
from subscriptions.errors import Refused
from subscriptions.models import Product

ACCOUNT_AREA = re.compile(
    r"/(?:my[-_]?)?(?:accounts?|customers?|profile|dashboard|members?)(?:[/.]|$)|/(?:log|sign)[-_]?in(?:[/.]|$)",
    re.IGNORECASE,
)


def find_link_warnings(link: SavedLink, rules: OneClickSettings) -> list[str]:
    """Sentences for staff, the most serious first; `rules` are the merchant's."""
    found = [
        *_settings_warnings(link, rules),
        *_product_warnings(link),
        *_offer_warnings(link),
        *_page_warnings(link, rules),
    ]
    for name in settings.LINK_CHECKS:
        found += cast(Callable[[SavedLink], list[str]], import_string(name))(link)
    return found


def _settings_warnings(link: SavedLink, rules: OneClickSettings) -> list[str]:
    found = []
    if not rules.enabled:
        found.append("1-Click is off in your settings: customers get no tokens, and no link works.")
    if rules.require_signed_links and not link.pk:
        found.append("Your settings allow signed links only. Save this link to have it signed.")
    return found


def _product_warnings(link: SavedLink) -> list[str]:
    text = link.parameters.get("og_product_id")
    product = link.merchant.products.filter(external_product_id=text).first() if text else None
    if text and product is None:
        return [f"Product {text} no longer exists; the link is refused."]
    return _unfit_product_warnings(product, subscribes="og_every" in link.parameters) if product else []


def _unfit_product_warnings(product: Product, *, subscribes: bool) -> list[str]:
    if product.discontinued:
        return [f"{product} is discontinued; the link is refused."]
    found = []
    if not product.live:
        found.append(f"{product} is out of stock; the link is refused until it is back.")
    if not product.upsell_eligible:
        found.append(f"{product} may not be added to orders; the link is refused.")
    if subscribes and not product.autoship_enabled:
        found.append(f"{product} cannot be subscribed to; the link is refused.")
    return found


def _offer_warnings(link: SavedLink) -> list[str]:
    for name in ("og_offer_id", "winback_id"):
        try:
            parameters.find_offer(link.merchant, link.parameters, name)
        except Refused:
            return ["Links may no longer give this discount; the link is refused."]
    return []


def _page_warnings(link: SavedLink, rules: OneClickSettings) -> list[str]:
    if not link.page_url or link.esp == Esp.API:
        return []
    found = []
    if ACCOUNT_AREA.search(urlsplit(link.page_url).path):
        found.append(
            "This page looks like part of the account area. Customers would have to log in first, and the link "
            "would be lost on the way. Choose a page that is open to everyone."
        )
    if not has_registered_origin(link.page_url, rules):
        found.append(
            f"{origins.parse_origin(link.page_url) or link.page_url} is not among the shop's origins in your 1-Click "
            "settings; its pages cannot show the outcome of a click."
        )
    return found


def has_registered_origin(page_url: str, rules: OneClickSettings) -> bool:
    return origins.parse_origin(page_url) in rules.shop_origins
