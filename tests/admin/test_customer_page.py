from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client

from integrations.models import Delivery
from oneclick.models import ActionToken, Click
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as verbs
from subscriptions.actors import ActorKind
from subscriptions.models import Activity, AuditEntry, Customer, Event, Item, Merchant, Order, Subscription
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
CHANGED_BY_CANCEL = {"ActiveChange", "Subscription", "Order", "Item", "Activity", "Event", "ActionToken", "Delivery"}


@pytest.fixture
def merchant(db: None) -> Merchant:
    merchant = f.MerchantFactory()
    f.CancelReasonFactory(merchant=merchant, code=4, label="Overstocked")
    f.ConnectionFactory(merchant=merchant)
    return merchant


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant, "support", first_name="Sue", last_name="Port", username="sue")


def page(customer: Customer) -> str:
    return f"/admin/subscriptions/customer/{customer.pk}/change/"


def tab(customer: Customer, name: str) -> str:
    return f"/admin/subscriptions/customer/{customer.pk}/tab/?name={name}"


def press_button(client: Client, subscription: Subscription, verb: str, **answers: Any) -> str:
    """Press a button; returns its message."""
    back = page(subscription.customer)
    answer = client.post(f"/admin/subscriptions/subscription/{subscription.pk}/{verb}/?back={back}", answers)
    assert answer.status_code == 302
    assert answer["Location"] == page(subscription.customer)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def changed_tables(before: dict[str, list[Any]]) -> set[str]:
    after = read_all_rows()
    return {name for name in after if after[name] != before[name]}


@time_machine.travel("2026-03-02T15:00:00Z")
def test_cancelling_changes_exactly_the_rows_of_that_subscription(merchant: Merchant, client: Client) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    other = f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))
    before = read_all_rows()

    said = press_button(client, subscription, "cancel", reason="4", text="cupboard is full")

    assert said == "The subscription to House blend is cancelled."
    assert changed_tables(before) == CHANGED_BY_CANCEL
    subscription.refresh_from_db()
    assert (subscription.live, subscription.cancel_reason) == (False, "4|cupboard is full")
    assert not Order.objects.filter(customer=subscription.customer).exists()
    assert Item.objects.get().subscription == other
    activity = Activity.objects.get()
    user = f.UserFactory._meta.model.objects.get(username="sue")
    assert (activity.actor_kind, activity.actor_id, activity.actor_name) == (
        ActorKind.STAFF,
        str(user.pk),
        "Sue Port",
    )
    assert [event.kind for event in Event.objects.order_by("pk")] == [
        "ordergroove.subscription.cancel",
        "ordergroove.subscriber.cancel",
    ]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"reason": "4"}, "4|Overstocked"),
        ({"reason": "", "text": "just so"}, "1|just so"),
        ({}, None),
    ],
)
def test_a_reason_is_kept_as_code_and_text(
    answers: dict[str, str], reason: str | None, merchant: Merchant, client: Client
) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    press_button(client, subscription, "cancel", **answers)
    subscription.refresh_from_db()
    assert subscription.cancel_reason == reason


def test_a_reason_of_another_merchant_is_refused(merchant: Merchant, client: Client) -> None:
    f.CancelReasonFactory(code=9, label="Theirs")
    subscription = f.subscription_with_order(customer__merchant=merchant)
    before = read_all_rows()
    answer = client.post(f"/admin/subscriptions/subscription/{subscription.pk}/cancel/", {"reason": "9"})
    assert b"not one of the available choices" in answer.content
    assert read_all_rows() == before


@time_machine.travel("2026-03-02T15:00:00Z")
def test_reactivating_plans_the_chosen_day(merchant: Merchant, client: Client) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    verbs.cancel(subscription, actor=f.STAFF)
    dialog = client.get(f"/admin/subscriptions/subscription/{subscription.pk}/reactivate/").content.decode()
    assert 'value="2026-03-03"' in dialog
    before = read_all_rows()

    said = press_button(client, subscription, "reactivate", day="2026-03-09")

    assert said == "The subscription to House blend is active again. Its next order is on March 9, 2026."
    assert changed_tables(before) == CHANGED_BY_CANCEL - {"ActionToken"}
    subscription.refresh_from_db()
    assert subscription.live
    assert Item.objects.get().order.place_date == date(2026, 3, 9)
    assert Activity.objects.order_by("pk").last().actor_name == "Sue Port"


@time_machine.travel("2026-03-03T03:00:00Z")
def test_tomorrow_is_tomorrow_at_the_merchant(merchant: Merchant, client: Client) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    verbs.cancel(subscription, actor=f.STAFF)
    dialog = client.get(f"/admin/subscriptions/subscription/{subscription.pk}/reactivate/").content.decode()
    assert 'value="2026-03-03"' in dialog  # in New York it is still the 2nd


@pytest.mark.parametrize(
    ("verb", "answers", "said"),
    [
        ("cancel", {}, "This subscription is cancelled; reactivate it first."),
        (
            "reactivate",
            {"day": "2020-01-01"},
            "The next order date lies in the past; choose today or a later day.",
        ),
    ],
)
def test_a_refusal_shows_its_sentence_and_changes_nothing(
    verb: str, answers: dict[str, str], said: str, merchant: Merchant, client: Client
) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    verbs.cancel(subscription, actor=f.STAFF)
    before = read_all_rows()
    assert press_button(client, subscription, verb, **answers) == said
    assert read_all_rows() == before


def test_a_post_without_its_csrf_token_is_refused(merchant: Merchant, client: Client) -> None:
    client.handler.enforce_csrf_checks = True
    subscription = f.subscription_with_order(customer__merchant=merchant)
    answer = client.post(f"/admin/subscriptions/subscription/{subscription.pk}/cancel/", {})
    assert answer.status_code == 403
    subscription.refresh_from_db()
    assert subscription.live


def test_the_page_shows_the_customers_whole_history(merchant: Merchant, client: Client) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    press_button(client, subscription, "cancel", reason="4", text="cupboard is full")
    token = ActionToken.objects.get()
    Click.objects.create(merchant=merchant, token=token, action="reactivate", outcome="success")
    Click.objects.create(merchant=merchant, token=token, action="reactivate", outcome="success", replayed=True)
    Click.objects.create(merchant=merchant, token=token, action="reactivate", outcome="token_already_used")
    html = client.get(page(subscription.customer)).content.decode()
    assert "Cancelled the subscription to House blend. Reason: Overstocked (cupboard is full)" in html
    row = visible_text(client.get(f"/admin/subscriptions/subscription/{subscription.pk}/change/"))
    assert "Reason Overstocked (cupboard is full)" in row and "4|" not in row
    assert "Sue Port" in html
    assert f"/admin/subscriptions/event/{Event.objects.first().pk}/change/" in html
    assert f"/admin/integrations/delivery/{Delivery.objects.first().pk}/change/" in html
    html = client.get(tab(subscription.customer, "tokens")).content.decode()
    assert "Reactivate: Success" in html
    assert "replayed" in html
    assert "Reactivate: The link had already been used" in html
    assert encode_token(token) not in html


def test_many_clicks_of_one_link_do_not_make_the_page_long(merchant: Merchant, client: Client) -> None:
    subscription = f.subscription_with_order(customer__merchant=merchant)
    press_button(client, subscription, "cancel", reason="4")
    token = ActionToken.objects.get()
    click = {"merchant": merchant, "token": token, "action": "subscription_upsell"}
    Click.objects.bulk_create(Click(**click, outcome="token_already_used") for _ in range(60))
    Click.objects.create(**click, outcome="success")
    html = client.get(tab(subscription.customer, "tokens")).content.decode()
    assert html.count("Subscription upsell: The link had already been used") == 9
    assert html.count("Subscription upsell: Success") == 1

    html = client.get(f"/admin/oneclick/actiontoken/{token.pk}/change/").content.decode()
    assert html.count("The link had already been used") == 49
    assert "Subscription upsell" in html
    # Raw column values are not for staff.
    assert "NON_REFUSALS" not in html
    html = client.get(f"/admin/oneclick/actiontoken/{token.pk}/change/?clicks-page=2").content.decode()
    assert html.count("The link had already been used") == 11


def test_a_customer_without_subscriptions_has_a_page(merchant: Merchant, client: Client) -> None:
    html = client.get(page(f.CustomerFactory(merchant=merchant))).content.decode()
    assert "This customer has no subscriptions." in html
    assert "No activity yet." in html


def test_a_shown_token_is_recorded(merchant: Merchant, login: Login) -> None:
    client = login(merchant, "marketing")
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    token = ActionToken.objects.get()
    address = f"/admin/oneclick/actiontoken/{token.pk}/show/"
    assert encode_token(token) not in client.get(address).content.decode()
    assert not AuditEntry.objects.exists()
    before = read_all_rows()
    answer = client.post(address)
    assert encode_token(token) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert changed_tables(before) == {"AuditEntry"}
    assert AuditEntry.objects.get().sentence == "Showed the usable token."


def test_a_revoked_token_is_useless(merchant: Merchant, client: Client) -> None:
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    token = ActionToken.objects.get()
    before = read_all_rows()
    client.post(f"/admin/oneclick/actiontoken/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.state == "revoked"
    assert changed_tables(before) == {"ActionToken", "Activity", "AuditEntry"}
