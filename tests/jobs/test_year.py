"""A year of test customers by their clocks, against the rules in plain Python."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.errors import DomainError
from subscriptions.jobs import clock
from subscriptions.models import (
    Coupon,
    Customer,
    Discount,
    Effect,
    Event,
    Merchant,
    Offer,
    OfferProfile,
    Order,
    OrderStatus,
    Payment,
    PlacementAttempt,
    Product,
    SimulatedOutcome,
    SimulatedPlacement,
    Subscription,
)
from tests import factories as f
from tests.jobs.year import oracle, order_book, plan
from tests.jobs.year.oracle import Life, live_through
from tests.jobs.year.order_book import hour_of_day

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# Changing any one of these must change a customer's year, or the year would not test it.
OTHER_RULES = {
    "PLANS": {"classic": (3, 7), "optimizer": (1, 3, 6, 10, 15), "off": ()},
    "STOCK_DAYS": 29,
    "UNKNOWN_DAYS": 89,
    "INSTRUCTION_HOURS": 25,
    "CARD_CHECKS": (1, 16),
    "EARLIER_REMINDER_DAYS": 20,
    "ERROR_LIMIT": 2,
    "OFFER_PERCENT": 16,
    "SHIPPING": Decimal("4.01"),
}
ANSWERS = {
    "000": Effect.PLACED,
    "010": Effect.VERIFY,
    "030": Effect.CALLED_OFF,
    "140": Effect.DECLINED,
    "999": Effect.TEMPORARY,
    "777": Effect.UNREADABLE,
    "garbage": Effect.UNREADABLE,
    **dict.fromkeys(("timeout", "lost", "500"), Effect.NO_ANSWER),
    **dict.fromkeys(("020", "110", "160"), Effect.REFUSED),
}


class Shop:
    """The merchant, and its people's rows by their keys."""

    def __init__(self, people: list[plan.Person]) -> None:
        self.merchant: Merchant = f.MerchantFactory(is_shopify=True, shipping_rate=plan.SHIPPING)
        self.products = {
            name: f.ProductFactory(merchant=self.merchant, name=name, price=Decimal(price))
            for name, price in plan.PRICES.items()
        }
        self.offer = _offer(self.merchant)
        self.subscriptions: dict[str, Subscription] = {}
        self.years: dict[int, Counter[object]] = {}
        self.customers = [self._customer(person) for person in people]

    def begin(self, stage: plan.Stage) -> None:
        Merchant.objects.filter(pk=self.merchant.pk).update(retry_plan=stage.plan, retry_days=list(stage.days))
        self.merchant.refresh_from_db()
        for name, live in stage.stock.items():
            Product.objects.filter(pk=self.products[name].pk).update(live=live)
        for name, price in stage.prices.items():
            Product.objects.filter(pk=self.products[name].pk).update(price=Decimal(price))
        for verb, key in stage.acts:
            _perform(ACTS[verb], self.subscriptions[key])

    def advance(self, to: datetime) -> None:
        clock.advance_clocks(self.merchant, self.customers, to, actor=f.STAFF)

    def _customer(self, person: plan.Person) -> Customer:
        customer: Customer = f.CustomerFactory(merchant=self.merchant, is_test=True, merchant_user_id=person.key)
        address, card = f.AddressFactory(customer=customer), person.subs[0].card
        payment = f.PaymentFactory(customer=customer, expires_on=card.expires_on)
        if card.outcome != "000":
            SimulatedOutcome.objects.create(
                merchant=self.merchant, payment=payment, outcome=card.outcome, times=card.times
            )
        for sub in person.subs:
            self.subscriptions[sub.key] = self._subscription(sub, customer, payment, address)
        return customer

    def _subscription(self, sub: plan.Sub, customer: Customer, payment: Payment, address: Any) -> Subscription:
        per_billing, remaining, renewal = sub.prepaid or (None, None, None)
        made: Subscription = f.SubscriptionFactory(
            customer=customer,
            payment=payment,
            shipping_address=address,
            product=self.products[sub.product],
            offer=self.offer if sub.has_offer else None,
            external_id=sub.key,
            quantity=sub.quantity,
            every=sub.every,
            every_period=sub.every_period,
            reminder_days=sub.reminder_days,
            price=sub.price,
            prepaid_orders_per_billing=per_billing,
            prepaid_orders_remaining=remaining,
            renewal_behavior=renewal,
        )
        f.plan_item(made, sub.first)
        return made


def _offer(merchant: Merchant) -> Offer:
    profile = OfferProfile.objects.create(merchant=merchant, name="Club")
    coupon = Coupon.objects.create(merchant=merchant, profile=profile, use="recurring", name="Club", code="CLUB")
    Discount.objects.create(
        merchant=merchant,
        coupon=coupon,
        name="Club",
        object=Discount.Target.ITEM,
        field=Discount.Field.TOTAL_PRICE,
        type=Discount.Type.PERCENT,
        value=plan.OFFER_PERCENT,
    )
    made: Offer = Offer.objects.create(merchant=merchant, profile=profile, name="Club")
    return made


def _coming(subscription: Subscription) -> Order:
    found: Order = Order.objects.get(items__subscription=subscription, items__upcoming=True)
    return found


def _move(subscription: Subscription) -> None:
    order = _coming(subscription)
    order_verbs.change_date(order, actor=f.STAFF, day=order.place_date + plan.timedelta(days=10))


ACTS: dict[str, Callable[[Subscription], object]] = {
    "cancel": lambda subscription: verbs.cancel(subscription, actor=f.STAFF),
    "skip": lambda subscription: order_verbs.skip(_coming(subscription), actor=f.STAFF),
    "move": _move,
    "remind_earlier": lambda subscription: verbs.change_reminder_days(subscription, actor=f.STAFF, days=21),
}


def _perform(act: Callable[[Subscription], object], subscription: Subscription) -> None:
    with suppress(DomainError, Order.DoesNotExist):  # nothing is left to act on
        act(subscription)


def result_of_year(customer: Customer) -> Counter[object]:
    """The customer's year as the database has it, in the oracle's form."""
    return Counter(_orders(customer) + _announced(customer) + _attempts(customer))


def _orders(customer: Customer) -> list[object]:
    return [
        (
            order.place_date,
            order.status,
            order.oos_free_shipping,
            order.tries,
            order.declines,
            order.generic_error_count,
            order.total,
            tuple(sorted((item.subscription.external_id, item.price, item.total_price) for item in order.items.all())),
        )
        for order in customer.orders.prefetch_related("items__subscription")
    ]


def _announced(customer: Customer) -> list[object]:
    return [_event(event) for event in Event.objects.filter(customer=customer).select_related("subscription")]


def _event(event: Event) -> tuple[datetime, str, str, int | None, str]:
    noun, _, kind = event.kind.removeprefix("ordergroove.").partition(".")
    payload, code = event.payload, event.payload.get("rejected_code", "")
    if noun == "order":
        return (event.at, kind, payload["place_date"], payload["tries"], code)
    about = event.subscription.external_id if event.subscription else ""
    if noun == "item":
        return (event.at, kind, about, payload["days_since_first_attempt"], "")
    return (event.at, f"{noun}.{kind}", about, None, "")


def _attempts(customer: Customer) -> list[object]:
    rows = PlacementAttempt.objects.filter(order__customer=customer)
    return list(rows.values_list("order__place_date", "tries", "effect"))


def expected_result(life: Life) -> Counter[object]:
    attempts = [(day, tries, ANSWERS[outcome].value) for day, tries, outcome in life.attempts]
    return Counter(life.orders_of() + life.emitted + attempts)


def find_differences(shop: Shop, people: list[plan.Person], stages: list[plan.Stage]) -> Iterator[tuple[str, Any, Any]]:
    """The people whose year differs from the rules, with what is too much and what is missing."""
    for customer, person in zip(shop.customers, people, strict=True):
        is_so, should_be = shop.years[customer.pk], expected_result(live_through(person, stages))
        if is_so != should_be:
            yield person.key, is_so - should_be, should_be - is_so


def test_a_year_is_exactly_what_the_rules_say(monkeypatch: pytest.MonkeyPatch) -> None:
    people = plan.people()
    stages = plan.stages(people)
    with time_machine.travel(hour_of_day(plan.BEGINS, 12), tick=False):
        shop = Shop(people)
        for stage, following in zip(stages, stages[1:], strict=False):
            shop.begin(stage)
            shop.advance(hour_of_day(following.day, 12))
    shop.years = {customer.pk: result_of_year(customer) for customer in shop.customers}
    assert list(find_differences(shop, people, stages)) == [], f"seed {plan.SEED}"
    # The platform's own record: orders we call placed are placed there, each at most once.
    there = SimulatedPlacement.objects.exclude(order_merchant_id="").values_list("order_public_id", flat=True)
    assert set(there) >= set(Order.objects.filter(status=OrderStatus.SUCCESS).values_list("public_id", flat=True))
    assert Event.objects.filter(kind="ordergroove.order.success").count() == len(there)
    for name, value in OTHER_RULES.items():
        with monkeypatch.context() as patch:
            patch.setattr(order_book if hasattr(order_book, name) else oracle, name, value)
            assert any(find_differences(shop, people, stages)), f"nobody's year shows {name}"
