"""The pages of what is told to Klaviyo in bulk: the backfill, its runs, their errors, and the erasure of a customer."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from integrations.klaviyo.sent_profiles import Told, note_told
from integrations.models import Connection, ImportJob, ProfileError, ProfileRun, SentProfile
from subscriptions.events.catalogue import SUBSCRIBER_CREATE
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.pages import visible_text
from tests.integrations.klaviyo.runs.past import make_past_events
from tests.integrations.klaviyo.runs.running import make_customers

Login = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def connection(merchant: Merchant) -> Connection:
    made: Connection = f.ConnectionFactory(merchant=merchant)
    return made


@pytest.fixture
def owner(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


def backfill_of(connection: Connection) -> str:
    return f"/admin/integrations/connection/{connection.pk}/backfill/"


def page_of(run: ProfileRun, page: str = "change") -> str:
    return f"/admin/integrations/profilerun/{run.pk}/{page}/"


def create_run(connection: Connection, **fields: Any) -> ProfileRun:
    made: ProfileRun = ProfileRun.objects.create(
        **{"kind": "status", "at_once": 5000, "total": 10, "actor": f.STAFF.as_json()} | fields,
        merchant=connection.merchant,
        connection=connection,
    )
    return made


def test_the_page_counts_and_warns_before_anything_starts(owner: Client, connection: Connection) -> None:
    ana, *_ = make_customers(connection.merchant, "ana@shop.test", "bo@shop.test")
    make_customers(connection.merchant, "live@shop.test", live=True)
    note_told(connection, {ana.pk: Told("ana@shop.test")}, timezone.now())
    page = owner.get(backfill_of(connection))
    assert page.context["counts"] is None  # it is shown before they are counted
    assert f'hx-get="{backfill_of(connection)}?counts"' in page.content.decode()
    shown = visible_text(owner.get(f"{backfill_of(connection)}?counts"))
    assert "All customers 3 profiles, up to 2 new at Klaviyo" in shown
    assert "Active only 1 profile, up to 1 new at Klaviyo" in shown
    assert "New profiles may cost money." in shown and "Flows of segments start." in shown
    assert not ProfileRun.objects.exists()


@pytest.mark.parametrize(("customers", "active_only", "total"), [("all", False, 2), ("active", True, 1)])
def test_staff_start_the_backfill(
    owner: Client, connection: Connection, customers: str, active_only: bool, total: int
) -> None:
    make_customers(connection.merchant, "ana@shop.test")
    make_customers(connection.merchant, "live@shop.test", live=True)
    answer = owner.post(backfill_of(connection), {"customers": customers})
    run = ProfileRun.objects.get()
    assert answer["Location"] == page_of(run)
    assert (run.active_only, run.total, run.state) == (active_only, total, "running")
    assert run.actor["kind"] == "staff"
    assert "See the progress" in visible_text(owner.get(backfill_of(connection)))


def test_a_second_start_is_refused(owner: Client, connection: Connection) -> None:
    create_run(connection, state="paused")
    make_customers(connection.merchant, "ana@shop.test")
    answer = owner.post(backfill_of(connection), {"customers": "all"})
    (message,) = get_messages(answer.wsgi_request)
    assert str(message) == "One is running already: wait until it has finished, or cancel it."
    assert ProfileRun.objects.count() == 1


def test_past_events_need_a_kind_and_a_day(owner: Client, connection: Connection) -> None:
    answer = owner.post(backfill_of(connection), {"history": "1", "since": "2027-01-01"})
    shown = visible_text(answer)
    assert "Choose at least one kind of event." in shown and "Choose a day that is not in the future." in shown
    assert not ProfileRun.objects.exists()


def test_staff_start_past_events_from_a_day_in_their_zone(owner: Client, connection: Connection) -> None:
    make_past_events(connection.merchant, SUBSCRIBER_CREATE, 15)  # the last twelve of the 20th
    owner.post(backfill_of(connection), {"history": "1", "since": "2026-11-20", "kinds": [SUBSCRIBER_CREATE]})
    run = ProfileRun.objects.get()
    assert (run.kind, run.event_kinds, run.total) == ("history", [SUBSCRIBER_CREATE], 12)
    assert run.since and run.since.isoformat() == "2026-11-20T05:00:00+00:00"


def test_the_progress_is_what_klaviyo_has_finished(owner: Client, connection: Connection) -> None:
    run = create_run(connection, total=10, sent=9, refused=1)
    ImportJob.objects.create(run=run, remote_id="j", after=0, upto=9, profiles=9, counted=9, completed=3, failed=1)
    answer = owner.get(page_of(run))
    assert answer.context["run"]["percent"] == 50
    assert "Klaviyo has 9 profiles and is working through them." in visible_text(answer)
    assert 'hx-trigger="every 2s' in answer.content.decode()


def test_a_finished_run_says_what_was_refused_and_where_counts_differ(owner: Client, connection: Connection) -> None:
    run = create_run(connection, state="done", total=10, sent=9, refused=1, finished=timezone.now())
    ImportJob.objects.create(
        run=run, remote_id="job7", after=0, upto=9, profiles=9, counted=8, completed=8, state="complete"
    )
    ProfileError.objects.create(run=run, identifier="bad@shop.test", detail="Klaviyo says no.")
    answer = owner.get(page_of(run))
    shown = visible_text(answer)
    assert "9 profiles sent; 1 refused." in shown and "bad@shop.test Klaviyo says no." in shown
    assert "Klaviyo counts 8 of the 9 profiles in import job7." in shown
    assert answer.context["run"]["percent"] == 100 and "every 2s" not in answer.content.decode()


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("pause", "running", "paused"), ("resume", "paused", "running"), ("cancel", "paused", "canceled")],
)
def test_a_run_is_paused_resumed_and_canceled(
    owner: Client, connection: Connection, verb: str, before: str, after: str
) -> None:
    run = create_run(connection, state=before, error="Stopped.")
    assert f"/{verb}/" in owner.get(page_of(run)).content.decode()
    owner.post(page_of(run, verb))
    run.refresh_from_db()
    assert run.state == after


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_a_run_that_has_ended_stays_as_it_is(owner: Client, connection: Connection, verb: str) -> None:
    run = create_run(connection, state="done", finished=timezone.now())
    (message,) = get_messages(owner.post(page_of(run, verb)).wsgi_request)
    assert str(message) == "Nothing to do: this run has ended or changed meanwhile."
    assert ProfileRun.objects.get().state == "done"


def test_the_errors_are_a_csv_that_no_spreadsheet_executes(owner: Client, connection: Connection) -> None:
    customer = f.CustomerFactory(merchant=connection.merchant, merchant_user_id="C-1")
    run = create_run(connection)
    ProfileError.objects.create(
        run=run,
        key=1,
        customer=customer,
        identifier="=cmd@shop.test",
        code="invalid",
        detail="Bad, really",
        pointer="/d",
    )
    ProfileError.objects.create(run=run, key=2, identifier="+15013299800", detail="Bad number")
    answer = owner.get(page_of(run, "errors"))
    assert answer["Content-Disposition"] == 'attachment; filename="klaviyo-status-2026-11-20-errors.csv"'
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == [
        ["e-mail or phone", "customer", "code", "reason", "where"],
        ["'=cmd@shop.test", "C-1", "invalid", "Bad, really", "/d"],
        ["'+15013299800", "", "", "Bad number", ""],
    ]


def test_only_a_klaviyo_connection_has_a_backfill(owner: Client, connection: Connection) -> None:
    other = f.ConnectionFactory(merchant=connection.merchant, name="SMS", integration="attentive")
    assert owner.get(backfill_of(other)).status_code == 404
    assert "/backfill/" not in owner.get(f"/admin/integrations/connection/{other.pk}/change/").content.decode()
    assert "/backfill/" in owner.get(f"/admin/integrations/connection/{connection.pk}/change/").content.decode()


@pytest.mark.parametrize("role", ["support", "read_only"])
def test_other_roles_may_not_see_the_backfill(
    login: Login, merchant: Merchant, connection: Connection, role: str
) -> None:
    client = login(merchant, role)
    assert client.get(backfill_of(connection)).status_code == 403
    assert client.post(backfill_of(connection), {"customers": "all"}).status_code == 403
    assert client.get(page_of(create_run(connection), "errors")).status_code == 403
    assert ProfileRun.objects.count() == 1


def test_an_owner_erases_a_customer_at_klaviyo(owner: Client, connection: Connection) -> None:
    (customer,) = make_customers(connection.merchant, "ana@shop.test")
    page = f"/admin/subscriptions/customer/{customer.pk}/change/"
    button = page.replace("change", "erase-at-klaviyo")
    assert button in owner.get(page).content.decode()
    assert "This cannot be undone." in visible_text(owner.get(button))
    owner.post(button)
    shown = owner.get(page)
    assert "Erased at Klaviyo on November 20, 2026: nothing more is sent there." in visible_text(shown)
    assert button not in shown.content.decode()
    assert SentProfile.objects.get().erased_at == timezone.now()
    assert ProfileRun.objects.values_list("kind", "customer", "state").get() == ("erasure", customer.pk, "running")


def test_without_klaviyo_nobody_can_be_erased_there(owner: Client, merchant: Merchant) -> None:
    (customer,) = make_customers(merchant, "ana@shop.test")
    page = owner.get(f"/admin/subscriptions/customer/{customer.pk}/change/")
    assert "erase-at-klaviyo" not in page.content.decode()
