"""Each refusal of a change of a subscription, by the tables 6.4 and tier 2 of the contract."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Merchant
from tests.api.commerce.calls import is_refused, patch
from tests.api.commerce.world import World, cancelled, eligible, leave_alone, lock, prepaid
from tests.rows import read_all_rows

SENTENCE = {"prepaid_fixed": "A prepaid subscription does not allow this change."}


def stop_sale(w: World) -> None:
    type(w.coffee).objects.filter(pk=w.coffee.pk).update(discontinued=True, live=False, autoship_enabled=False)


def stop_tea(w: World) -> None:
    type(w.tea).objects.filter(pk=w.tea.pk).update(discontinued=True, live=False, autoship_enabled=False)


def dear_tea(w: World) -> None:
    type(w.tea).objects.filter(pk=w.tea.pk).update(price=Decimal("12.51"))


def price_up(w: World) -> None:
    w.subscription.items.update(price=Decimal("9999999.99"))


def forget_groups(w: World) -> None:
    w.coffee.groups.clear()


def switch_prepaid_off(w: World) -> None:
    Merchant.objects.filter(pk=w.coffee.merchant_id).update(prepaid_enabled=False)


def refusals() -> list[Any]:
    over, fixed = "This subscription is cancelled; reactivate it first.", "prepaid_fixed"
    discontinued, none_left = "This product is discontinued.", leave_alone
    dates = {"every": 1, "every_period": 1, "start_date": "2026-11-20"}
    return [
        ("cancel", cancelled, {}, {"detail": over}, "subscription_not_active"),
        ("cancel", prepaid, {}, {"detail": "2 prepaid orders are still to be delivered."}, "prepaid_orders_remaining"),
        (
            "reactivate",
            none_left,
            dates,
            {"subscription": ["This subscription is active already."]},
            "subscription_already_active",
        ),
        ("reactivate", [cancelled, stop_sale], dates, {"detail": discontinued}, "product_discontinued"),
        (
            "reactivate",
            cancelled,
            dates | {"next_order_date": "2026-11-19"},
            {"next_order_date": ["The next order date lies in the past; choose today or a later day."]},
            "next_order_date_past",
        ),
        ("change_quantity", prepaid, {"quantity": 5}, {"detail": SENTENCE[fixed]}, fixed),
        (
            "change_quantity",
            price_up,
            {"quantity": 32767},
            {"quantity": ["This comes to more than 9,999,999,999.99; choose a lower quantity or price."]},
            "amount_too_large",
        ),
        (
            "change_next_order_date",
            cancelled,
            {"order_date": "2026-12-24"},
            {"detail": over},
            "subscription_not_active",
        ),
        (
            "change_next_order_date",
            none_left,
            {"order_date": "2026-11-20"},
            {"order_date": ["The order date must be tomorrow or later."]},
            "order_date_not_future",
        ),
        (
            "change_next_order_date",
            lock,
            {"order_date": "2026-12-24"},
            {"detail": "This order can no longer be changed."},
            "order_not_open",
        ),
        ("change_product", cancelled, {"product": "tea-C-1001"}, {"detail": over}, "subscription_not_active"),
        ("change_product", none_left, {"product": "milk"}, {"product": ["There is no such product."]}, None),
        ("change_product", stop_tea, {"product": "tea-C-1001"}, {"product": [discontinued]}, None),
        (
            "change_product",
            [prepaid, dear_tea],
            {"product": "tea-C-1001"},
            {"detail": "While prepaid orders remain, the new product must cost the same."},
            "price_differs",
        ),
        ("update", prepaid, {"price": "9.00"}, {"detail": SENTENCE[fixed]}, fixed),
        (
            "update",
            none_left,
            {"cancel_reason": "4"},
            {"cancel_reason": ["This subscription is active already."]},
            "subscription_already_active",
        ),
        ("update", none_left, {"extra_data": "x"}, {"extra_data": ["Invalid JSON extra_data: x"]}, None),
        ("update", none_left, {"extra_data": None}, {"extra_data": ["This field may not be null."]}, None),
        (
            "upgrade_to_prepaid",
            none_left,
            {"orders_per_billing": 3},
            {"detail": "Prepaid is not offered for this product."},
            "prepaid_unavailable",
        ),
        (
            "upgrade_to_prepaid",
            [eligible, forget_groups],
            {"orders_per_billing": 3},
            {"detail": "Prepaid is not offered for this product."},
            "prepaid_unavailable",
        ),
        (
            "upgrade_to_prepaid",
            [eligible, switch_prepaid_off],
            {"orders_per_billing": 3},
            {"detail": "Prepaid is not offered for this product."},
            "prepaid_unavailable",
        ),
        (
            "upgrade_to_prepaid",
            [eligible, prepaid],
            {"orders_per_billing": 3},
            {"detail": "This subscription is prepaid already."},
            "already_prepaid",
        ),
        (
            "upgrade_to_prepaid",
            [eligible, cancelled],
            {"orders_per_billing": 3},
            {"detail": over},
            "subscription_not_active",
        ),
        (
            "change_renewal_behavior",
            none_left,
            {"renewal_behavior": "cancel"},
            {"detail": "This subscription is not prepaid."},
            "not_prepaid",
        ),
        (
            "change_renewal_behavior",
            prepaid,
            {"renewal_behavior": "stop"},
            {"renewal_behavior": ["Value 'stop' is not a valid choice."]},
            None,
        ),
        (
            "change_renewal_behavior",
            prepaid,
            {"renewal_behavior": None},
            {"renewal_behavior": ["This field cannot be null."]},
            None,
        ),
        (
            "update_prepaid_context",
            none_left,
            {"orders_remaining": 1},
            {"detail": "This subscription is not prepaid."},
            "not_prepaid",
        ),
    ]


@pytest.mark.parametrize(("verb", "prepare", "body", "said", "code"), refusals())
def test_a_refused_change_says_why_and_changes_nothing(
    api: Client, world: World, verb: str, prepare: Any, body: dict[str, Any], said: dict[str, Any], code: str | None
) -> None:
    for step in prepare if isinstance(prepare, list) else [prepare]:
        step(world)
    before = read_all_rows()
    answer = patch(api, world, f"subscriptions/{verb}", body)
    assert is_refused(answer, said, code), (answer.status_code, answer.content)
    assert read_all_rows() == before


@pytest.mark.parametrize(
    ("verb", "bad"),
    [
        ("change_quantity", {"quantity": 0}),
        ("change_quantity", {"quantity": "two"}),
        ("change_frequency", {"every": 0, "every_period": 3}),
        ("change_frequency", {"every_period": 5, "every": 1}),
        ("change_next_order_date", {"order_date": "12/24/2026"}),
        ("change_payment", {"payment": "0" * 32}),
        ("change_payment", {"payment": "a\0"}),
        ("change_shipping", {"shipping_address": "x"}),
        ("change_product", {"product": "a\0b"}),
        ("change_product", {"product": "\ud800"}),
        ("change_product", {"product": "x" * 256}),
        ("change_email_reminder", {"reminder_days": 4}),
        ("update", {"price": "-0.01"}),
        ("update", {"price": "0.001"}),
        ("update", {"offer": "0" * 32}),
        ("upgrade_to_prepaid", {"orders_per_billing": 1}),
        ("update_prepaid_context", {"orders_remaining": -1}),
    ],
)
def test_a_bad_value_is_refused_under_its_name(api: Client, world: World, verb: str, bad: dict[str, Any]) -> None:
    before = read_all_rows()
    answer = patch(api, world, f"subscriptions/{verb}", bad)
    assert (answer.status_code, list(answer.json())) == (400, list(bad)[:1])
    assert read_all_rows() == before
