"""Counts that end at a bound, by an index."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.models import Entitlement, Item, OrderStatus, Product, Subscription
from subscriptions.staff import counts
from tests import factories as f


@pytest.mark.parametrize(("rows", "text"), [(0, "0"), (3, "3"), (4, "3+")])
def test_a_count_ends_at_its_bound(db: None, monkeypatch: pytest.MonkeyPatch, rows: int, text: str) -> None:
    monkeypatch.setattr(counts, "MOST_COUNTED", 3)
    f.ProductFactory.create_batch(rows, merchant=f.MerchantFactory())
    with CaptureQueriesContext(connection) as captured:
        assert counts.count_text(Product.objects.all()) == text
    assert "LIMIT 4" in captured[0]["sql"]


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Subscription.objects.live().filter(merchant=1, offer__in=[1]), "subscription_live_offer"),
        (Item.objects.filter(merchant=1, product=1, order_status=OrderStatus.UNSENT), "item_upcoming_product"),
        (Entitlement.objects.filter(merchant=1, resource=1, live=True), "entitlement_live_resource"),
        (Product.objects.filter(merchant=1, live=False, discontinued=False).order_by("-created"), "product_off"),
    ],
)
def test_what_the_catalogue_counts_and_lists_has_an_index(db: None, rows: object, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in rows[:10].explain()
