from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Activity, Event, Merchant, Order, Product, Subscription
from tests.api.patches import SETTINGS, patch_subscription
from tests.factories import SubscriptionFactory, subscription_with_order

# The evening of the 19th in New York.
NOW = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)


@pytest.fixture
def cancelled(merchant: Merchant) -> Subscription:
    return SubscriptionFactory(customer__merchant=merchant, cancelled=NOW, cancel_reason="4|Overstocked")


def nothing_happened() -> bool:
    return not Activity.objects.exists() and not Event.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_cancel_answers_with_the_whole_object_as_it_is_now(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    response = patch_subscription(api, row, "cancel", {"cancel_reason": "4|Too much at home "})
    assert response.status_code == 200
    answer = response.json()
    assert answer == api.get(f"/api/subscriptions/{row.public_id.hex}/").json()
    assert (answer["live"], answer["cancelled"]) == (False, "2026-11-19 22:00:00")
    assert (answer["cancel_reason"], answer["cancel_reason_code"]) == ("4|Too much at home ", 4)
    activity = Activity.objects.get()
    assert (activity.verb, activity.actor_kind, activity.actor_name) == (
        "subscription.cancel",
        "api_key",
        "Test",
    )
    assert activity.actor_id == merchant.api_keys.get().prefix
    assert not Order.objects.exists()


@pytest.mark.parametrize("body", [None, {}, {"cancel_reason": None}, {"cancel_reason": ""}, {"other": 1}])
def test_cancel_needs_no_reason(api: Client, merchant: Merchant, body: object) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    address = f"/api/subscriptions/{row.public_id.hex}/cancel/"
    response = api.patch(address) if body is None else patch_subscription(api, row, "cancel", body)
    assert (response.status_code, response.json()["cancel_reason"]) == (200, None)
    assert response.json()["cancel_reason_code"] is None


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("1", 1),
        ("2 | text", 2),
        ("999999|six digits", 999999),
        ("1000000|seven digits", None),
        ("9" * 900, None),
        ("12a|text", None),
    ],
)
def test_the_code_of_a_reason_is_a_number_of_at_most_six_digits(
    api: Client, merchant: Merchant, reason: str, code: int | None
) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    answer = patch_subscription(api, row, "cancel", {"cancel_reason": reason}).json()
    assert (answer["cancel_reason"], answer["cancel_reason_code"]) == (reason, code)


def test_a_cancelled_subscription_cannot_be_cancelled_again(api: Client, cancelled: Subscription) -> None:
    response = patch_subscription(api, cancelled, "cancel")
    assert response.status_code == 400
    assert response.json() == {"detail": "This subscription is cancelled; reactivate it first."}
    assert response["X-Error-Code"] == "subscription_not_active"
    assert nothing_happened()


def test_a_prepaid_subscription_with_orders_left_cannot_be_cancelled(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(
        customer__merchant=merchant,
        prepaid_orders_per_billing=3,
        prepaid_orders_remaining=2,
        renewal_behavior="autorenew",
    )
    response = patch_subscription(api, row, "cancel")
    assert response.json() == {"detail": "2 prepaid orders are still to be delivered."}
    assert (response.status_code, response["X-Error-Code"]) == (400, "prepaid_orders_remaining")
    assert nothing_happened()


@pytest.mark.parametrize("reason", ["x" * 1001, ["4"], {}, True, "\0", "\ud800"])
def test_a_bad_reason_is_refused_under_its_name(api: Client, merchant: Merchant, reason: object) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    response = patch_subscription(api, row, "cancel", {"cancel_reason": reason})
    assert (response.status_code, list(response.json())) == (400, ["cancel_reason"])
    assert Subscription.objects.get().live


@time_machine.travel(NOW, tick=False)
def test_reactivate_plans_the_first_order_a_frequency_after_the_start(api: Client, cancelled: Subscription) -> None:
    response = patch_subscription(api, cancelled, "reactivate", SETTINGS)
    assert response.status_code == 200
    answer = response.json()
    assert answer == api.get(f"/api/subscriptions/{cancelled.public_id.hex}/").json()
    assert (answer["live"], answer["cancelled"]) == (True, None)
    assert (answer["cancel_reason"], answer["cancel_reason_code"]) == (None, None)
    assert (answer["every"], answer["every_period"], answer["start_date"]) == (1, 3, "2026-11-19")
    assert answer["frequency_days"] == 30
    assert Order.objects.get().place_date == date(2026, 12, 19)
    assert Event.objects.get().kind == "ordergroove.subscription.reactivate"


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("day", ["2026-11-19", "2027-02-03"])
def test_reactivate_plans_the_first_order_for_the_day_given(api: Client, cancelled: Subscription, day: str) -> None:
    assert patch_subscription(api, cancelled, "reactivate", SETTINGS | {"next_order_date": day}).status_code == 200
    assert Order.objects.get().place_date.isoformat() == day


@time_machine.travel(NOW, tick=False)
def test_the_first_order_cannot_lie_in_the_past(api: Client, cancelled: Subscription) -> None:
    response = patch_subscription(api, cancelled, "reactivate", SETTINGS | {"next_order_date": "2026-11-18"})
    sentence = "The next order date lies in the past; choose today or a later day."
    assert (response.status_code, response.json()) == (400, {"next_order_date": [sentence]})
    assert response["X-Error-Code"] == "next_order_date_past"
    assert nothing_happened()
    assert not Order.objects.exists()


def test_a_live_subscription_cannot_be_reactivated(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    response = patch_subscription(api, row, "reactivate", SETTINGS)
    assert response.status_code == 400
    assert response.json() == {"subscription": ["This subscription is active already."]}
    assert response["X-Error-Code"] == "subscription_already_active"
    assert nothing_happened()


def test_a_subscription_to_a_discontinued_product_stays_cancelled(api: Client, cancelled: Subscription) -> None:
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    response = patch_subscription(api, cancelled, "reactivate", SETTINGS)
    assert (response.status_code, response.json()) == (400, {"detail": "This product is discontinued."})
    assert response["X-Error-Code"] == "product_discontinued"
    assert nothing_happened()


def test_reactivate_names_each_field_that_is_missing(api: Client, cancelled: Subscription) -> None:
    required = ["This field is required."]
    response = patch_subscription(api, cancelled, "reactivate", {})
    assert response.status_code == 400
    assert response.json() == {"every": required, "every_period": required, "start_date": required}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("every", 0),
        ("every", 1000),
        ("every", "often"),
        ("every", None),
        ("every_period", 0),
        ("every_period", 5),
        ("start_date", "11/19/2026"),
        ("start_date", "2026-11-31"),
        ("start_date", "9999-12-31"),
        ("start_date", 20261119),
        ("next_order_date", "tomorrow"),
        ("next_order_date", "9999-12-31"),
        ("next_order_date", ["2027-01-01"]),
    ],
)
def test_reactivate_refuses_a_bad_value_under_its_name(
    api: Client, cancelled: Subscription, field: str, value: object
) -> None:
    response = patch_subscription(api, cancelled, "reactivate", SETTINGS | {field: value})
    assert (response.status_code, list(response.json())) == (400, [field])
    assert all(isinstance(sentence, str) for sentence in response.json()[field])
    assert nothing_happened()


@pytest.mark.parametrize("body", [[], "text", 1, [SETTINGS]])
def test_a_body_must_be_an_object(api: Client, cancelled: Subscription, body: object) -> None:
    response = patch_subscription(api, cancelled, "reactivate", body)
    assert (response.status_code, list(response.json())) == (400, ["non_field_errors"])
