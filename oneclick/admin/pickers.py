"""The choices in the link builder: products, discounts, pages and test targets."""

from typing import Any

from django.db.models import Q

from common.web.public_ids import parse_public_id
from oneclick.models import LandingPage
from oneclick.redemption.parameters import AVAILABLE_PRODUCT, USABLE_OFFER
from subscriptions import calendar
from subscriptions.models import Merchant, Offer, Order, OrderStatus, Product, Subscription
from subscriptions.staff.display import product_with_price
from subscriptions.staff.search import MOST_WORDS, products_matching

MAX_CANDIDATES = 6
MAX_PAGES = 20
MAX_TARGETS = 20


def product_candidates(merchant: Merchant, term: str, chosen: str) -> dict[str, Any]:
    """The product with the shop's id `chosen`, and other available products that match `term`."""
    own = Product.objects.filter(merchant=merchant, external_product_id=chosen).select_related("merchant")
    found = products_matching(merchant, term).filter(**AVAILABLE_PRODUCT).exclude(external_product_id=chosen)
    others = found.select_related("merchant").order_by("name", "pk")[:MAX_CANDIDATES]
    rows = [*(own if chosen else []), *others]
    return {
        "candidates": [product_with_price(row) for row in rows],
        "term": term,
        "more": len(others) == MAX_CANDIDATES,
        "chosen": chosen,
    }


def offer_candidates(merchant: Merchant, term: str, chosen: str) -> dict[str, Any]:
    """The offer with the public id `chosen`, and others that match `term` and that links may give."""
    usable = Q(**USABLE_OFFER)
    for word in term.split()[:MOST_WORDS]:
        usable &= Q(name__icontains=word) | Q(profile__name__icontains=word)
    found = Offer.objects.filter(merchant=merchant).select_related("profile")
    public_id = parse_public_id(chosen)
    own = found.filter(public_id=public_id) if public_id else found.none()
    others = found.filter(usable).exclude(pk__in=own.values("pk")).order_by("name", "pk")[:MAX_CANDIDATES]
    return {"candidates": [*own, *others], "term": term, "more": len(others) == MAX_CANDIDATES, "chosen": chosen}


def landing_page_choices(merchant: Merchant) -> list[dict[str, Any]]:
    rows = LandingPage.objects.filter(merchant=merchant).order_by("-is_default", "name", "pk")[:MAX_PAGES]
    return [{"value": str(row.pk), "name": row.name, "slug": row.slug, "is_default": row.is_default} for row in rows]


def find_test_orders(merchant: Merchant) -> list[Order]:
    """Upcoming orders of test customers."""
    upcoming = Order.objects.filter(
        merchant=merchant, status=OrderStatus.UNSENT, place_date__gt=calendar.today(merchant.time_zone)
    )
    return list(_only_test_customers(upcoming).order_by("place_date", "pk")[:MAX_TARGETS])


def find_test_subscriptions(merchant: Merchant) -> list[Subscription]:
    """Cancelled subscriptions of test customers."""
    cancelled = Subscription.objects.filter(merchant=merchant, cancelled__isnull=False)
    rows = _only_test_customers(cancelled).select_related("product")
    return list(rows.order_by("-cancelled")[:MAX_TARGETS])


def _only_test_customers(rows: Any) -> Any:
    """A test acts in the customer's name, so even at a test merchant it takes no other customers."""
    return rows.filter(customer__is_test=True).select_related("customer__merchant", "merchant")
