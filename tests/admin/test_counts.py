"""Counts that end at a bound."""

import pytest

from subscriptions.models import Product
from subscriptions.staff import counts
from tests import factories as f


@pytest.mark.parametrize(("rows", "text"), [(0, "0"), (3, "3"), (4, "3+")])
def test_a_count_ends_at_its_bound(db: None, monkeypatch: pytest.MonkeyPatch, rows: int, text: str) -> None:
    monkeypatch.setattr(counts, "MOST_COUNTED", 3)
    f.ProductFactory.create_batch(rows, merchant=f.MerchantFactory())
    assert counts.count_text(Product.objects.all()) == text
