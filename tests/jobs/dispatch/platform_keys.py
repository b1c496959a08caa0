"""The idempotency keys under which a merchant's platform got its orders."""

from collections import Counter

from subscriptions.models import OrderStatus
from tests.placement.platform import Platform

S = OrderStatus


def count_keys(shop: Platform) -> Counter[str]:
    return Counter(post.headers["Idempotency-Key"] for post in shop.posts)
