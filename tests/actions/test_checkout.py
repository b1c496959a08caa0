from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from subscriptions.actions.checkout import Line, checkout, create
from subscriptions.models import Customer, Entitlement, Item, Order, Resource, ResourceGrant, Subscription
from tests.actions import contract
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    PaymentFactory,
    ProductFactory,
    subscription_with_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
FIRST = "ordergroove.subscriber.create"
CREATE = "ordergroove.subscription.create"
CREATED = "ordergroove.subscriber.subscriptions_created"


@pytest.fixture
def customer(noon):
    return CustomerFactory()


@pytest.fixture
def bought(customer):
    """The arguments every checkout of the customer shares."""
    return {
        "actor": STAFF,
        "merchant_order_id": "1224",
        "payment": PaymentFactory(customer=customer),
        "address": AddressFactory(customer=customer),
    }


def line(customer, **fields) -> Line:
    product = ProductFactory(merchant=customer.merchant)
    return Line(**{"product": product, "quantity": 2, "every": 1, "every_period": 3, **fields})


def test_a_first_checkout_makes_a_subscriber_and_is_announced_once(customer, bought):
    wanted = [line(customer), line(customer, every=2, every_period=2)]
    act = contract.assert_emits(
        [CREATE, FIRST, CREATE, CREATED], lambda: checkout(customer, lines=wanted, session_id="s-1", **bought)
    )
    assert act.result == list(Subscription.objects.order_by("id"))
    assert list(Order.objects.order_by("place_date").values_list("place_date", "total")) == [
        (date(2026, 12, 4), Decimal(25)),
        (date(2026, 12, 20), Decimal(25)),
    ]
    row = Subscription.objects.first()
    assert row.session_id == "s-1"
    assert (row.merchant_order_id, row.raw_subscription_type, row.start_date) == (
        "1224",
        "replenishment",
        date(2026, 11, 20),
    )
    assert len(act.events[3].payload["subscriptions_subset"]) == 2
    assert act.activity.sentence == ("Checked out as order 1224 and subscribed to 2 × House blend, 2 × House blend.")


def test_a_later_checkout_makes_no_second_subscriber(customer, bought):
    checkout(customer, lines=[line(customer)], **bought)
    again = [line(customer)]
    contract.assert_emits(
        [CREATE, CREATED], lambda: checkout(customer, lines=again, **bought | {"merchant_order_id": "1225"})
    )


def test_an_imported_customer_with_subscriptions_is_a_subscriber_already():
    known = subscription_with_order().customer
    wanted = line(known)
    payment, address = PaymentFactory(customer=known), AddressFactory(customer=known)
    act = contract.assert_emits(
        [CREATE], lambda: create(known, actor=STAFF, line=wanted, payment=payment, address=address)
    )
    assert Customer.objects.get().first_subscribed
    assert act.result.raw_subscription_type == "CSA replenishment"
    assert act.activity.sentence == "Subscribed to 2 × House blend. The first order is planned for December 20, 2026."


def test_a_checkout_item_may_name_its_price_and_first_date(customer, bought):
    checkout(customer, lines=[line(customer, price=Decimal(9), first_date=date(2026, 11, 30))], **bought)
    item = Item.objects.get()
    assert (item.price, item.total_price, item.order.place_date) == (Decimal(9), Decimal(18), date(2026, 11, 30))


def test_a_prepaid_checkout_is_the_first_order_of_its_cycle(customer, bought):
    checkout(customer, lines=[line(customer, orders_per_billing=3, renewal_behavior="downgrade")], **bought)
    row = Subscription.objects.get()
    assert (row.prepaid_orders_per_billing, row.prepaid_orders_remaining, row.renewal_behavior) == (3, 2, "downgrade")
    assert row.prepaid_origin_merchant_order_id == "1224"
    assert Order.objects.get().total == Decimal(0)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"quantity": 0}, "invalid_value"),
        ({"every": 0}, "invalid_value"),
        ({"price": Decimal("1.001")}, "invalid_value"),
        ({"first_date": date(2026, 11, 19)}, "place_date_past"),
        ({"orders_per_billing": 1}, "invalid_value"),
        ({"orders_per_billing": 2, "renewal_behavior": "maybe"}, "invalid_value"),
    ],
)
def test_a_wrong_item_of_a_checkout_leaves_nothing_and_the_others_start(customer, bought, wrong, code):
    wanted = [line(customer, **wrong), line(customer)]
    act = contract.assert_emits([CREATE, FIRST, CREATED], lambda: checkout(customer, lines=wanted, **bought))
    assert act.result[0].code == code
    assert act.result[1] == Subscription.objects.get()
    assert Item.objects.get().subscription == act.result[1]
    assert act.activity.sentence == "Checked out as order 1224 and subscribed to 2 × House blend."


def test_a_checkout_with_only_wrong_items_leaves_nothing(customer, bought):
    gone = ProductFactory(merchant=customer.merchant, discontinued=True, live=False, autoship_enabled=False)
    wanted = [line(customer, product=gone), line(customer, first_date=date(2026, 11, 19))]
    refusal = contract.assert_refused("nothing_subscribed", lambda: checkout(customer, lines=wanted, **bought))
    assert [each.code for each in refusal.refusals] == ["product_discontinued", "place_date_past"]


def test_a_checkout_without_subscriptions_does_nothing(customer, bought):
    contract.assert_refused("nothing_subscribed", lambda: checkout(customer, lines=[], **bought))


def test_a_checkout_on_a_retired_payment_is_refused_whole(customer, bought):
    bought["payment"] = PaymentFactory(customer=customer, live=False)
    wanted = [line(customer)]
    contract.assert_refused("record_inactive", lambda: checkout(customer, lines=wanted, **bought))


def test_a_plan_bought_in_a_checkout_grants_access_at_once(customer, bought):
    plan = ProductFactory(merchant=customer.merchant, product_type="plan")
    resource = Resource.objects.create(merchant=customer.merchant, name="Videos", external_resource_id="v-1")
    ResourceGrant.objects.create(merchant=customer.merchant, product=plan, resource=resource, time_amount=86400)
    shared = [("Ana", "a-1"), ("Bo", "b-2")]
    act = checkout(customer, lines=[line(customer, product=plan, grantees=shared)], **bought)
    entitlement = Entitlement.objects.get()
    assert entitlement.expiration == timezone.now() + timedelta(days=1)
    assert (entitlement.subscription, entitlement.product, entitlement.live) == (act.result[0], plan, True)
    assert list(entitlement.grantees.order_by("id").values_list("name", "external_id")) == shared
    assert [each["resource_name"] for each in act.events[0].payload["entitlement_summaries"]] == ["Videos"]
