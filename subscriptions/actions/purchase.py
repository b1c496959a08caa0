"""What a checkout in the shop makes of a customer here, as the Purchase POST tells it.

The request is stored before anything is done. If its process dies, a job finishes it, once.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.db import IntegrityError, transaction

from subscriptions.actions import address as addresses
from subscriptions.actions import customer as customers
from subscriptions.actions import payment as payments
from subscriptions.actions.checkout import Line, NothingSubscribed, checkout
from subscriptions.actions.core import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actors import Actor
from subscriptions.errors import DomainError, Refused, refused
from subscriptions.models import Address, CheckoutRequest, Customer, Merchant, Offer, Payment, Subscription

Told = dict[str, Any]
# What makes two addresses the same.
CONTENT = [
    *("first_name", "last_name", "company_name", "address", "address2", "city"),
    *("state_province_code", "zip_postal_code", "country_code", "phone", "fax"),
]
FIELDS = {"product_discontinued": "product", "place_date_past": "first_order_place_date"}


class Unfit(DomainError):
    """Nothing of the purchase could be done; `errors` say why, under what they are about."""

    def __init__(self, errors: Told) -> None:
        super().__init__("purchase_unfit", "Nothing of this purchase could be done.")
        self.errors = errors


def store_request(merchant: Merchant, body: Told, *, actor: Actor) -> CheckoutRequest:
    """Store `body`, a checked `PurchaseBody` as JSON, under a lease. Refused if the shop's order came before."""
    request = CheckoutRequest(
        merchant=merchant,
        merchant_order_id=body["merchant_order_id"],
        actor=actor.as_json(),
        body=body,
        **CheckoutRequest.new_lease(),
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        raise refused("order_received", id=request.merchant_order_id) from error
    return request


def fulfil_request(key: int) -> Told:
    """Do what the request `key` asks for, unless it is done; returns the answer of the status call.

    Raises `Unfit`, and `Busy` while another write holds the customer; nothing has happened then.
    """
    with transaction.atomic():
        # The row's lock is the fence here: of two processes, the second one finds the answer of the first.
        request = CheckoutRequest.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=key)
        if request.answer is None:
            close_request(request, _buy(request))
        return cast(Told, request.answer)


def close_request(request: CheckoutRequest, said: Told) -> None:
    """Close `request`, whose body is not needed any more. Raises `LeaseLost`."""
    request.answer, request.body = said, {}
    request.release(answer=said, body={})


def failed_answer(errors: Told) -> Told:
    """The answer to a request of which nothing came."""
    return {"customer": None, "payment": None, "shipping_address": None, "subscriptions": [], "errors": errors}


def _buy(request: CheckoutRequest) -> Told:
    told, actor = request.body, Actor.from_json(request.actor)
    owner = _customer(request.merchant, told, actor)
    with lock_customer(CUSTOMER_BY_KEY, pk=owner.pk, merchant=request.merchant.pk) as customer:
        address = _address(customer, told["shipping_address"], Address.Type.SHIPPING, actor)
        billing = _address(customer, told["billing_address"], Address.Type.BILLING, actor)
        payment = _payment(customer, told["payment"], billing, actor)
        started, errors = _subscribe(customer, told, payment, address, actor)
    return {
        "customer": customer.merchant_user_id,
        "payment": payment and payment.public_id.hex,
        "shipping_address": address and address.public_id.hex,
        "subscriptions": started,
        "errors": told["errors"] | {"subscriptions": told["errors"]["subscriptions"] + errors},
    }


def _customer(merchant: Merchant, told: Told, actor: Actor) -> Customer:
    known = merchant.customers.filter(merchant_user_id=told["user"]["merchant_user_id"])
    if customer := known.first():
        return customer
    try:
        return customers.create(merchant, actor=actor, session_id=told["session_id"], **told["user"]).subject
    except Refused as refusal:
        if refusal.code != "customer_exists":
            raise
        return known.get()


def _address(customer: Customer, columns: Told | None, kind: Address.Type, actor: Actor) -> Address | None:
    """The customer's address of this content, made if there is none."""
    if columns is None:
        return None
    same = {name: columns[name] for name in CONTENT}
    known = customer.addresses.filter(live=True, address_type=kind, **same).order_by("-id").first()
    return known or addresses.create(customer, actor=actor, address_type=kind, **columns).result


def _payment(customer: Customer, columns: Told | None, billing: Address | None, actor: Actor) -> Payment | None:
    """The customer's payment of this token, ending and expiry, made if there is none."""
    if columns is None:
        return None
    columns = columns | {"expires_on": _day(columns["expires_on"])}
    same = {name: columns[name] for name in ("token_id", "cc_number_ending", "expires_on")}
    known = customer.payments.filter(live=True, **same).order_by("-id").first()
    return known or payments.create(customer, actor=actor, billing_address=billing, **columns).result


def _subscribe(
    customer: Customer, told: Told, payment: Payment | None, address: Address | None, actor: Actor
) -> tuple[list[Told], list[Told]]:
    """The subscriptions that the lines became, and what is wrong with the other lines."""
    if payment is None or address is None or not told["lines"]:
        return [], []
    lines = [_line(customer.merchant, each) for each in told["lines"]]
    details = {name: told[name] for name in ("merchant_order_id", "session_id")}
    try:
        outcome = checkout(customer, actor=actor, lines=lines, payment=payment, address=address, **details).result
    except NothingSubscribed as nothing:
        raise Unfit({"products": [], "subscriptions": _faults(lines, nothing.refusals)}) from nothing
    started = [
        {line.product.external_product_id: each.public_id.hex}
        for line, each in zip(lines, outcome, strict=True)
        if isinstance(each, Subscription)
    ]
    return started, _faults(lines, outcome)


def _faults(lines: Sequence[Line], outcome: Sequence[Subscription | Refused]) -> list[Told]:
    return [
        line_error(line.product.external_product_id, {FIELDS.get(each.code, "non_field_errors"): [each.sentence]})
        for line, each in zip(lines, outcome, strict=True)
        if isinstance(each, Refused)
    ]


def line_error(product: str | None, errors: Any) -> Told:
    """What is wrong with the line of `product`: sentences by field."""
    return {"product": product, "subscription": errors}


def _line(merchant: Merchant, told: Told) -> Line:
    return Line(
        product=merchant.products.get(external_product_id=told["product"]),
        offer=told["offer"] and Offer.objects.get(merchant=merchant, public_id=told["offer"]),
        price=None if told["price"] is None else Decimal(told["price"]),
        first_date=_day(told["first_order_place_date"]),
        orders_per_billing=told["prepaid_orders_per_billing"],
        grantees=[(each["name"], each["external_id"]) for each in told["grantees"]],
        **{name: told[name] for name in ("quantity", "every", "every_period", "renewal_behavior")},
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
