"""Makes a test customer with which links, reminders and orders can be tried."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from subscriptions import calendar
from subscriptions.actions import address as addresses
from subscriptions.actions import checkout, subscription
from subscriptions.actions import customer as customers
from subscriptions.actions import payment as payments
from subscriptions.actors import Actor
from subscriptions.calendar import Period
from subscriptions.errors import Refused
from subscriptions.models import Address, Customer, Merchant, Payment, Product
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.roles import Right

NAMES = {"first_name": "Jamie", "last_name": "Sample"}


@transaction.atomic
def make_test_customer(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> str:
    """With an active subscription, for links about orders, and a cancelled one, for links that bring it back."""
    actor, product = actor_of(request), find_product(merchant)
    key = secrets.token_hex(4)
    customer = customers.create(
        merchant,
        actor=actor,
        merchant_user_id=f"test-{key}",
        email=f"jamie.sample.{key}@example.com",
        is_test=True,
        **NAMES,
    ).subject
    address, payment = add_records(customer, actor)
    # One day more than the lead time: the next reminder run concerns this order.
    day = calendar.today(merchant.time_zone) + timedelta(days=merchant.reminder_days + 1)
    line = checkout.Line(product, quantity=1, every=1, every_period=Period.MONTHS, first_date=day)
    first, second = (
        checkout.create(customer, actor=actor, line=line, payment=payment, address=address).result for _ in range(2)
    )
    subscription.cancel(second, actor=actor)
    return f"Made the test customer {customer}, whose next order of {first.product} is planned for {day:%B} {day.day}."


def find_product(merchant: Merchant) -> Product:
    for_sale = Product.objects.filter(merchant=merchant, live=True, discontinued=False)
    product = for_sale.order_by("-autoship_enabled", "pk").first()
    if product is None:
        raise Refused("no_product", "Bring your products first: a test customer subscribes to one of them.")
    return product


def add_records(customer: Customer, actor: Actor) -> tuple[Address, Payment]:
    place = {"address": "1 Test Street", "city": "Testville", "state_province_code": "", "zip_postal_code": "00000"}
    country = customer.merchant.country_code
    address = addresses.create(customer, actor=actor, country_code=country, **NAMES, **place).result
    return address, payments.create(customer, actor=actor, token_id="test", cc_number_ending="4242", cc_type=1).result


TEST_CUSTOMER = Button(
    verb="test_customer",
    title="Make a test customer",
    icon="science",
    right=Right.TEST,
    question=(
        "Makes Jamie Sample with two subscriptions to a product of yours: one active, with an order to come, and one "
        "cancelled. The simulator answers this customer's orders, events go to the sandbox alone, and no figure "
        "counts them."
    ),
    run=make_test_customer,
)
