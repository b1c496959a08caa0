"""A status backfill in the portal's own database, watched while its workers are killed."""

import time
from collections import Counter
from typing import Any

from django.db import connection as database
from django_q.tasks import async_task

from integrations.klaviyo.runs import control
from integrations.models import Connection, ImportJob, ProfileRun, SandboxImport, SandboxProfile
from integrations.sandbox import private_keys
from subscriptions.actors import Actor, ActorKind
from subscriptions.models import Customer, Merchant
from tests.factories import SubscriptionFactory

STAFF = Actor(ActorKind.STAFF, "chaos", "Chaos")
ACTIVE_EACH = 1000  # one customer of so many has a live subscription
STATUS = "Ordergroove Subscriber Status"


def run(customers: int) -> dict[str, Any]:
    merchant, connection = _create_merchant(customers)
    backfill = control.begin_status_backfill(connection, active_only=False, actor=STAFF)
    looks, last = Counter[str](), 0
    while not _is_over(backfill):
        # What the schedule does each minute. The sandbox is read last, so that it can only be further.
        async_task("integrations.klaviyo.runs.work.sweep", save=False)
        sent = ProfileRun.objects.get(pk=backfill.pk).sent
        looks["looks"] += 1
        looks["steps back"] += sent < last
        looks["ahead of the sandbox"] += sent > SandboxProfile.objects.filter(merchant=merchant).count()
        last = sent
        time.sleep(1)
    return {"customers": customers, **dict.fromkeys(("looks", "steps back", "ahead of the sandbox"), 0), **looks} | (
        _report(backfill)
    )


def _create_merchant(customers: int) -> tuple[Merchant, Connection]:
    merchant = Merchant.objects.create(name="Backfill", shop_url="https://shop.test", is_test=True)
    connection = Connection.objects.create(
        merchant=merchant,
        integration=Connection.Integration.KLAVIYO,
        name="Sandbox",
        base_url=private_keys.sandbox_url(),
        secret=private_keys.create_key(merchant),
    )
    made = Customer.objects.bulk_create(
        (
            Customer(merchant=merchant, merchant_user_id=f"C-{n}", first_name="Ana", email=f"ana{n}@shop.test")
            for n in range(customers)
        ),
        batch_size=5000,
    )
    for customer in made[::ACTIVE_EACH]:
        SubscriptionFactory(customer=customer)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    return merchant, connection


def _is_over(backfill: ProfileRun) -> bool:
    backfill.refresh_from_db()
    is_running = backfill.state == ProfileRun.State.RUNNING
    return not (is_running or backfill.jobs.filter(state=ImportJob.State.OPEN).exists())


def _report(backfill: ProfileRun) -> dict[str, Any]:
    merchant, jobs = backfill.merchant, list(backfill.jobs.order_by("after"))
    live = set(merchant.subscriptions.live().values_list("customer__email", flat=True))
    wanted = {
        email: "active" if email in live else "inactive" for email in merchant.customers.values_list("email", flat=True)
    }
    profiles = SandboxProfile.objects.filter(merchant=merchant).values_list("email", "properties")
    held = {email: properties.get(STATUS) for email, properties in profiles}
    return {
        "held": profiles.count(),
        "skipped": len(wanted.keys() - held.keys()),
        "wrong": sum(held.get(email) != status for email, status in wanted.items()),
        "overlaps": sum(one.upto > other.after for one, other in zip(jobs, jobs[1:], strict=False))
        + abs(sum(job.profiles for job in jobs) - len(wanted))
        + abs(backfill.sent - len(wanted)),
        "requests": SandboxImport.objects.filter(merchant=merchant).count(),
        "noted": len(jobs),
        "refused": backfill.refused,
        "job errors": backfill.errors.count(),
        "state": backfill.state,
        "jobs": ", ".join(f"{state}: {number}" for state, number in Counter(job.state for job in jobs).items()),
    }
