"""What needs a person: orders, runs of jobs, checkouts. Each is found by an index, and counted up to a limit."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from common.db import fetch_rows
from subscriptions import calendar
from subscriptions.admin.filters import REJECTED_SHOWN
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import CheckoutRequest, JobRun, Merchant, OrderStatus
from subscriptions.models.order import UNDECIDED
from subscriptions.money import money
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.needs import MOST_COUNTED, Need, dialog_button
from subscriptions.staff.roles import Right

RUNS_SHOWN = timedelta(days=7)
# The oldest of each status, by the index of status and change.
ORDERS = """
SELECT status, count(*), min(updated), sum(total)
FROM unnest(%s::int[]) AS wanted(status), LATERAL (
    SELECT updated, total FROM subscriptions_order
    WHERE merchant_id = %s AND subscriptions_order.status = wanted.status
        AND updated >= CASE WHEN wanted.status = %s THEN %s ELSE '-infinity'::timestamptz END
        AND customer_id NOT IN (SELECT id FROM subscriptions_customer WHERE merchant_id = %s AND is_test)
    ORDER BY updated LIMIT %s
) oldest
GROUP BY status
"""
ABOUT = {
    OrderStatus.RESPONSE_PROCESSING_ERROR: "Your platform answered, but not so that we understand it. Say what "
    "became of them.",
    OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT: "No answer came, so they may have been placed. They are asked for "
    "again with each run, under the same key.",
    OrderStatus.PENDING_VERIFICATION: "Your platform is still checking them. It reports the result, or you do.",
    OrderStatus.AWAITING_RETRY_INSTRUCTIONS: "Their payment was declined. Without a decision within 24 hours they are "
    "rejected.",
    OrderStatus.REJECTED: "Rejected in the last 7 days. Each can be tried once more with another card.",
}
TITLES = {
    OrderStatus.RESPONSE_PROCESSING_ERROR: "Orders whose answer was not understood",
    OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT: "Orders of unknown outcome",
    OrderStatus.PENDING_VERIFICATION: "Orders being verified",
    OrderStatus.AWAITING_RETRY_INSTRUCTIONS: "Orders waiting for your decision",
    OrderStatus.REJECTED: "Rejected orders",
}


def find_needs(request: HttpRequest) -> list[Need]:
    """In three queries."""
    merchant = merchant_of(request)
    return [*order_needs(merchant), *run_needs(request, merchant), *checkout_needs(merchant)]


def order_needs(merchant: Merchant) -> Iterator[Need]:
    wanted = [*UNDECIDED, OrderStatus.REJECTED]
    since = timezone.now() - REJECTED_SHOWN
    values: list[Any] = [
        *(wanted, merchant.pk, OrderStatus.REJECTED.value, since, merchant.pk),
        MOST_COUNTED + 1,
    ]
    found = {status: rest for status, *rest in fetch_rows(ORDERS, values)}
    for status in wanted:
        if status in found:
            count, oldest, total = found[status]
            at_least = "at least " if count > MOST_COUNTED else ""
            query = urlencode({"tab": "needs-you", "status__exact": status.value, "test": "no"})
            yield Need(
                icon="block" if status == OrderStatus.REJECTED else "help",
                title=TITLES[status],
                about=ABOUT[status],
                url=f"{reverse('admin:subscriptions_order_changelist')}?{query}",
                count=count,
                since=oldest,
                amount=f"{at_least}{money(total, merchant.currency_code)}",
            )


def run_needs(request: HttpRequest, merchant: Merchant) -> Iterator[Need]:
    """Jobs with a run that was missed or has failed, unless a later one has done its work."""
    states = JobRun.State
    bad = Q(state__in=[states.MISSED, states.FAILED])
    rows = (
        JobRun.objects.filter(merchant=merchant, created__gte=timezone.now() - RUNS_SHOWN, job__in=JOBS)
        .order_by("job")
        .values_list("job")
        .annotate(last=Max("local_date", filter=bad), done=Max("local_date", filter=Q(state=states.DONE)))
        .annotate(n=Count("pk", filter=bad), since=Min("created", filter=bad))
    )
    for name, last, done, n, since in rows:
        if last is None or (done and done >= last):
            continue
        job = JOBS[name]
        is_on = job.hour(merchant) is not None
        yield Need(
            icon="schedule",
            title=f"Missed or failed: {job.title}",
            about=f"The last one was due on {calendar.human_date(last)}. A run now also covers the days before it.",
            url=f"{reverse('admin:subscriptions_jobrun_changelist')}?job={name}",
            count=n,
            since=since,
            buttons=dialog_button(request, Right.JOBS, "Run now", "play_arrow", reverse("admin:run_job", args=[name]))
            if is_on
            else [],
        )


def checkout_needs(merchant: Merchant) -> Iterator[Need]:
    failed = CheckoutRequest.objects.filter(merchant=merchant, answer__isnull=False).exclude(reason="")
    found = list(failed.order_by("-created", "-id").values_list("created", flat=True)[: MOST_COUNTED + 1])
    if found:
        yield Need(
            icon="shopping_cart_off",
            title="Failed checkouts",
            about="The shopper has paid, but no subscription was started. Try each again once its cause is mended.",
            url=f"{reverse('admin:subscriptions_checkoutrequest_changelist')}?state=failed",
            count=len(found),
            since=found[-1],
        )
