"""Recent Activity: the feed of a customer."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import subscriptions.actions
from integrations.gladly.acts import cancel_subscription
from integrations.gladly.agents import AgentRequest
from integrations.models import Delivery
from subscriptions.actions import customer as customer_verbs
from subscriptions.actions import payment as payment_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor, ActorKind
from subscriptions.admin.feed.doors import kind_of_act
from subscriptions.admin.feed.form import FeedForm
from subscriptions.admin.feed.lines import LINES
from subscriptions.models import Activity, Customer, Merchant, Subscription
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
API = Actor(ActorKind.API_KEY, "rpk", "Checkout")
LINK = Actor(ActorKind.LINK, "7", "1-Click link")
JOB = Actor(ActorKind.JOB, "reminders", "Order reminders")


@pytest.fixture
def merchant(db: None) -> Merchant:
    merchant = f.MerchantFactory(time_zone="America/New_York")
    f.CancelReasonFactory(merchant=merchant, code=4, label="Overstocked")
    f.ConnectionFactory(merchant=merchant)
    return merchant


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant, "read_only")


@pytest.fixture
def subscription(merchant: Merchant) -> Subscription:
    return f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))


def feed(customer: Customer, page: str = "activity") -> str:
    return f"/admin/subscriptions/customer/{customer.pk}/{page}/"


def shown_lines(client: Client, customer: Customer, **query: Any) -> list[str]:
    page = client.get(feed(customer), query).context["feed"]["page"]
    return [line.row.sentence for line in page.lines]


def write_activities(customer: Customer, number: int) -> None:
    Activity.objects.bulk_create(
        Activity(
            merchant=customer.merchant,
            customer=customer,
            verb="customer.change_locale",
            sentence=f"Act {index}",
            actor_kind=ActorKind.STAFF,
            actor_id="1",
            actor_name="Sam Staff",
        )
        for index in range(number)
    )


@time_machine.travel("2026-03-03T03:30:00Z")
def test_a_line_says_who_what_when_and_by_which_door(client: Client, subscription: Subscription) -> None:
    verbs.cancel(subscription, actor=f.STAFF, reason="4|cupboard is full")
    Delivery.objects.filter(event__kind="ordergroove.subscription.cancel").update(state="dead", error="No such key")
    answer = client.get(f"/admin/subscriptions/customer/{subscription.customer_id}/change/")
    assert (
        "March 2, 2026, 10:30 PM Cancelled the subscription to House blend. Reason: Overstocked (cupboard is full)"
        " Reason 4 Subscription Canceled Klaviyo: Failed Subscriber Canceled Klaviyo: Waiting badge Sam Staff Staff"
    ) in visible_text(answer)
    html = answer.content.decode()
    dead = Delivery.objects.get(state="dead")
    assert f'href="/admin/integrations/delivery/{dead.pk}/change/" title="No such key"' in html
    assert f'href="/admin/subscriptions/event/{dead.event_id}/change/"' in html


def test_a_line_of_gladlys_agent_has_the_correlation_id(client: Client, subscription: Subscription) -> None:
    cancel_subscription(AgentRequest(subscription.merchant, "vXmSEPjVSWCa"), subscription.public_id.hex)
    answer = client.get(feed(subscription.customer))
    assert "smart_toy Gladly agent Agent Correlation ID vXmSEPjVSWCa" in visible_text(answer)
    assert "Gladly agent" in visible_text(client.get("/admin/"))


@pytest.fixture
def busy(subscription: Subscription) -> Subscription:
    """A subscription, of a customer with another one, to whom something happened on each of five days."""
    customer = subscription.customer
    other = f.subscription_with_order(
        customer=customer, product=f.ProductFactory(merchant=customer.merchant, name="Tea")
    )
    with time_machine.travel("2026-03-01T17:00:00Z"):
        verbs.change_quantity(other, actor=API, quantity=5)
    with time_machine.travel("2026-03-02T17:00:00Z"):
        upcoming_order.remind(subscription.items.get().order, actor=JOB)
    with time_machine.travel("2026-03-03T17:00:00Z"):
        payment_verbs.update_record(other.payment, actor=f.STAFF, live=False)
    with time_machine.travel("2026-03-05T03:30:00Z"):  # still the 4th at the merchant
        verbs.cancel(subscription, actor=LINK)
    return subscription


QUANTITY = "Changed the quantity of Tea from 2 to 5."
PAYMENT = "Retired the payment Visa 4242."
CANCEL = "Cancelled the subscription to House blend."


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"door": "api_key"}, [QUANTITY]),
        ({"door": "link"}, [CANCEL]),
        ({"act": "cancel"}, [CANCEL]),
        ({"act": "subscription"}, [QUANTITY]),
        ({"act": "customer"}, [PAYMENT]),
        ({"first": "2026-03-04"}, [CANCEL]),
        ({"first": "2026-03-03", "last": "2026-03-03"}, [PAYMENT]),
        ({"last": "2026-03-01"}, [QUANTITY]),
        ({"q": "visa retired"}, [PAYMENT]),
        ({"q": "checkout"}, [QUANTITY]),
        ({"q": "100%"}, []),
        ({"door": "staff", "act": "cancel"}, []),
        ({"first": "0001-01-01", "door": "api_key"}, [QUANTITY]),  # a day that cannot be asked for, and a door
    ],
    ids=str,
)
def test_a_feed_is_narrowed(client: Client, busy: Subscription, query: dict[str, str], expected: list[str]) -> None:
    assert shown_lines(client, busy.customer, **query) == expected


def test_a_feed_is_narrowed_to_one_subscription_of_the_customer(client: Client, busy: Subscription) -> None:
    tea = Subscription.objects.exclude(pk=busy.pk).get()
    assert shown_lines(client, busy.customer, subscription=tea.pk) == [QUANTITY]
    foreign = f.subscription_with_order()
    html = client.get(feed(busy.customer), {"subscription": foreign.pk}).content.decode()
    assert "is not one of the available choices" in html


def test_older_lines_come_page_by_page_without_counting(client: Client, subscription: Subscription) -> None:
    customer = subscription.customer
    write_activities(customer, 2 * LINES + 1)
    with CaptureQueriesContext(connection) as captured:
        first = client.get(feed(customer)).context["feed"]["page"]
    queries = [query["sql"] for query in captured.captured_queries if "subscriptions_activity" in query["sql"]]
    assert len(queries) == 1 and "COUNT(" not in queries[0]
    second = client.get(feed(customer), {"before": first.oldest}).context["feed"]["page"]
    third = client.get(feed(customer), {"before": second.oldest}).context["feed"]["page"]
    lines = [line.row.sentence for page in (first, second, third) for line in page.lines]
    assert lines == [f"Act {number}" for number in reversed(range(2 * LINES + 1))]
    assert (len(second.lines), third.oldest) == (LINES, None)


def test_only_newer_lines_come_later(client: Client, subscription: Subscription) -> None:
    customer = subscription.customer
    write_activities(customer, 2)
    newest = client.get(feed(customer)).context["feed"]["page"].newest
    # A browser leaves the page as it is.
    assert client.get(feed(customer), {"after": newest}).status_code == 204
    customer_verbs.change_locale(customer, actor=API, locale="fr-fr")
    assert client.get(feed(customer), {"after": newest, "door": "staff"}).status_code == 204
    answer = client.get(feed(customer), {"after": newest, "door": "api_key"})
    html = answer.content.decode()
    assert "Changed the locale from en-us to fr-fr." in html and "Act 1" not in html
    assert f"door=api_key&amp;after={Activity.objects.latest('pk').pk}" in html


def test_the_file_has_the_chosen_lines_in_merchant_time(client: Client, busy: Subscription) -> None:
    answer = client.get(feed(busy.customer, "activity_file"), {"act": "cancel"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.DictReader(text.splitlines())) == [
        {
            "time": "2026-03-04 22:30:00",
            "by": "1-Click link",
            "name": "1-Click link",
            "what": "Cancelled or reactivated",
            "act": "subscription.cancel",
            "text": CANCEL,
            "reason code": "",
            "events": "Subscription Canceled",
            "subscription": busy.public_id.hex,
            "order": "",
        }
    ]
    assert answer["Content-Disposition"] == f'attachment; filename="activity-customer-{busy.customer_id}.csv"'


def test_no_cell_of_the_file_is_a_formula(client: Client, subscription: Subscription) -> None:
    customer_verbs.change_locale(subscription.customer, actor=Actor(ActorKind.AGENT, "1", "=1+1"), locale="fr")
    answer = client.get(feed(subscription.customer, "activity_file"))
    assert b",'=1+1," in b"".join(answer.streaming_content)


def test_a_feed_has_no_line_of_anybody_else(client: Client, subscription: Subscription) -> None:
    write_activities(f.CustomerFactory(merchant=subscription.merchant), 1)
    foreign = f.CustomerFactory()
    write_activities(foreign, 1)
    assert shown_lines(client, subscription.customer) == []
    assert [client.get(feed(foreign, page)).status_code for page in ("activity", "activity_file")] == [404, 404]


@pytest.mark.parametrize("column", ["customer", "subscription", "order"])
@pytest.mark.parametrize("asked", [{}, {"q": "nowhere", "act": "order", "first": "2026-01-01"}], ids=str)
def test_a_quiet_feed_is_read_by_an_index_of_its_own(
    subscription: Subscription, column: str, asked: dict[str, str]
) -> None:
    merchant = subscription.merchant
    write_activities(f.CustomerFactory(merchant=merchant), 3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_activity")
    row = {
        "customer": subscription.customer,
        "subscription": subscription,
        "order": subscription.items.get().order,
    }[column]
    rows = FeedForm(asked, merchant, None).chosen(Activity.objects.filter(merchant=merchant, **{column: row}))
    plan = rows.order_by("-pk")[: LINES + 1].explain()
    # For a customer with few lines, the database may also sort them.
    assert "Seq Scan" not in plan and "activity_list" not in plan
    assert column == "customer" or f"Index Scan using activity_{column}" in plan


def test_every_act_is_of_a_kind() -> None:
    folder = Path(subscriptions.actions.__path__[0])
    actions = "".join(file.read_text() for file in folder.glob("*.py"))
    found = set(re.findall(r'@action\(\s*"([a-z_.]+)"', actions))
    assert len(found) > 50
    assert [verb for verb in sorted(found) if not kind_of_act(verb)] == []


def test_days_begin_at_the_merchants_midnight(client: Client, subscription: Subscription) -> None:
    write_activities(subscription.customer, 1)
    midnight = datetime(2026, 7, 4, 4, tzinfo=UTC)
    for moment, day in [(midnight, "2026-07-04"), (midnight - timedelta(seconds=1), "2026-07-03")]:
        Activity.objects.update(at=moment)
        assert shown_lines(client, subscription.customer, first=day, last=day) == ["Act 0"]


def test_a_line_that_is_shown_tells_when_its_deliveries_come_to_an_end(
    client: Client, subscription: Subscription
) -> None:
    verbs.cancel(subscription, actor=f.STAFF)
    address = f"/admin/subscriptions/customer/{subscription.customer_id}/activity/"
    shown = Activity.objects.get(verb="subscription.cancel").pk
    poll = f"{address}?after={shown}&waiting={shown}"
    assert f"after={shown}&amp;waiting={shown}".encode() in client.get(address).content
    assert client.get(poll).status_code == 204
    Delivery.objects.update(state="done")
    answer = client.get(poll)
    assert f'<li id="act-{shown}" hx-swap-oob="true"'.encode() in answer.content
    assert "Klaviyo: Delivered" in visible_text(answer)
    assert b"waiting=" not in answer.content
    foreign = Activity.objects.create(merchant=f.MerchantFactory(), customer=f.CustomerFactory(), sentence="Theirs")
    assert client.get(f"{address}?after={foreign.pk}&waiting={foreign.pk}&waiting=x").status_code == 204


def test_the_end_of_the_feed_says_until_when_history_was_removed(
    merchant: Merchant, client: Client, subscription: Subscription
) -> None:
    removed = datetime(2030, 5, 4, 12, tzinfo=UTC)
    page = feed(subscription.customer)
    assert "was removed" not in visible_text(client.get(page))
    Merchant.objects.update(history_until=removed)
    shown = visible_text(client.get(page))
    assert "Activity up to May 4, 2030 was removed" in shown and "No activity yet" not in shown
    write_activities(subscription.customer, LINES + 1)
    assert "was removed" not in visible_text(client.get(page))
    Merchant.objects.update(history_until=subscription.customer.created - timedelta(days=1))
    assert "was removed" not in visible_text(client.get(page, {"q": "nothing"}))
