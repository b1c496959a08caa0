"""Customers to tell of, and workers that continue runs."""

from typing import Any

import time_machine
from django.utils import timezone

from integrations.klaviyo.runs import work
from integrations.models import ProfileRun
from subscriptions.models import Customer, Merchant
from tests.factories import CustomerFactory, SubscriptionFactory


def make_customers(merchant: Merchant, *emails: str, live: bool = False, **fields: Any) -> list[Customer]:
    customers = [CustomerFactory(merchant=merchant, email=email, **fields) for email in emails]
    if live:
        for customer in customers:
            SubscriptionFactory(customer=customer)
    return customers


def work_on(run: ProfileRun, clock: time_machine.Traveller, turns: int = 60) -> ProfileRun:
    """Let workers continue the run until it rests no more, moving the clock to the end of each rest."""
    for _ in range(turns):
        work.continue_run(run.pk)
        run.refresh_from_db()
        if not run.lease_until:
            return run
        clock.move_to(max(run.lease_until, timezone.now()))
    raise AssertionError(f"the run goes on: {run.state} {run.error}")
