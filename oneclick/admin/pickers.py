"""What the builder of links offers to choose from: products, discounts, pages, and whom to try a link on."""

from typing import Any

from django.db.models import Q

from common.web.public_ids import parse_public_id
from oneclick.models import LandingPage
from oneclick.redemption.parameters import AVAILABLE_PRODUCT, USABLE_OFFER
from subscriptions import calendar
from subscriptions.models import Merchant, Offer, Order, OrderStatus, Product, Subscription
from subscriptions.staff.display import product_with_price
from subscriptions.staff.search import MOST_WORDS, products_matching

MOST = 6
MOST_PAGES = 20
MOST_TRIALS = 20


def products(merchant: Merchant, term: str, chosen: str) -> dict[str, Any]:
    """The chosen product, by the shop's id, and others that `term` finds and that can be had."""
    own = Product.objects.filter(merchant=merchant, external_product_id=chosen).select_related("merchant")
    found = products_matching(merchant, term).filter(**AVAILABLE_PRODUCT)
    others = found.exclude(external_product_id=chosen).select_related("merchant").order_by("name", "pk")[:MOST]
    rows = [*(own if chosen else []), *others]
    return {
        "candidates": [product_with_price(row) for row in rows],
        "term": term,
        "more": len(others) == MOST,
        "chosen": chosen,
    }


def offers(merchant: Merchant, term: str, chosen: str) -> dict[str, Any]:
    """The chosen discount, by its public id, and others that links may give away."""
    usable = Q(**USABLE_OFFER)
    for word in term.split()[:MOST_WORDS]:
        usable &= Q(name__icontains=word) | Q(profile__name__icontains=word)
    found = Offer.objects.filter(merchant=merchant).select_related("profile")
    public_id = parse_public_id(chosen)
    own = found.filter(public_id=public_id) if public_id else found.none()
    others = found.filter(usable).exclude(pk__in=own.values("pk")).order_by("name", "pk")[:MOST]
    return {"candidates": [*own, *others], "term": term, "more": len(others) == MOST, "chosen": chosen}


def pages(merchant: Merchant) -> list[dict[str, Any]]:
    """The landing pages we host for the merchant, as choices."""
    rows = LandingPage.objects.filter(merchant=merchant).order_by("-is_default", "name", "pk")[:MOST_PAGES]
    return [{"value": str(row.pk), "name": row.name, "slug": row.slug, "is_default": row.is_default} for row in rows]


def trial_orders(merchant: Merchant) -> list[Order]:
    """Orders still to come, of test customers."""
    coming = Order.objects.filter(
        merchant=merchant, status=OrderStatus.UNSENT, place_date__gt=calendar.today(merchant.time_zone)
    )
    return list(_of_test_customers(coming, merchant).order_by("place_date", "pk")[:MOST_TRIALS])


def trial_subscriptions(merchant: Merchant) -> list[Subscription]:
    """Cancelled subscriptions of test customers."""
    gone = Subscription.objects.filter(merchant=merchant, cancelled__isnull=False)
    return list(_of_test_customers(gone, merchant).select_related("product").order_by("-cancelled")[:MOST_TRIALS])


def _of_test_customers(rows: Any, merchant: Merchant) -> Any:
    whose = rows if merchant.is_test else rows.filter(customer__is_test=True)
    return whose.select_related("customer__merchant", "merchant")
