"""A customer with one order of two subscriptions, and 1-click links for it over HTTP."""

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

from oneclick.models import ActionToken
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import cancel
from subscriptions.calendar import Period
from subscriptions.models import (
    Coupon,
    Customer,
    Discount,
    Merchant,
    Offer,
    OfferProfile,
    Order,
    Product,
    Subscription,
)
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    PaymentFactory,
    ProductFactory,
    SubscriptionFactory,
    plan_item,
)

DAY = date(2026, 12, 1)
HALF = Decimal(50)


@dataclass
class Shop:
    merchant: Merchant
    customer: Customer
    subscriptions: list[Subscription]
    product: Product
    client: Client = field(default_factory=Client)

    @property
    def order(self) -> Order:
        """The one open order, or the first."""
        return Order.objects.open().filter(customer=self.customer).order_by("place_date").first()

    def order_token(self) -> ActionToken:
        return manual_tokens.issue_token(self.order, actor=STAFF).result

    def subscription_token(self) -> ActionToken:
        cancel(self.subscriptions[0], actor=STAFF, reason="4|too much")
        return ActionToken.objects.latest("id")

    def post(self, action: str, token: ActionToken | str, **fields: Any) -> HttpResponse:
        text = token if isinstance(token, str) else encode_token(token)
        body = json.dumps({"token": text, **fields})
        return self.client.post(f"/one_click/{action}/", body, content_type="application/json")

    def undo(self, answer: HttpResponse) -> HttpResponse:
        return self.post("undo", answer.json()["undo"]["token"])

    def offer(self, use: str = Coupon.Use.INITIAL, **fields: Any) -> Offer:
        """Half off the item, usable in links."""
        profile = OfferProfile.objects.create(merchant=self.merchant, name="Half")
        coupon = Coupon.objects.create(merchant=self.merchant, profile=profile, use=use, name="Half", code="HALF")
        Discount.objects.create(
            merchant=self.merchant,
            coupon=coupon,
            name="Half",
            object=Discount.Target.ITEM,
            field=Discount.Field.TOTAL_PRICE,
            type=Discount.Type.PERCENT,
            value=HALF,
        )
        options = {"name": "Half", "usable_in_links": True, **fields}
        return Offer.objects.create(merchant=self.merchant, profile=profile, **options)


def create_shop(subscriptions: int = 2, day: date = DAY, **customer_fields: Any) -> Shop:
    customer = CustomerFactory(**customer_fields)
    merchant = customer.merchant
    where = {"payment": PaymentFactory(customer=customer), "shipping_address": AddressFactory(customer=customer)}
    made = [
        SubscriptionFactory(
            customer=customer,
            product=ProductFactory(merchant=merchant, name=name),
            every=1 + number,
            every_period=Period.WEEKS,
            quantity=1,
            **where,
        )
        for number, name in enumerate(["House blend", "Oat milk"][:subscriptions])
    ]
    for each in made:
        plan_item(each, day)
    product = ProductFactory(merchant=merchant, name="Honey", external_product_id="HON-1", price=Decimal(8))
    return Shop(merchant, customer, made, product)


def result_of(answer: HttpResponse) -> tuple[int, str, str]:
    """Status, `success` or the error's code, and the text."""
    body = answer.json()
    return answer.status_code, body.get("error", body["status"]), body["message"]


def reload_row(row: Model) -> Any:
    return type(row).objects.get(pk=row.pk)
