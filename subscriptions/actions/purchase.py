"""Turns a checkout in the shop, as the Purchase POST sends it, into a customer with subscriptions.

The request is stored before it is carried out. If its process dies, a job finishes it, once.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.db import transaction

from subscriptions.actions import address as addresses
from subscriptions.actions import customer as customers
from subscriptions.actions import payment as payments
from subscriptions.actions.checkout import Line, NothingSubscribed, checkout
from subscriptions.actions.checkout_requests import close_request
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actors import Actor
from subscriptions.errors import DomainError, Refused
from subscriptions.models import Address, CheckoutRequest, Customer, Merchant, Offer, Payment, Subscription
from subscriptions.normal_forms import comparable_address

JsonObject = dict[str, Any]
ERROR_FIELDS = {
    "product_discontinued": "product",
    "place_date_past": "first_order_place_date",
    "amount_too_large": "quantity",
}


class PurchaseRefused(DomainError):
    """No part of the purchase succeeded. `errors` are the reasons, by the part they concern."""

    def __init__(self, errors: JsonObject) -> None:
        lines = errors["subscriptions"]
        sentences = [f"{line['product']}: {' '.join(sum(line['subscription'].values(), []))}" for line in lines]
        super().__init__("purchase_unfit", " ".join(sentences))
        self.errors = errors


def fulfil_request(key: int) -> JsonObject:
    """Carry out the request `key`, unless that is already done. Returns the answer of the status call.

    Raises `PurchaseRefused`, and `Busy` while another write holds the customer; nothing has changed then.
    """
    with transaction.atomic():
        # The row lock is the fence here: a second process finds the answer of the first.
        request = CheckoutRequest.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=key)
        if request.answer is None:
            close_request(request, _buy(request))
        return cast(JsonObject, request.answer)


def _buy(request: CheckoutRequest) -> JsonObject:
    body, actor = request.body, Actor.from_json(request.actor)
    owner = _customer(request.merchant, body, actor)
    with lock_customer(CUSTOMER_BY_KEY, pk=owner.pk, merchant=request.merchant.pk) as customer:
        address = _address(customer, body["shipping_address"], Address.Type.SHIPPING, actor)
        billing = _address(customer, body["billing_address"], Address.Type.BILLING, actor)
        payment = _payment(customer, body["payment"], billing, actor)
        started, errors = _subscribe(customer, body, payment, address, actor)
    return {
        "customer": customer.merchant_user_id,
        "payment": payment and payment.public_id.hex,
        "shipping_address": address and address.public_id.hex,
        "subscriptions": started,
        "errors": body["errors"] | {"subscriptions": body["errors"]["subscriptions"] + errors},
    }


def _customer(merchant: Merchant, body: JsonObject, actor: Actor) -> Customer:
    known = merchant.customers.filter(merchant_user_id=body["user"]["merchant_user_id"])
    if customer := known.first():
        return customer
    try:
        return customers.create(merchant, actor=actor, session_id=body["session_id"], **body["user"]).subject
    except Refused as refusal:
        if refusal.code != "customer_exists":
            raise
        return known.get()


def _address(customer: Customer, columns: JsonObject | None, kind: Address.Type, actor: Actor) -> Address | None:
    """The customer's address with these contents, created if there is none."""
    if columns is None:
        return None
    wanted = comparable_address(columns)
    for known in customer.addresses.filter(live=True, address_type=kind).order_by("-id"):
        if comparable_address(vars(known)) == wanted:
            return known
    return cast(Address, addresses.create(customer, actor=actor, address_type=kind, **columns).result)


def _payment(customer: Customer, columns: JsonObject | None, billing: Address | None, actor: Actor) -> Payment | None:
    """The customer's payment with this token, ending and expiry, created if there is none."""
    if columns is None:
        return None
    columns = columns | {"expires_on": _day(columns["expires_on"])}
    same = {name: columns[name] for name in ("token_id", "cc_number_ending", "expires_on")}
    known = customer.payments.filter(live=True, **same).order_by("-id").first()
    return known or payments.create(customer, actor=actor, billing_address=billing, **columns).result


def _subscribe(
    customer: Customer, body: JsonObject, payment: Payment | None, address: Address | None, actor: Actor
) -> tuple[list[JsonObject], list[JsonObject]]:
    """The subscriptions started from the lines, and the errors of the other lines."""
    if payment is None or address is None or not body["lines"]:
        return [], []
    lines = [_line(customer.merchant, each) for each in body["lines"]]
    details = {name: body[name] for name in ("merchant_order_id", "session_id")}
    try:
        outcome = checkout(customer, actor=actor, lines=lines, payment=payment, address=address, **details).result
    except NothingSubscribed as nothing:
        raise PurchaseRefused({"products": [], "subscriptions": _line_errors(lines, nothing.refusals)}) from nothing
    started = [
        {line.product.external_product_id: each.public_id.hex}
        for line, each in zip(lines, outcome, strict=True)
        if isinstance(each, Subscription)
    ]
    return started, _line_errors(lines, outcome)


def _line_errors(lines: Sequence[Line], outcome: Sequence[Subscription | Refused]) -> list[JsonObject]:
    return [
        line_error(line.product.external_product_id, {ERROR_FIELDS.get(each.code, "non_field_errors"): [each.sentence]})
        for line, each in zip(lines, outcome, strict=True)
        if isinstance(each, Refused)
    ]


def line_error(product: str | None, errors: Any) -> JsonObject:
    """What is wrong with the line of `product`, as sentences by field."""
    return {"product": product, "subscription": errors}


def _line(merchant: Merchant, line: JsonObject) -> Line:
    return Line(
        product=merchant.products.get(external_product_id=line["product"]),
        offer=line["offer"] and Offer.objects.get(merchant=merchant, public_id=line["offer"]),
        price=None if line["price"] is None else Decimal(line["price"]),
        first_date=_day(line["first_order_place_date"]),
        orders_per_billing=line["prepaid_orders_per_billing"],
        grantees=[(each["name"], each["external_id"]) for each in line["grantees"]],
        extra_data=line["extra_data"] or {},
        **{name: line[name] for name in ("quantity", "every", "every_period", "renewal_behavior")},
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
