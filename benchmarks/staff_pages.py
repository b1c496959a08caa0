"""Each staff page at 1,000,000 subscriptions, 5,000,000 activities, 2,000,000 events and as many clicks.

Beside each stands the same page at a hundredth of that.
"""

import sys
import time
from collections.abc import Iterator
from statistics import median

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.figure import Figure
from benchmarks.staff_pages_seed import create_merchants
from config.site import NAVIGATION
from subscriptions.models import Customer, Membership, Merchant, Order, Role, Subscription

SMALL, BIG = 10_000, 1_000_000
TURNS = 5
MOST_QUERIES = 28  # of Home, while the set-up is not complete
LISTS = {
    "order": ["tab=upcoming", "tab=tomorrow&test=no", "tab=needs-you", "tab=failed", "tab=placed"],
    "subscription": ["status=active", "status=inactive"],
    "customer": ["status=active", "q=ana77@mail.test"],
    "event": ["kind=ordergroove.subscription.cancel&test=no"],
}


def measure_figures() -> Iterator[Figure]:
    small, big = (_pages_of(merchant) for merchant in create_merchants(SMALL, BIG))
    worst = Figure("staff_pages", 0, 1, "ms", "")
    for name, address in big[1].items():
        value, reference = _median_times((big[0], address), (small[0], small[1][name]))
        queries = _count_queries(big[0], address)
        note = f"{name}, {queries} queries; reference: at {SMALL:,} subscriptions instead of {BIG:,}"
        figure = Figure("staff_page", 1000 * value, 1000 * reference, "ms", note)
        yield figure
        if queries > MOST_QUERIES:
            sys.exit(f"{name}: {queries} queries instead of at most {MOST_QUERIES}")
        worst = max(worst, figure, key=lambda each: each.value / each.reference)
    yield Figure("staff_pages", worst.value, worst.reference, "ms", f"the page with the highest ratio: {worst.note}")


def _pages_of(merchant: Merchant) -> tuple[Client, dict[str, str]]:
    """A client of the merchant's owner, and the addresses of its pages by a name that all merchants share."""
    user = get_user_model().objects.create_user(f"owner-{merchant.pk}", is_staff=True)
    Membership.objects.create(merchant=merchant, user=user, role=Role.OWNER)
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    items = [item for section in NAVIGATION.values() for item in section if item["title"] != "Sandbox inbox"]
    link = merchant.saved_links.order_by("pk")[0]
    pages = {item["title"]: str(item["link"]) for item in items}
    pages |= {
        "Home, 90 days": "/admin/?period=90",
        "Cancellations, 90 days": f"{reverse('admin:cancellations')}?period=90",
        "Retention, 24 months": f"{reverse('admin:retention')}?months=24",
        "Forecast, 90 days": f"{reverse('admin:forecast')}?days=90",
        "1-Click links, 90 days": f"{reverse('admin:link_analytics')}?period=90",
        "1-Click links, one link": f"{reverse('admin:link_analytics')}?period=90&link={link.pk}",
        "Revenue by links, 90 days": f"{reverse('admin:link_revenue')}?period=90",
        "Revenue by links, a later page": f"{reverse('admin:link_revenue')}?period=90&page=2",
        "a link's page": reverse("admin:oneclick_savedlink_change", args=[link.pk]),
    }
    for model, queries in LISTS.items():
        address = reverse(f"admin:subscriptions_{model}_changelist")
        pages |= {f"{model} list, {query}": f"{address}?{query}" for query in queries}
    for row_model in (Customer, Subscription, Order):
        name, row = row_model._meta.model_name, row_model._default_manager.filter(merchant=merchant).order_by("pk")[77]
        pages[f"a {name}'s page"] = reverse(f"admin:subscriptions_{name}_change", args=[row.pk])
    return client, pages


def _median_times(*pages: tuple[Client, str]) -> list[float]:
    """The seconds that each takes, in turns, so that a change in the machine's speed affects both."""
    times: list[list[float]] = [[] for _ in pages]
    for turn in range(TURNS + 1):
        for (client, address), taken in zip(pages, times, strict=True):
            started = time.perf_counter()
            answer = client.get(address, follow=True)
            if answer.status_code != 200:
                sys.exit(f"{address}: {answer.status_code}")
            if turn:  # the first one warms
                taken.append(time.perf_counter() - started)
    return [median(taken) for taken in times]


def _count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(address, follow=True)
    return len(queries)
