"""Past events that staff send as history."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.klaviyo.runs import control, history
from integrations.klaviyo.sent_profiles import Told, note_told
from integrations.models import Delivery, ProfileRun, SentProfile
from subscriptions.events.catalogue import ORDER_REMINDER, SUBSCRIBER_CREATE, SUBSCRIPTION_CANCEL
from subscriptions.models import Event
from tests.factories import STAFF, CustomerFactory, MerchantFactory
from tests.integrations.klaviyo.runs.account import events_of, refusal
from tests.integrations.klaviyo.runs.past import make_past_events
from tests.integrations.klaviyo.runs.running import work_on


def begin(connection, *kinds: str, days: int = 7) -> ProfileRun:
    return control.begin_history(connection, kinds, timezone.now() - timedelta(days=days), actor=STAFF)


def sent(account) -> list[dict]:
    return [entry["attributes"]["events"]["data"][0]["attributes"] for entry in account.events]


def test_past_events_are_marked_as_history_and_leave_the_status_alone(account, connection, merchant, clock):
    (event,) = make_past_events(merchant, SUBSCRIBER_CREATE, 1)
    run = work_on(begin(connection, SUBSCRIBER_CREATE), clock)
    (entry,) = account.events
    assert entry["attributes"]["backfill"] is True
    assert "properties" not in entry["attributes"]["profile"]["data"]["attributes"]
    (attributes,) = sent(account)
    assert attributes["unique_id"] == event.public_id.hex
    assert (attributes["time"], attributes["properties"]) == ("2026-11-20T16:00:00.000Z", event.payload)
    assert (run.state, run.total, run.sent) == ("done", 1, 1)


def test_a_reminder_of_days_ago_keeps_its_time(account, connection, merchant, clock):
    make_past_events(merchant, ORDER_REMINDER, 50)
    work_on(begin(connection, ORDER_REMINDER), clock)
    assert sent(account)[0]["time"] == "2026-11-18T15:00:00.000Z"
    assert "occurred_at" not in sent(account)[0]["properties"]


def test_only_the_chosen_kinds_and_days_of_this_merchant_are_sent(account, connection, merchant, clock):
    make_past_events(merchant, SUBSCRIBER_CREATE, 30)
    make_past_events(merchant, ORDER_REMINDER, 1)
    make_past_events(merchant, SUBSCRIBER_CREATE, 1, CustomerFactory(merchant=merchant, is_test=True))
    make_past_events(MerchantFactory(), SUBSCRIBER_CREATE, 1)
    run = work_on(begin(connection, SUBSCRIBER_CREATE, SUBSCRIPTION_CANCEL, days=1), clock)
    assert (run.total, len(sent(account))) == (24, 24)


@pytest.mark.parametrize(
    ("state", "is_sent"),
    [("done", False), ("pending", False), ("unknown", False), ("dead", True), ("skipped", True), ("canceled", True)],
)
def test_what_has_arrived_or_will_arrive_by_itself_is_not_sent_again(
    account, connection, merchant, clock, state, is_sent
):
    (event,) = make_past_events(merchant, SUBSCRIBER_CREATE, 1)
    Delivery.objects.create(
        merchant=merchant, connection=connection, event=event, customer=event.customer, state=state, error="Refused."
    )
    work_on(begin(connection, SUBSCRIBER_CREATE), clock)
    assert len(account.events) == is_sent
    assert Delivery.objects.values_list("state", "error").get() == (("done", "") if is_sent else (state, "Refused."))


def test_what_one_run_sent_no_other_sends(account, connection, merchant, clock):
    make_past_events(merchant, SUBSCRIBER_CREATE, 3)
    for _ in range(2):
        work_on(begin(connection, SUBSCRIBER_CREATE), clock)
    assert len(account.events) == 3
    assert Delivery.objects.filter(connection=connection, state="done").count() == 3


def test_events_go_to_the_profile_as_klaviyo_has_it_now(account, connection, merchant, clock):
    (event,) = make_past_events(merchant, SUBSCRIBER_CREATE, 1)
    (other,) = make_past_events(merchant, SUBSCRIBER_CREATE, 1)
    (gone,) = make_past_events(merchant, SUBSCRIBER_CREATE, 1)
    note_told(connection, {event.customer_id: Told("moved@shop.test", event=event.pk + 1)}, timezone.now())
    Event.objects.filter(pk=other.pk).update(recipient={"email": "then@shop.test"})
    SentProfile.objects.create(connection=connection, customer=gone.customer, erased_at=timezone.now())
    work_on(begin(connection, SUBSCRIBER_CREATE), clock)
    emails = [entry["attributes"]["profile"]["data"]["attributes"]["email"] for entry in account.events]
    assert emails == ["moved@shop.test", other.customer.email]


def test_a_refused_event_is_found_and_the_others_arrive(account, connection, merchant, clock):
    events = make_past_events(merchant, SUBSCRIBER_CREATE, 9)
    bad = events[4].public_id.hex

    def refuse(request):
        ids = [entry["attributes"]["events"]["data"][0]["attributes"]["unique_id"] for entry in events_of(request)]
        return refusal(409, "Already known.") if bad in ids else None

    account.script = refuse
    run = work_on(begin(connection, SUBSCRIBER_CREATE), clock)
    assert (len(account.events), run.sent, run.refused, run.errors.get().key) == (8, 8, 1, events[4].pk)
    assert not Delivery.objects.filter(event=events[4]).exists()


def test_a_request_stays_below_the_most_bytes(account, connection, merchant, clock, monkeypatch):
    monkeypatch.setattr(history, "MOST_BYTES", 4000)
    make_past_events(merchant, SUBSCRIBER_CREATE, 4, note="x" * 1000)
    work_on(begin(connection, SUBSCRIBER_CREATE), clock)
    assert [path for _, path in account.requests] == ["/api/event-bulk-create-jobs"] * 2
    assert len(account.events) == 4
