"""Stock as the shop reports it reaches the orders that wait for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import OrderStatus
from tests.api.catalogue.rows import send
from tests.jobs.situations import DAY, create_order, run_job


@pytest.mark.usefixtures("db")
def test_stock_of_a_batch_decides_what_the_jobs_place(noon: Any, connect: Callable[..., Client]) -> None:
    order = create_order()
    client = connect(of=order.merchant)
    product = order.items.get().product.external_product_id

    def report_stock(live: bool) -> None:
        sent = [{"product_id": product, "live": live}]
        answer = send(client, "patch", "/products-batch/update/", sent)
        assert answer == (207, {"results": [{"product_id": product, "status": 200}]})

    report_stock(False)
    run_job("placement", order.merchant, DAY)
    order.refresh_from_db()
    assert (order.status, order.oos_free_shipping) == (OrderStatus.UNSENT, True)
    report_stock(True)
    noon.move_to(datetime(2026, 11, 20, 17, tzinfo=UTC) + timedelta(days=1))
    assert run_job("stock", order.merchant, DAY + timedelta(days=1)) == 1
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_PLACEMENT
