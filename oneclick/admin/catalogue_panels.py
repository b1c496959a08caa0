"""The saved links that use an offer or a product, for its page."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from oneclick.models import SavedLink
from oneclick.redemption.link_actions import LINK_ACTIONS, find_link_action
from subscriptions.models import OfferProfile, Product

MAX_LINKS = 20
BADGES = {row.label: row.badge for row in LINK_ACTIONS.values()}
Panel = tuple[str, dict[str, Any]]


def offer_panel(request: HttpRequest, offer: OfferProfile) -> Panel:
    ids = [public_id.hex for public_id in offer.offers.values_list("public_id", flat=True)]
    return link_panel(offer.merchant_id, Q(parameters__winback_id__in=ids) | Q(parameters__og_offer_id__in=ids))


def product_panel(request: HttpRequest, product: Product) -> Panel:
    return link_panel(product.merchant_id, Q(parameters__og_product_id=product.external_product_id))


def link_panel(merchant: int, uses: Q) -> Panel:
    links = SavedLink.objects.filter(uses, merchant=merchant, archived=False).order_by("-created", "-pk")[:MAX_LINKS]
    return "admin/panels/links.html", {"links": list(describe_links(links))}


def describe_links(links: Iterable[SavedLink]) -> Iterable[tuple[SavedLink, str, str]]:
    """Each link with what it does, and the colour of that label."""
    for link in links:
        label = find_link_action(link.action, link.parameters).label
        yield link, label, BADGES[label]
