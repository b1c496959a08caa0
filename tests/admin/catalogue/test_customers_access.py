"""Access and discounts that staff give one customer, from the customer's page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from subscriptions import calendar
from subscriptions.actions import entitlement
from subscriptions.models import (
    Activity,
    Customer,
    Entitlement,
    OneTimeIncentive,
    Order,
    Product,
    Resource,
    Subscription,
)
from tests import factories as f
from tests.admin.catalogue.steps import address, press
from tests.admin.pages import visible_text

DAY = 86400


@pytest.fixture
def customer(subscription: Subscription) -> Customer:
    return subscription.customer


@pytest.fixture
def held(subscription: Subscription, resource: Resource) -> Entitlement:
    return entitlement.grant(subscription, actor=f.STAFF, resource=resource, seconds=DAY, grace_period=5 * DAY).result


def test_access_is_granted_and_a_second_grant_is_added_to_its_end(
    staff: Client, customer: Customer, subscription: Subscription, held: Entitlement
) -> None:
    given = {"resource": held.resource_id, "subscription": subscription.pk, "days": "30"}
    (said,) = press(staff, customer, "grant-access", **given)
    assert said.startswith("Ana Ruiz has access to Barista course until ")
    row = Entitlement.objects.get()
    assert row.expiration == held.expiration + timedelta(days=30)
    assert row.grace_period == 5 * DAY
    assert Activity.objects.latest("pk").actor_name == "Ana Ruiz"


def test_access_is_granted_only_with_rows_of_the_customer(
    staff: Client, customer: Customer, subscription: Subscription, resource: Resource
) -> None:
    other = f.subscription_with_order(customer=f.CustomerFactory(merchant=customer.merchant))
    foreign = Resource.objects.create(merchant=f.MerchantFactory(), name="F", external_resource_id="F")
    page = address(customer, "grant-access")
    for given in ({"subscription": other.pk}, {"resource": foreign.pk}, {"days": "0"}, {"days": "36601"}):
        form = {"resource": resource.pk, "subscription": subscription.pk, "days": "1", **given}
        assert staff.post(page, form).context["form"].errors
    assert not Entitlement.objects.exists()


def test_nothing_is_offered_that_cannot_be_given(staff: Client, customer: Customer) -> None:
    shown = staff.get(address(customer)).content.decode()
    assert address(customer, "grant-access") not in shown  # there is no resource
    order = Order.objects.get()
    assert address(order, "give-discount") in shown
    Order.objects.update(status=5)
    assert address(order, "give-discount") not in staff.get(address(order)).content.decode()


def test_the_end_of_access_is_changed_and_access_revoked(staff: Client, held: Entitlement) -> None:
    day = calendar.today("Asia/Tokyo") + timedelta(days=9)
    assert press(staff, held, "change-end", day=day.isoformat()) == [
        f"Ana Ruiz has access to Barista course until {calendar.human_date(day)}."
    ]
    held.refresh_from_db()
    assert held.expiration == datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    assert "Has access" in visible_text(staff.get(address(held)))
    assert press(staff, held, "revoke") == ["Ana Ruiz no longer has access to Barista course."]
    shown = visible_text(staff.get(address(held)))
    assert "Ended" in shown and "Revoke access" not in shown
    assert press(staff, held, "revoke") == ["This access has ended already."]
    yesterday = calendar.today("Asia/Tokyo") - timedelta(days=1)
    assert press(staff, held, "change-end", day=yesterday.isoformat()) == [
        "The date lies in the past; choose today or a later day."
    ]


def test_the_order_of_a_plan_moves_with_the_end_of_its_access(staff: Client, held: Entitlement) -> None:
    Product.objects.update(product_type=Product.Type.PLAN)
    form = staff.get(address(held, "change-end")).context["form"]
    assert form["correct_renewal"].value() is True
    day = calendar.today("Asia/Tokyo") + timedelta(days=30)
    (said,) = press(staff, held, "change-end", day=day.isoformat(), correct_renewal="on")
    assert said.endswith("The next order has moved to that day.")
    assert Order.objects.get(status=1).place_date == day


def test_a_discount_is_given_changed_and_taken_back(staff: Client, customer: Customer) -> None:
    order = Order.objects.get()
    given = {"gives": "percent_order", "value": "10", "name": ""}
    shown = staff.post(f"{address(order, 'give-discount')}?preview=1", given).content.decode()
    assert "comes to USD 22.50 instead of USD 25.00" in shown
    (said,) = press(staff, order, "give-discount", **given)
    assert said == f"10 % off the whole order for the order of {calendar.human_date(order.place_date)}."
    row = OneTimeIncentive.objects.get()
    assert (row.name, row.value) == ("10 % off the whole order", Decimal("10.00"))
    order.refresh_from_db()
    assert order.sub_total == Decimal("22.50")
    shown = visible_text(staff.get(address(order)))
    assert "Incentives 10 % off the whole order Waiting" in shown
    assert f"{address(row, 'change-incentive')}?back=" in staff.get(address(order)).content.decode()
    press(staff, row, "change-incentive", gives="amount_order", value="5")
    order.refresh_from_db()
    row.refresh_from_db()
    assert (order.sub_total, row.name) == (Decimal("20.00"), "USD 5.00 off the whole order")
    assert "Waiting" in visible_text(staff.get(address(row)))
    answer = staff.post(address(row, "remove-incentive"))
    assert answer.headers["Location"] == address(customer)
    order.refresh_from_db()
    assert order.sub_total == Decimal("25.00") and not OneTimeIncentive.objects.exists()


def test_a_discount_ends_with_a_day_of_the_merchants_zone(staff: Client, customer: Customer) -> None:
    day = calendar.today("Asia/Tokyo") + timedelta(days=20)
    order = Order.objects.get()
    given = {"gives": "free_shipping", "value": "", "name": "Sorry"}
    press(staff, order, "give-discount", **given, last_day=day.isoformat())
    row = OneTimeIncentive.objects.get()
    assert (row.name, row.expires) == ("Sorry", datetime(day.year, day.month, day.day, 15, tzinfo=UTC))
    yesterday = (day - timedelta(days=21)).isoformat()
    answer = staff.post(address(order, "give-discount"), given | {"last_day": yesterday})
    assert "lies in the past" in str(answer.context["form"].errors)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"gives": "percent_order", "value": "101"}, "Enter at most 100 %."),
        ({"gives": "percent_order", "value": ""}, "Enter how much, for example 10."),
        ({"gives": "percent_item", "value": "5"}, "Select a valid choice"),
    ],
)
def test_a_discount_that_cannot_be_is_refused_in_the_dialog(
    staff: Client, customer: Customer, given: dict[str, str], sentence: str
) -> None:
    answer = staff.post(address(Order.objects.get(), "give-discount"), {"name": "", **given})
    assert sentence in str(answer.context["form"].errors)
    assert not OneTimeIncentive.objects.exists()


def test_a_used_incentive_cannot_be_changed_and_a_gift_has_a_name(staff: Client, customer: Customer) -> None:
    tea = f.ProductFactory(merchant=customer.merchant, name="Mint tea")
    order = Order.objects.get()
    assert press(staff, order, "add-gift", product=tea.pk) == [
        f"Mint tea comes with the order of {calendar.human_date(order.place_date)} as a gift."
    ]
    gift = OneTimeIncentive.objects.get()
    shown = visible_text(staff.get(address(gift)))
    assert "Gift: Mint tea Waiting" in shown and "Change the discount" not in shown
    OneTimeIncentive.objects.update(applied_at=calendar.now())
    shown = visible_text(staff.get(address(gift)))
    assert "Used" in shown and "Take back" not in shown
    assert press(staff, gift, "remove-incentive") == ["This incentive has been applied and can no longer change."]
