"""The sandbox's faults: who sets them, what their list and the inbox say of them, and profiles in the inbox."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from integrations.models import SandboxEvent, SandboxFault, SandboxProfile
from subscriptions.models import Merchant, Role
from tests import factories as f

pytestmark = pytest.mark.django_db
LIST, ADD, INBOX = "/admin/integrations/sandboxfault/", "/admin/integrations/sandboxfault/add/", "/admin/inbox/"
FORM = {"outcome": "500", "endpoint": "klaviyo.event", "milliseconds": "1000", "share": "30", "times": "5"}
NO_END = {"until_0": "", "until_1": ""}


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = f.MerchantFactory(is_test=True, time_zone="America/New_York")
    return made


@pytest.fixture
def client(merchant: Merchant, login: Callable[..., Client]) -> Client:
    return login(merchant, Role.MARKETING)


def test_a_fault_is_set_by_form_and_shown_in_the_list_and_the_inbox(merchant: Merchant, client: Client) -> None:
    assert client.post(ADD, FORM | NO_END).status_code == 302
    row = SandboxFault.objects.get()
    assert (row.merchant, row.outcome, row.endpoint, row.share, row.times) == (
        merchant,
        "500",
        "klaviyo.event",
        30,
        5,
    )
    listed = client.get(LIST).content.decode()
    for text in ("Server error (500)", "Klaviyo: create event", "30%", "after 5 more requests", "On"):
        assert text in listed
    sentence = "Server error (500): 30% of “Klaviyo: create event” requests. It ends after 5 more requests."
    assert sentence in client.get(INBOX).content.decode()
    SandboxFault.objects.update(times=0)
    listed = client.get(LIST).content.decode()
    assert "Over" in listed and "has ended" in listed
    assert "failing on purpose" not in client.get(INBOX).content.decode()


def test_a_new_fault_ends_within_the_hour_unless_staff_choose_otherwise(client: Client) -> None:
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("America/New_York")), tick=False):
        form = client.get(ADD).context["adminform"].form
        assert form.get_initial_for_field(form.fields["until"], "until") == timezone.now() + timedelta(hours=1)
        client.post(ADD, FORM | {"until_0": "2026-11-20", "until_1": "13:00:00"})
        assert "It ends after 5 more requests or on Nov. 20, 1:00 PM." in client.get(INBOX).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("share", "0"), ("share", "101"), ("milliseconds", "60001"), ("endpoint", "x"), ("outcome", "")],
)
def test_an_impossible_fault_is_refused(client: Client, field: str, value: str) -> None:
    answer = client.post(ADD, FORM | NO_END | {field: value})
    assert (answer.status_code, [*answer.context["adminform"].form.errors]) == (200, [field])
    assert not SandboxFault.objects.exists()


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.SUPPORT, 200), (Role.READ_ONLY, 403)])
def test_faults_are_for_those_who_may_test(
    merchant: Merchant, login: Callable[..., Client], role: Role, status: int
) -> None:
    assert login(merchant, role).get(ADD).status_code == status


def test_a_live_merchant_has_no_faults(login: Callable[..., Client]) -> None:
    client = login(f.MerchantFactory(is_test=False), Role.OWNER)
    assert [client.get(LIST).status_code, client.get(ADD).status_code] == [403, 403]


def test_the_inbox_tells_events_of_both_integrations_apart(merchant: Merchant, client: Client) -> None:
    for integration in ("klaviyo", "attentive"):
        profile = SandboxProfile.objects.create(
            merchant=merchant, integration=integration, email=f"{integration}@shop.test", properties={"Status": "on"}
        )
        SandboxEvent.objects.create(
            merchant=merchant,
            integration=integration,
            profile=profile,
            metric="order.reminder",
            unique_id="u",
            time=timezone.now(),
        )
    page = client.get(INBOX).content.decode()
    assert "?integration=klaviyo&amp;metric=order.reminder" in page
    one = client.get(INBOX, {"integration": "attentive", "metric": "order.reminder"}).content.decode()
    assert "attentive@shop.test" in one and "klaviyo@shop.test" not in one
    profiles = client.get(INBOX, {"show": "profiles"}).content.decode()
    assert "attentive@shop.test" in profiles and "klaviyo@shop.test" in profiles and "&quot;Status&quot;" in profiles
