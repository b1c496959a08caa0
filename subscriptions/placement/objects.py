"""An order with what belongs to it as plain JSON objects, key by key those of the REST API."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from subscriptions import calendar
from subscriptions.models import Address, Item, Order, Payment
from subscriptions.placement.gateway import PlacementRequest

Object = dict[str, Any]


def everything(request: PlacementRequest, *, with_card: bool) -> Object:
    """The order post in JSON. Without card data, holder, number ending and expiry are null."""
    order, items = request.order, request.items
    billing = order.payment.billing_address
    payment = _payment(order.payment, request)
    if not with_card:
        payment |= dict.fromkeys(("cc_holder", "cc_number_ending", "cc_exp_date"))
    return {
        "order": _order(order, request),
        "customer": _customer(request),
        "shipping_address": _address(order.shipping_address, request),
        "billing_address": billing and _address(billing, request),
        "payment": payment,
        "items": [_item(item, request) for item in items],
    }


def _order(order: Order, request: PlacementRequest) -> Object:
    zone = order.merchant.time_zone
    rejection = {"message": order.rejected_message, "code": order.rejected_error_code}
    return {
        "merchant": order.merchant.public_id.hex,
        "customer": order.customer.merchant_user_id,
        "payment": order.payment.public_id.hex,
        "shipping_address": order.shipping_address.public_id.hex,
        "public_id": order.public_id.hex,
        "sub_total": _money(order.sub_total),
        "tax_total": _money(order.tax_total),
        "shipping_total": _money(order.shipping_total),
        "discount_total": _money(order.discount_total),
        "total": _money(order.total),
        "created": _stamp(order.created, request),
        "updated": _stamp(order.updated, request),
        "place": _stamp(order.tried_at or calendar.midnight(order.place_date, zone), request),
        "cancelled": _stamp(order.cancelled, request),
        "tries": order.tries,
        "generic_error_count": order.generic_error_count,
        "status": order.status,
        "type": 1,
        "order_merchant_id": order.order_merchant_id,
        "rejected_message": None if order.rejected_message is None else _text_of(rejection),
        "rejected_error_code": order.rejected_error_code,
        "extra_data": order.extra_data,
        "locked": order.locked,
        "oos_free_shipping": order.oos_free_shipping,
        "currency_code": order.currency_code,
    }


def _customer(request: PlacementRequest) -> Object:
    customer = request.customer
    return {
        "merchant": request.merchant.public_id.hex,
        "id": customer.pk,
        "merchant_user_id": customer.merchant_user_id,
        "session_id": customer.session_id,
        "user_token_id": customer.user_token_id,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone_number": customer.phone_number,
        "phone_type": customer.phone_type,
        "live": request.customer_is_live,
        "created": _stamp(customer.created, request),
        "last_updated": _stamp(customer.last_updated, request),
        "last_login": _stamp(customer.last_login, request),
        "extra_data": None if customer.extra_data is None else _text_of(customer.extra_data),
        "locale": customer.locale,
        "price_code": customer.price_code,
    }


def _address(address: Address, request: PlacementRequest) -> Object:
    return {
        "customer": request.customer.merchant_user_id,
        "public_id": address.public_id.hex,
        "label": address.label,
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company_name": address.company_name,
        "address": address.address,
        "address2": address.address2,
        "city": address.city,
        "state_province_code": address.state_province_code,
        "zip_postal_code": address.zip_postal_code,
        "phone": address.phone,
        "fax": address.fax,
        "country_code": address.country_code,
        "live": address.live,
        "created": _stamp(address.created, request),
        "updated": _stamp(address.updated, request),
        "token_id": address.token_id,
        "store_public_id": address.store_public_id and address.store_public_id.hex,
    }


def _payment(payment: Payment, request: PlacementRequest) -> Object:
    return {
        "customer": request.customer.merchant_user_id,
        "billing_address": payment.billing_address and payment.billing_address.public_id.hex,
        "cc_number_ending": payment.cc_number_ending,
        "public_id": payment.public_id.hex,
        "label": payment.label,
        "token_id": payment.token_id,
        "cc_holder": payment.cc_holder,
        "cc_type": payment.cc_type,
        "cc_exp_date": payment.cc_exp_date,
        "payment_method": payment.payment_method,
        "live": payment.live,
        "created": _stamp(payment.created, request),
        "last_updated": _stamp(payment.last_updated, request),
    }


def _item(item: Item, request: PlacementRequest) -> Object:
    return {
        "order": request.key,
        "offer": item.offer and item.offer.public_id.hex,
        "subscription": item.subscription and item.subscription.public_id.hex,
        "product": item.product.external_product_id,
        "components": [],
        "subscription_component": None,
        "quantity": item.quantity,
        "public_id": item.public_id.hex,
        "product_attribute": None,
        "price": _money(item.price),
        "extra_cost": _money(item.extra_cost),
        "total_price": _money(item.total_price),
        "one_time": item.one_time,
        "frozen": item.frozen,
        "first_placed": _stamp(item.first_placed, request),
        "order_updated": _stamp(request.order.updated, request),
    }


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _stamp(moment: datetime | None, request: PlacementRequest) -> str | None:
    """`2026-11-20 09:30:00`, by the merchant's clock."""
    return None if moment is None else f"{calendar.local(moment, request.merchant.time_zone):%Y-%m-%d %H:%M:%S}"


def _text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
