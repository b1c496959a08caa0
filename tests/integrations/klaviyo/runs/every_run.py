"""One run of each kind, so that every request of runs is made."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from integrations.esp.statuses import STATUS_PROPERTY
from integrations.klaviyo.runs import control, work
from integrations.models import ProfileRun, SandboxEvent, SandboxProfile, SentProfile
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Customer
from tests.factories import STAFF, MerchantFactory
from tests.integrations.events import create_sandbox_connection
from tests.integrations.klaviyo.runs.past import make_past_events
from tests.integrations.klaviyo.runs.running import make_customers, work_on


def check_every_run(clock: time_machine.Traveller) -> None:
    """Backfill, history, comparison with a moved profile, and erasure; the sandbox must end up as they say."""
    connection = create_sandbox_connection(MerchantFactory())
    merchant, kinds = connection.merchant, list(KINDS)
    ana, *_ = make_customers(merchant, "ana@shop.test", "bo@shop.test", "no address", live=True)
    make_customers(merchant, "old@shop.test")
    for kind in kinds:
        make_past_events(merchant, kind, 1, ana, total=12.5, currency_code="USD")
    since = timezone.now() - timedelta(days=7)
    for run in (
        control.begin_status_backfill(connection, active_only=False, actor=STAFF),
        control.begin_history(connection, kinds, since, actor=STAFF),
    ):
        assert (work_on(run, clock).state, run.error) == ("done", "")
        assert list(run.errors.values_list("detail", flat=True)) == []
    assert set(SandboxEvent.objects.values_list("metric", flat=True)) == set(KINDS)
    assert SandboxProfile.objects.get(email="ana@shop.test").properties == {STATUS_PROPERTY: "active"}

    SentProfile.objects.filter(email="ana@shop.test").update(status="inactive")
    SentProfile.objects.filter(email="old@shop.test").update(status="active")
    Customer.objects.filter(email="old@shop.test").update(email="new@shop.test")
    work.sweep()
    (erasure,) = control.erase_customer(ana, actor=STAFF)
    clock.shift(timedelta(minutes=2))
    for run in (ProfileRun.objects.get(kind="comparison"), erasure):
        assert (work_on(run, clock).state, run.errors.count()) == ("done", 0)
    emails = set(SandboxProfile.objects.values_list("email", flat=True))
    assert emails == {"bo@shop.test", "", "new@shop.test"}
