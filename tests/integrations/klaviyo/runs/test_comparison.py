"""Each night, statuses that are outdated at Klaviyo are put right."""

import pytest
from django.utils import timezone

from integrations.klaviyo.runs import comparison, work
from integrations.klaviyo.sent_profiles import UNSURE, Told, note_told
from integrations.models import Connection, ProfileRun, SentProfile
from subscriptions.models import Subscription
from tests.factories import ConnectionFactory, MerchantFactory
from tests.integrations.klaviyo.runs.account import refusal
from tests.integrations.klaviyo.runs.running import make_customers, work_on

NIGHT = "2026-11-21T07:30:00Z"  # half past two in New York


def told(connection: Connection, customer, status: str, email: str | None = None, **facts: object) -> None:
    note_told(connection, {customer.pk: Told(email or customer.email, status=status, **facts)}, timezone.now())


def compare(connection: Connection, clock) -> ProfileRun:
    clock.move_to(NIGHT)
    work.sweep()
    return work_on(ProfileRun.objects.get(connection=connection), clock)


def test_only_outdated_statuses_are_sent(account, connection, merchant, clock):
    live, cancelled, right, unsure, never = make_customers(
        merchant, *(f"{name}@shop.test" for name in ("live", "cancelled", "right", "unsure", "never")), live=True
    )
    told(connection, live, "inactive")
    told(connection, cancelled, "active")
    told(connection, right, "active")
    told(connection, unsure, UNSURE)
    told(connection, never, "")
    make_customers(merchant, "unknown@shop.test", live=True)
    Subscription.objects.filter(customer=cancelled).update(cancelled=timezone.now())
    run = compare(connection, clock)
    assert account.statuses == {
        "live@shop.test": "active",
        "cancelled@shop.test": "inactive",
        "unsure@shop.test": "active",
    }
    assert (run.state, run.total, run.sent) == ("done", 3, 3)
    assert not comparison.outdated_profiles(connection).exists()


def test_customers_who_share_an_address_are_sent_once(account, connection, merchant, clock):
    ana, bo = make_customers(merchant, "ana@shop.test", "Ana@shop.test")
    for one in (ana, bo):
        told(connection, one, "active", "ana@shop.test")
    run = compare(connection, clock)
    assert (run.sent, account.statuses) == (1, {"ana@shop.test": "inactive"})
    assert set(SentProfile.objects.values_list("status", flat=True)) == {"inactive"}


def test_a_profile_without_an_address_is_found_by_its_number(account, connection, merchant, clock):
    (one,) = make_customers(merchant, "no address", live=True)
    note_told(connection, {one.pk: Told(phone="+15013299800", status="inactive")}, timezone.now())
    compare(connection, clock)
    assert account.statuses == {"+15013299800": "active"}


@pytest.mark.parametrize(("remote_id", "requests"), [("P1", 1), ("", 2)])
def test_an_outdated_profile_gets_its_customers_new_address_too(
    account, connection, merchant, clock, remote_id, requests
):
    (ana,) = make_customers(merchant, "new@shop.test", live=True)
    told(connection, ana, "inactive", "old@shop.test", remote_id=remote_id, event=5)
    compare(connection, clock)
    assert account.requests == [("POST", "/api/profile-import")] * requests
    assert account.statuses["new@shop.test"] == "active"
    row = SentProfile.objects.get()
    assert (row.email, row.status, row.last_event) == ("new@shop.test", "active", 5)
    assert row.remote_id


def test_it_runs_once_a_night_after_two_in_the_merchants_time(account, connection, merchant, clock):
    told(connection, *make_customers(merchant, "ana@shop.test"), "active")
    begun = []
    for moment in (
        "2026-11-21T05:30:00Z",
        "2026-11-21T06:59:00Z",
        NIGHT,
        "2026-11-21T23:00:00Z",
        "2026-11-22T07:00:00Z",
    ):
        clock.move_to(moment)
        work.sweep()
        begun.append(ProfileRun.objects.count())
    # On the 20th, at noon, no comparison had run yet; half past midnight is too early for the one of the 21st.
    assert begun == [0, 0, 1, 1, 2]
    states = dict(ProfileRun.objects.values_list("local_date", "state"))
    assert list(states.values()) == ["canceled", "running"]


def test_connections_without_profiles_and_other_merchants_get_no_run(account, connection, merchant, clock):
    Connection.objects.create(merchant=merchant, integration="klaviyo", name="New", secret="x")
    off = ConnectionFactory(merchant=MerchantFactory(), enabled=False)
    told(off, *make_customers(off.merchant, "ana@shop.test"), "active")
    clock.move_to(NIGHT)
    work.sweep()
    assert not ProfileRun.objects.exists()


def test_a_refused_profile_is_listed_and_the_next_one_sent(account, connection, merchant, clock):
    for one in make_customers(merchant, "ana@shop.test", "bo@shop.test"):
        told(connection, one, "active")
    account.script = lambda request: refusal(409, "Taken.") if b"ana@" in request.content else None
    run = compare(connection, clock)
    assert (run.sent, run.refused, run.errors.get().identifier) == (1, 1, "ana@shop.test")
    assert account.statuses == {"bo@shop.test": "inactive"}


def test_requests_are_paced_by_the_accounts_minute(account, connection, merchant, clock, monkeypatch):
    monkeypatch.setattr(comparison.NightlyComparison, "road", comparison.ROAD.__class__("profile-import", 2, 3))
    for one in make_customers(merchant, *(f"c{n}@shop.test" for n in range(5))):
        told(connection, one, "active")
    clock.move_to(NIGHT)
    work.sweep()
    sent = []
    run = ProfileRun.objects.get()
    for _ in range(4):
        work.continue_run(run.pk)
        sent.append(len(account.requests))
        run.refresh_from_db()
        clock.move_to(run.lease_until or timezone.now())
    assert sent == [2, 3, 5, 5]
