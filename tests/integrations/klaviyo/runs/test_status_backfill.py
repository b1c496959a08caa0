"""The backfill of the status property: whom it tells, in which jobs, and what it does with refusals."""

import json
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations.klaviyo.runs import control, status, work
from integrations.klaviyo.sent_profiles import UNSURE, Told, note_told
from integrations.models import Connection, ImportJob, ProfileError, ProfileRun, SentProfile
from subscriptions.errors import Refused
from tests.factories import STAFF, CustomerFactory, MerchantFactory
from tests.integrations.klaviyo.runs.account import Account, answer, identifier, profiles_of, refusal
from tests.integrations.klaviyo.runs.running import make_customers, work_on


def begin(connection: Connection, **fields: Any) -> ProfileRun:
    run = control.begin_status_backfill(connection, active_only=False, actor=STAFF)
    ProfileRun.objects.filter(pk=run.pk).update(**fields)
    return run


def sizes(account: Account) -> list[int]:
    return [len(job) for job in account.jobs]


def test_each_address_gets_the_status_of_all_its_customers_once(account, connection, merchant, clock):
    make_customers(merchant, "ana@shop.test", "Bo@shop.test", "no address")
    make_customers(merchant, "Ana@Shop.test", "live@shop.test", live=True)
    make_customers(merchant, "bad", "bad2", phone_number="12")
    make_customers(merchant, "test@shop.test", is_test=True)
    make_customers(MerchantFactory(), "other@shop.test")
    run = work_on(begin(connection), clock)
    assert account.statuses == {
        "ana@shop.test": "active",
        "bo@shop.test": "inactive",
        "+15013299800": "inactive",
        "live@shop.test": "active",
    }
    assert [list(profile["attributes"]) for profile in account.jobs[0]] == [
        ["email", "properties"],
        ["email", "properties"],
        ["phone_number", "properties"],
        ["email", "properties"],
    ]
    assert (run.state, run.total, run.sent, run.refused) == ("done", 6, 4, 2)
    assert set(run.errors.values_list("identifier", "detail")) == {
        ("bad", status.NO_ADDRESS),
        ("bad2", status.NO_ADDRESS),
    }
    assert account.events == []


def test_what_was_sent_is_noted_of_each_profile(account, connection, merchant, clock):
    (ana,) = make_customers(merchant, "ana@shop.test", live=True)
    work_on(begin(connection), clock)
    (job,) = ImportJob.objects.values("remote_id", "profiles", "counted", "completed", "failed", "state")
    assert job == {"remote_id": "0", "profiles": 1, "counted": 1, "completed": 1, "failed": 0, "state": "complete"}
    (told,) = SentProfile.objects.values("customer", "email", "status")
    assert told == {"customer": ana.pk, "email": "ana@shop.test", "status": "active"}


def test_only_active_customers_are_told_where_staff_chose_so(account, connection, merchant, clock):
    make_customers(merchant, "ana@shop.test", "bo@shop.test")
    make_customers(merchant, "ANA@shop.test", "live@shop.test", live=True)
    run = control.begin_status_backfill(connection, active_only=True, actor=STAFF)
    work_on(run, clock)
    assert account.statuses == {"ana@shop.test": "active", "live@shop.test": "active"}
    assert ProfileRun.objects.values_list("total", "sent").get() == (2, 2)


def test_the_count_says_how_many_profiles_may_be_new(account, connection, merchant, django_assert_num_queries):
    ana, bo = make_customers(merchant, "ana@shop.test", "bo@shop.test")
    make_customers(merchant, "BO@shop.test", "new@shop.test", live=True)
    make_customers(merchant, "", "", "newest@shop.test")
    note_told(connection, {ana.pk: Told("ana@shop.test"), bo.pk: Told("bo@shop.test")}, timezone.now())
    with django_assert_num_queries(1):
        assert status.count_profiles(connection) == status.Counts(profiles=6, new=4, active=2, new_active=1)


def test_a_profile_keeps_its_old_address_until_the_next_event_moves_it(account, connection, merchant, clock):
    (ana,) = make_customers(merchant, "new@shop.test")
    note_told(connection, {ana.pk: Told("old@shop.test")}, timezone.now())
    work_on(begin(connection), clock)
    assert account.statuses == {"old@shop.test": "inactive"}


def test_customers_with_one_number_and_no_address_share_a_profile(account, connection, merchant, clock):
    make_customers(merchant, "none", "nothing")
    make_customers(merchant, "nowhere", live=True)
    run = work_on(begin(connection), clock)
    assert (account.statuses, len(account.jobs[0])) == ({"+15013299800": "active"}, 1)
    assert list(run.errors.values_list("detail", flat=True)) == [status.SAME_PROFILE] * 2


def test_an_erased_customer_is_told_of_no_more(account, connection, merchant, clock):
    ana, _ = make_customers(merchant, "ana@shop.test", "bo@shop.test")
    SentProfile.objects.create(connection=connection, customer=ana, erased_at=timezone.now())
    work_on(begin(connection), clock)
    assert account.statuses == {"bo@shop.test": "inactive"}


def test_customers_are_sent_in_jobs_of_the_most_klaviyo_takes_well(account, connection, merchant, clock, monkeypatch):
    monkeypatch.setattr(status.StatusBackfill, "most", 3)
    make_customers(merchant, *(f"c{n}@shop.test" for n in range(7)))
    work_on(begin(connection), clock)
    assert sizes(account) == [3, 3, 1]


@pytest.mark.parametrize("number", [3, 30])
def test_a_chunk_takes_as_many_queries_however_long_it_is(
    account, connection, merchant, clock, number, django_assert_num_queries
):
    make_customers(merchant, *(f"c{n}@shop.test" for n in range(number)))
    run = begin(connection)
    with django_assert_num_queries(31):
        work.continue_run(run.pk)
    assert sizes(account) == [number]


def refuse_bad(request: Any) -> Any:
    is_import = request.method == "POST" and "bulk-import" in request.url.path
    is_bad = is_import and any("bad" in identifier(profile) for profile in profiles_of(request))
    return refusal(400, "Invalid email address") if is_bad else None


def test_a_refused_job_is_halved_until_the_bad_profile_is_alone(account, connection, merchant, clock):
    account.script = refuse_bad
    make_customers(
        merchant, *(f"c{n}@shop.test" for n in range(20)), "bad@shop.test", *(f"d{n}@shop.test" for n in range(20))
    )
    run = work_on(begin(connection), clock)
    assert (run.state, run.sent, run.refused) == ("done", 40, 1)
    assert len(account.statuses) == sum(sizes(account)) == 40
    assert run.errors.values_list("identifier", "detail").get() == (
        "bad@shop.test",
        "Invalid email address (/data) [e1]",
    )
    assert len(account.requests) < 40


def test_a_profile_that_klaviyo_names_is_left_out_at_once(account, connection, merchant, clock):
    account.script = lambda request: (
        refusal(400, "Invalid", "/data/attributes/profiles/data/1/attributes/email") if refuse_bad(request) else None
    )
    make_customers(merchant, "c0@shop.test", "bad@shop.test", "c2@shop.test")
    run = work_on(begin(connection), clock)
    assert (sizes(account), run.refused) == ([2], 1)
    assert run.errors.get().identifier == "bad@shop.test"


def test_profiles_on_which_a_job_fails_are_listed_with_klaviyos_reason(account, connection, merchant, clock):
    account.faulty = {f"f{n}@shop.test" for n in range(5)}
    customers = make_customers(merchant, *sorted(account.faulty), "good@shop.test")
    run = work_on(begin(connection), clock)
    assert list(run.errors.order_by("pk").values_list("customer", "identifier", "code", "detail")) == [
        (customer.pk, customer.email, "bad", "Klaviyo says no.") for customer in customers[:5]
    ]
    assert run.jobs.values_list("completed", "failed", "state").get() == (1, 5, "complete")
    assert dict(SentProfile.objects.values_list("email", "status"))["f0@shop.test"] == ""


def test_an_event_sent_while_klaviyo_worked_leaves_the_status_unsure(account, connection, merchant, clock):
    account.job_status = "processing"
    ana, bo = make_customers(merchant, "ana@shop.test", "bo@shop.test")
    run = begin(connection)
    work.continue_run(run.pk)
    clock.shift(5)
    note_told(connection, {ana.pk: Told("ana@shop.test", status="active", event=7)}, timezone.now())
    account.job_status = "complete"
    clock.shift(60)
    work_on(run, clock)
    assert dict(SentProfile.objects.values_list("customer", "status")) == {ana.pk: UNSURE, bo.pk: "inactive"}


@pytest.mark.parametrize(("said", "state"), [("cancelled", "canceled"), (404, "lost")])
def test_a_job_that_klaviyo_does_not_finish_is_reported_and_left_to_the_comparison(
    account, connection, merchant, clock, said, state
):
    account.job_status = str(said)
    if said == 404:
        account.script = lambda request: refusal(404) if request.method == "GET" else None
    make_customers(merchant, "ana@shop.test", "bo@shop.test")
    run = work_on(begin(connection), clock)
    assert run.jobs.get().state == state
    assert "2 profiles" in run.errors.get().detail
    assert set(SentProfile.objects.values_list("status", flat=True)) == {UNSURE}


def test_a_key_without_the_right_pauses_the_run_and_nothing_else(account, connection, merchant, clock):
    account.script = lambda request: refusal(403, "No permission.")
    make_customers(merchant, "ana@shop.test")
    run = work_on(begin(connection), clock)
    connection.refresh_from_db()
    assert (run.state, run.error, connection.paused_reason) == (
        "paused",
        "The key may not do this: give it full access to lists and profiles at Klaviyo, then resume.",
        "",
    )
    account.script = lambda request: None
    assert control.resume_run(run)
    assert work_on(run, clock).state == "done"
    assert account.statuses == {"ana@shop.test": "inactive"}


def test_a_throttled_road_rests_as_long_as_klaviyo_says(account, connection, merchant, clock):
    replies = [answer(429, {"errors": []}, **{"Retry-After": "90"})]
    account.script = lambda request: replies.pop() if replies else None
    make_customers(merchant, "ana@shop.test")
    run = begin(connection)
    work.continue_run(run.pk)
    run.refresh_from_db()
    assert 90 <= (run.lease_until - timezone.now()).total_seconds() <= 108
    assert OrmQ.objects.filter(lock=run.lease_until).count() == 1
    assert work_on(run, clock).state == "done"
    assert (run.failures, sizes(account)) == (0, [1])


def test_a_temporary_fault_is_tried_again_and_in_the_end_pauses_the_run(
    account, connection, merchant, clock, monkeypatch
):
    monkeypatch.setattr(work, "MOST_FAILURES", 3)
    account.script = lambda request: answer(503)
    make_customers(merchant, "ana@shop.test")
    run = work_on(begin(connection), clock)
    assert (run.state, run.failures, len(account.requests)) == ("paused", 3, 4)
    assert run.error == "HTTP 503, without a reason from Klaviyo."


def test_only_one_backfill_of_a_connection_runs_at_a_time(account, connection, merchant):
    run = begin(connection)
    with pytest.raises(Refused):
        begin(connection)
    control.cancel_run(run)
    begin(connection)
    assert ProfileRun.objects.count() == 2


def test_a_paused_run_sends_nothing_more_but_is_told_of_its_jobs(account, connection, merchant, clock, monkeypatch):
    monkeypatch.setattr(status.StatusBackfill, "most", 1)
    make_customers(merchant, "ana@shop.test", "bo@shop.test", "cy@shop.test")
    run = begin(connection, at_once=1)
    account.script = lambda request: control.pause_run(run) and None
    work_on(run, clock)
    assert ProfileRun.objects.values_list("state", "sent").get() == ("paused", 1)
    assert run.jobs.get().state == "complete"
    assert control.resume_run(run)
    account.script = lambda request: None
    assert work_on(run, clock).state == "done"
    assert (sizes(account), len(account.statuses)) == ([1, 1, 1], 3)


def test_a_canceled_run_sends_nothing_more(account, connection, merchant, clock, monkeypatch):
    monkeypatch.setattr(status.StatusBackfill, "most", 1)
    make_customers(merchant, "ana@shop.test", "bo@shop.test")
    run = begin(connection, at_once=1)
    account.script = lambda request: control.cancel_run(run) and None
    work_on(run, clock)
    run.refresh_from_db()
    assert (run.state, run.sent, run.jobs.get().state) == ("canceled", 1, "complete")
    assert not control.resume_run(run) and not control.cancel_run(run)


def test_a_run_waits_while_its_connection_is_off(account, connection, merchant, clock):
    make_customers(merchant, "ana@shop.test")
    run = begin(connection)
    Connection.objects.update(enabled=False)
    work.continue_run(run.pk)
    assert account.requests == []
    Connection.objects.update(enabled=True)
    assert work_on(run, clock).state == "done"


def test_customers_who_came_meanwhile_count_in_the_end(account, connection, merchant, clock):
    make_customers(merchant, "ana@shop.test")
    run = begin(connection)
    CustomerFactory(merchant=merchant, email="late@shop.test")
    assert work_on(run, clock).total == 2
    assert json.dumps(account.jobs).count("late@shop.test") == 1


def test_errors_are_of_one_run(account, connection, merchant, clock):
    account.script = refuse_bad
    make_customers(merchant, "bad@shop.test")
    for _ in range(2):
        work_on(begin(connection), clock)
    assert ProfileError.objects.count() == 2
