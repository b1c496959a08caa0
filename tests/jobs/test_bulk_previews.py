"""The preview of a bulk change says what then happens."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.admin.bulk.preview import preview_run
from subscriptions.models import (
    BulkRow,
    Item,
    Merchant,
    Order,
    OrderStatus,
    Subscription,
)
from tests import factories as f
from tests.jobs.bulk import WEEK, day_in, make_subscription, run_all


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory()


def make_orders_of_all_kinds(merchant: Merchant) -> None:
    """An order of each status, some locked, waiting, old, superseded, without their subscription or overtaken."""
    for status in OrderStatus:
        row = make_subscription(merchant)
        cancelled = timezone.now() if status == OrderStatus.CANCELLED else None
        Order.objects.filter(customer=row.customer).update(status=status, cancelled=cancelled)
        Item.objects.filter(subscription=row).update(upcoming=status == OrderStatus.UNSENT)
    for changes in (
        {"locked": True},
        {"oos_free_shipping": True},
        {"place_date": day_in(-9, merchant)},
        {"status": 3, "rejected_error_code": "810"},
        {"status": 3, "tried_at": timezone.now() - timedelta(days=91)},
        {"status": 19, "locked": True},
        {"status": 18, "locked": True},
    ):
        row = make_subscription(merchant)
        Order.objects.filter(customer=row.customer).update(**changes)
        Item.objects.filter(subscription=row).update(upcoming="status" not in changes)
    gone = make_subscription(merchant)
    Order.objects.filter(customer=gone.customer).update(status=3)
    Item.objects.filter(subscription=gone).update(upcoming=False)
    Subscription.objects.filter(pk=gone.pk).update(cancelled=timezone.now())
    overtaken = make_subscription(merchant)
    Order.objects.filter(customer=overtaken.customer).update(status=3, tried_at=timezone.now() - timedelta(days=2))
    Item.objects.filter(subscription=overtaken).update(upcoming=False)
    later = f.plan_item(overtaken, day_in(8, merchant))
    Item.objects.filter(pk=later.pk).update(first_placed=timezone.now())


@pytest.mark.parametrize("name", ["order.move", "order.skip", "order.retry"])
@pytest.mark.parametrize("answers", [WEEK, {"days": -5}], ids=["later", "earlier"])
def test_the_preview_of_orders_says_what_happens(name: str, answers: dict[str, Any], merchant: Merchant) -> None:
    make_orders_of_all_kinds(merchant)
    check_preview(merchant, name, Order.objects.filter(merchant=merchant), answers)


@pytest.mark.parametrize("name", ["subscription.move", "subscription.skip", "subscription.cancel"])
@pytest.mark.parametrize("answers", [WEEK, {"days": -3}], ids=["later", "earlier"])
def test_the_preview_of_subscriptions_says_what_happens(name: str, answers: dict[str, Any], merchant: Merchant) -> None:
    make_orders_of_all_kinds(merchant)
    Subscription.objects.filter(pk=make_subscription(merchant).pk).update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew"
    )
    check_preview(merchant, name, Subscription.objects.filter(merchant=merchant), answers)


def check_preview(merchant: Merchant, name: str, rows: QuerySet[Any], answers: dict[str, Any]) -> None:
    expected = preview_run(merchant, BULK_KINDS[name], rows, answers)
    run = run_all(merchant, name, rows, answers)
    sentences = run.rows.filter(state=BulkRow.State.REFUSED).values_list("sentence", flat=True)
    plain = Counter("Prepaid orders are still to be delivered." if "prepaid" in s else s for s in sentences)
    assert (run.total, run.done, plain) == (expected["total"], expected["free"], Counter(dict(expected["refusals"])))
    assert run.refused > 0


def test_the_preview_adds_up_what_can_be_changed(merchant: Merchant) -> None:
    make_subscription(merchant)
    locked = make_subscription(merchant)
    Order.objects.filter(customer=locked.customer).update(locked=True)
    expected = preview_run(merchant, BULK_KINDS["order.move"], Order.objects.all(), WEEK)
    assert expected["sums"] == ["USD 25.00"]
