"""A customer who is erased at Klaviyo."""

from django.utils import timezone

from integrations.klaviyo.runs import control, status, work
from integrations.klaviyo.sent_profiles import Told, note_told
from integrations.models import ProfileRun, SentProfile
from integrations.privacy.erasing import erase_customer
from subscriptions.models import Customer
from tests.factories import STAFF, ConnectionFactory, MerchantFactory
from tests.integrations.klaviyo.runs.account import refusal
from tests.integrations.klaviyo.runs.running import make_customers, work_on


def test_the_customer_is_blocked_first_and_the_profile_deleted_once_nothing_is_on_its_way(
    account, connection, merchant, clock
):
    ana, twin, bo = make_customers(merchant, "ana@shop.test", "Ana@shop.test", "bo@shop.test")
    note_told(connection, {ana.pk: Told("old@shop.test", status="active", remote_id="P1", event=3)}, timezone.now())
    (run,) = control.erase_customer(ana, actor=STAFF)
    assert set(SentProfile.objects.filter(erased_at=timezone.now()).values_list("customer", flat=True)) == {
        ana.pk,
        twin.pk,
    }
    work.continue_run(run.pk)
    assert account.requests == []
    clock.shift(61)
    run = work_on(run, clock)
    assert (run.state, account.erased) == ("done", [{"email": "old@shop.test"}])
    assert account.requests == [("POST", "/api/data-privacy-deletion-jobs")]
    kept = SentProfile.objects.values_list("email", "remote_id", "status").filter(customer=ana).get()
    assert kept == ("", "", "")
    assert [one.pk for one in status.profile_customers(connection)] == [bo.pk]


def test_an_import_that_klaviyo_still_works_through_holds_the_deletion_back(account, connection, merchant, clock):
    account.job_status = "processing"
    ana, _ = make_customers(merchant, "ana@shop.test", "bo@shop.test")
    backfill = control.begin_status_backfill(connection, active_only=False, actor=STAFF)
    work.continue_run(backfill.pk)
    (run,) = control.erase_customer(ana, actor=STAFF)
    clock.shift(61)
    work.continue_run(run.pk)
    assert account.erased == []
    account.job_status = "complete"
    work_on(backfill, clock)
    clock.shift(61)
    assert work_on(run, clock).state == "done"
    assert account.erased == [{"email": "ana@shop.test"}]


def test_a_failed_request_is_repeated(account, connection, merchant, clock):
    (ana,) = make_customers(merchant, "ana@shop.test")
    replies = [refusal(503), refusal(429)]
    account.script = lambda request: replies.pop() if replies else None
    (run,) = control.erase_customer(ana, actor=STAFF)
    clock.shift(61)
    assert work_on(run, clock).state == "done"
    assert len(account.requests) == 3 and len(account.erased) == 1


def test_a_refused_deletion_is_reported(account, connection, merchant, clock):
    (ana,) = make_customers(merchant, "ana@shop.test")
    account.script = lambda request: refusal(404, "No such profile.")
    (run,) = control.erase_customer(ana, actor=STAFF)
    clock.shift(61)
    run = work_on(run, clock)
    assert (run.state, run.sent, run.refused) == ("done", 0, 1)
    assert "No such profile." in run.errors.get().detail
    assert SentProfile.objects.get().erased_at


def test_each_klaviyo_connection_of_the_merchant_gets_a_run(account, connection, merchant):
    ConnectionFactory(merchant=merchant, name="Second")
    ConnectionFactory(merchant=merchant, name="Removed", removed_at=timezone.now())
    ConnectionFactory(merchant=merchant, name="Other", integration="attentive")
    ConnectionFactory(merchant=MerchantFactory())
    (ana,) = make_customers(merchant, "ana@shop.test")
    assert len(control.erase_customer(ana, actor=STAFF)) == 2
    assert set(ProfileRun.objects.values_list("connection__name", "customer")) == {
        ("Klaviyo", ana.pk),
        ("Second", ana.pk),
    }


def test_the_profile_is_found_although_the_customer_is_erased_here_before(account, connection, merchant, clock):
    ana, twin, phone = make_customers(merchant, "ana@shop.test", "Ana@shop.test", "no address")
    note_told(connection, {twin.pk: Told("ana@shop.test", status="active")}, timezone.now())
    erase_customer(ana, actor=STAFF)
    erase_customer(phone, actor=STAFF)
    clock.shift(61)
    for run in ProfileRun.objects.order_by("pk"):
        assert work_on(run, clock).state == "done"
    assert account.erased == [{"email": "ana@shop.test"}, {"phone_number": "+15013299800"}]
    kept = SentProfile.objects.values_list("email", "phone_number", "status").order_by("customer")
    assert list(kept) == [("", "", "")] * 3
    assert Customer.objects.get(pk=twin.pk).email == "Ana@shop.test"
