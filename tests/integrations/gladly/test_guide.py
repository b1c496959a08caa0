"""The guide that support teams work by, walked over HTTP by a Gladly that links, shows cards and presses buttons."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from threading import Event as Signal
from typing import Any

import httpx
import pytest

from integrations.gladly import acts
from integrations.gladly.agents import NOT_OPEN
from integrations.models import Connection
from subscriptions.actions import order as order_verbs
from subscriptions.events import catalogue
from subscriptions.models import Activity, Customer, Event, Merchant, Order, Subscription
from tests.factories import CancelReasonFactory, CustomerFactory, MerchantFactory, subscription_with_order
from tests.integrations.gladly.player import Gladly

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=True),
]


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = MerchantFactory(time_zone="UTC", webhook_kinds=[catalogue.ITEM_REMOVE])
    CancelReasonFactory(merchant=made, code=4, label="Overstocked")
    return made


@pytest.fixture
def ana(merchant: Merchant) -> Customer:
    made: Customer = CustomerFactory(merchant=merchant, merchant_user_id="C-1001", email="ana@shop.test")
    return made


class Patience:
    """How long Gladly waits for an answer: 15 seconds, unless a test has no time for that."""

    seconds = 15.0


@pytest.fixture
def gladly(merchant: Merchant, connect: Callable[..., Connection], live_server: Any) -> Iterator[Gladly]:
    path = f"/gladly/lookup/{connect(merchant).public_id.hex}"
    with httpx.Client(base_url=live_server.url) as client:

        def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
            assert path.startswith("/")  # `path` mode: behind the host
            return client.request(method, path, headers=headers, content=body, timeout=Patience.seconds)

        yield Gladly(path, send)


def link(gladly: Gladly, email: str) -> str:
    """As Gladly links by itself: exactly one result has the profile's address."""
    (result,) = gladly.basic(id="o2sg", name="Ana", emails=[email], phones=[])
    assert [entry["original"] for entry in result["emails"]] == [email]
    external_id: str = result["externalCustomerId"]
    return external_id


def names(card: dict[str, Any]) -> list[str]:
    return [action["name"] for action in card["actions"]]


def test_an_agent_links_skips_and_cancels(gladly, ana):
    subscription = subscription_with_order(date(2026, 12, 1), customer=ana, merchant=ana.merchant)
    card = gladly.card(link(gladly, "ana@shop.test"))
    assert (card["status"], card["nextBillingAt"]) == ("Active", "2026-12-01T00:00:00Z")
    assert names(card) == ["Cancel Order", "Skip Next Order"]

    form = gladly.press(card, "Skip Next Order")
    assert [section["type"] for section in form.json()["sections"]] == ["text"]
    assert gladly.submit(form).status_code == 200
    card = gladly.card("C-1001")
    assert (card["nextBillingAt"], names(card)) == ("2026-12-15T00:00:00Z", ["Cancel Order", "Skip Next Order"])
    assert [event.kind for event in Event.objects.all()] == [catalogue.ITEM_REMOVE]

    form = gladly.press(card, "Cancel Order")
    wrong = gladly.submit(form, cancelReasonCode="99")
    assert (wrong.status_code, wrong.json()["errors"][0]["attr"]) == (400, "cancelReasonCode")
    assert gladly.submit(form, cancelReasonCode="4", cancelReasonDetails="cupboard is full").status_code == 200
    card = gladly.card("C-1001")
    assert (card["status"], card["nextBillingAt"], names(card)) == ("Cancelled", "", [])
    assert card["cancellationReason"] == "Overstocked (cupboard is full)"
    assert card["cancelledAt"].startswith("2026-11-20T12:0")

    subscription.refresh_from_db()
    assert subscription.cancel_reason == "4|cupboard is full"
    done = Activity.objects.order_by("pk").values_list("verb", "actor_kind", "actor_name", "actor_id")
    agent = ("agent", "Gladly agent", "vXmSEPjVSWCaCMzvjufxZg")
    assert list(done) == [("order.skip_subscription", *agent), ("subscription.cancel", *agent)]
    assert Event.objects.filter(kind=catalogue.SUBSCRIPTION_CANCEL).count() == 1
    assert gladly.timeline == [
        (
            "Next order skipped",
            "2 × House blend was taken off the order of December 1, 2026. "
            "Its next order is planned for December 15, 2026.",
        ),
        (
            "Subscription cancelled",
            "2 × House blend was cancelled. No further order is planned. Reason: Overstocked (cupboard is full)",
        ),
    ]


def test_an_agent_cancels_without_a_reason(gladly, ana):
    subscription_with_order(customer=ana, merchant=ana.merchant)
    gladly.submit(gladly.press(gladly.card(link(gladly, "ana@shop.test")), "Cancel Order"))
    assert Subscription.objects.get().cancel_reason is None
    card = gladly.card("C-1001")
    assert (card["status"], card["cancellationReason"]) == ("Cancelled", "")
    assert [detail for _, detail in gladly.timeline] == ["2 × House blend was cancelled. No further order is planned."]


def test_an_agent_reads_why_nothing_was_done(gladly, ana):
    subscription_with_order(customer=ana, merchant=ana.merchant)
    form = gladly.press(gladly.card(link(gladly, "ana@shop.test")), "Skip Next Order")
    Order.objects.update(locked=True)
    refused = gladly.submit(form)
    assert (refused.status_code, refused.json()) == (406, {"errors": [{"detail": NOT_OPEN}]})
    assert names(gladly.card("C-1001")) == ["Cancel Order"]
    assert (gladly.timeline, Activity.objects.count(), Event.objects.count()) == ([], 0, 0)


def test_two_profiles_with_one_address_are_not_linked(gladly, ana):
    CustomerFactory(merchant=ana.merchant, email="ana@shop.test")
    assert len(gladly.basic(emails=["ana@shop.test"])) == 2


@contextmanager
def held_until_the_cut(monkeypatch: pytest.MonkeyPatch, verbs: Any, name: str) -> Iterator[Signal]:
    """The first run of the verb has changed its rows, and does not go on before the signal."""
    verb, cut, runs = getattr(verbs, name), Signal(), []

    def run(*args: Any, **inputs: Any) -> Any:
        done = verb(*args, **inputs)
        runs.append(done)
        if len(runs) == 1:
            assert cut.wait(10)
        return done

    monkeypatch.setattr(verbs, name, run)
    yield cut
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("name", "verbs", "verb", "kind"),
    [
        ("Cancel Order", acts.subscription_verbs, "cancel", catalogue.SUBSCRIPTION_CANCEL),
        ("Skip Next Order", order_verbs, "skip_subscription", catalogue.ITEM_REMOVE),
    ],
)
def test_what_gladly_gave_up_on_acts_once_and_is_answered_later(gladly, ana, monkeypatch, name, verbs, verb, kind):
    subscription_with_order(customer=ana, merchant=ana.merchant)
    form = gladly.press(gladly.card(link(gladly, "ana@shop.test")), name)
    with held_until_the_cut(monkeypatch, verbs, verb) as cut:
        with monkeypatch.context() as patch:
            patch.setattr(Patience, "seconds", 0.3)
            with pytest.raises(httpx.ReadTimeout):
                gladly.submit(form)
        cut.set()
        # Waits for the lock that the first request still holds.
        assert gladly.submit(form).status_code == 200
    assert Activity.objects.count() == 1
    assert Event.objects.filter(kind=kind).count() == 1
    assert len(gladly.timeline) == 1
