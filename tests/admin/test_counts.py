"""Counts that end at a bound."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.models import Product
from subscriptions.staff import counts
from tests import factories as f


@pytest.mark.parametrize(("rows", "text"), [(0, "0"), (3, "3"), (4, "3+")])
def test_a_count_ends_at_its_bound(db: None, monkeypatch: pytest.MonkeyPatch, rows: int, text: str) -> None:
    monkeypatch.setattr(counts, "MOST_COUNTED", 3)
    f.ProductFactory.create_batch(rows, merchant=f.MerchantFactory())
    with CaptureQueriesContext(connection) as captured:
        assert counts.count_text(Product.objects.all()) == text
    assert "LIMIT 4" in captured[0]["sql"]
