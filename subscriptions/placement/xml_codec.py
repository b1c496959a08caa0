"""The order post in XML: text in CDATA, empty elements self-closed, no white space between elements.

`orderSubtotalValue` is after discounts, as the API's `sub_total`; `orderSubtotalDiscount` is what discounts on the
whole order took off it, `orderDiscount` all that discounts took off lines, order and shipping. Tax is not part of the
total. A line's `finalPrice` is `price` × `qty` − `discount`; more where it has an extra cost or pays for later orders.
"""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from subscriptions.models import Address, Customer, Item, Order, Payment, Subscription
from subscriptions.placement import aes, xml_reply
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.http_gateway import Codec

CENT = Decimal("0.01")
METHODS: dict[str, str] = {
    Payment.Method.CREDIT_CARD: "CC",
    Payment.Method.PAYPAL: "PayPal",
    Payment.Method.APPLE_PAY: "ApplePay",
    Payment.Method.GOOGLE_PAY: "GooglePay",
    Payment.Method.SHOP_PAY: "ShopPay",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAME = re.compile(r"(?!xml)[a-z_][\w.-]*", re.ASCII | re.IGNORECASE)


def encode_xml_order(request: PlacementRequest, *, with_card: bool) -> bytes:
    """The document. Raises ValueError where the storefront key does not fit the encryption of card data."""
    order = request.order
    document = xml_element(
        "order",
        xml_element(
            "head", _head(request), _payment(order.payment, order.merchant.storefront_key if with_card else None)
        ),
        xml_element("customer", _customer(request.customer), _addresses(order)),
        xml_element("items", *(xml_element("item", *_line(item)) for item in request.items)),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{document}'.encode()


XML_CODEC = Codec("application/xml", encode_xml_order, xml_reply.read_xml_reply)


def xml_element(name: str, *children: str) -> str:
    inside = "".join(children)
    return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"


def xml_text(value: object) -> str:
    """`value` in CDATA, without the characters XML does not know; nothing for None and the empty text."""
    shown = "" if value is None else NOT_IN_XML.sub("", str(value))
    return f"<![CDATA[{shown.replace(']]>', ']]]]><![CDATA[>')}]]>" if shown else ""


def xml_leaves(values: Mapping[str, object]) -> str:
    return "".join(xml_element(name, xml_text(value)) for name, value in values.items())


def _head(request: PlacementRequest) -> str:
    order, items = request.order, request.items
    return xml_leaves(
        {
            "orderOgId": order.pk,
            "orderPublicId": order.public_id.hex,
            "orderOgDate": order.place_date.isoformat(),
            "orderSourcePartnerId": order.merchant.public_id.hex,
            "orderSourcePartnerName": order.merchant.name,
            "orderItemsCount": len(items),
            "orderSubtotalValue": order.sub_total,
            "orderSubtotalDiscount": sum((item.total_price for item in items), Decimal("0.00")) - order.sub_total,
            "orderSalesTax": order.tax_total,
            "orderDiscount": order.discount_total,
            "orderShipping": order.shipping_total,
            "orderTotalValue": order.total,
            "orderCurrency": order.currency_code,
        }
    )


def _payment(payment: Payment, key: str | None) -> str:
    """`key` encrypts the card data; without one they stay empty."""

    def secret(value: str | None) -> str:
        return aes.encrypt_text(value, key) if value and key else ""

    return xml_leaves(
        {
            "orderPaymentPublicId": payment.public_id.hex,
            "orderPaymentDataLocation": "OG",
            "orderPaymentMethod": METHODS.get(payment.payment_method, payment.payment_method),
            "orderCcType": payment.get_cc_type_display() if payment.cc_type else "",
            "orderCcOwner": secret(payment.cc_holder),
            "orderCcNumber": secret(payment.cc_number_ending),
            "orderCcExpire": secret(payment.cc_exp_date),
            "orderTokenId": payment.token_id,
            "orderPaymentLabel": payment.label,
        }
    )


def _customer(customer: Customer) -> str:
    return xml_leaves(
        {
            "customerOgId": customer.pk,
            "customerPartnerId": customer.merchant_user_id,
            "customerName": customer.full_name,
            "customerFirstName": customer.first_name,
            "customerLastName": customer.last_name,
            "customerEmail": customer.email,
            "customerLocale": customer.locale,
        }
    )


def _addresses(order: Order) -> str:
    return _address("customerShipping", order.shipping_address) + _address(
        "customerBilling", order.payment.billing_address
    )


def _address(prefix: str, address: Address | None) -> str:
    parts = {
        "FirstName": "first_name",
        "LastName": "last_name",
        "Address": "joined",
        "Address1": "address",
        "Address2": "address2",
        "City": "city",
        "State": "state_province_code",
        "Zip": "zip_postal_code",
        "Phone": "phone",
        "Fax": "fax",
        "Company": "company_name",
        "Country": "country_code",
    }
    joined = address and f"{address.address} {address.address2 or ''}".strip()
    return xml_leaves(
        {prefix + part: joined if name == "joined" else getattr(address, name, "") for part, name in parts.items()}
    )


def _line(item: Item) -> Iterable[str]:
    discount = max(item.price * item.quantity + item.extra_cost - item.total_price, Decimal("0.00"))
    yield xml_leaves(
        {
            "publicId": item.public_id.hex,
            "offerPublicId": item.offer and item.offer.public_id.hex,
            "offerProfilePublicId": item.offer and item.offer.profile.public_id.hex,
        }
    )
    if item.one_time:
        yield xml_element("type", xml_text("one-time"))
    yield xml_leaves(
        {
            "qty": item.quantity,
            "sku": item.product.sku,
            "name": item.product.name,
            "product_id": item.product.external_product_id,
            "discount": discount,
            "unitary_discount": (discount / item.quantity).quantize(CENT, ROUND_HALF_UP),
            "finalPrice": item.total_price,
            "price": item.price,
        }
    )
    yield xml_element("components")
    yield xml_element("subscription", _subscription(item.subscription) if item.subscription else "")


def _subscription(subscription: Subscription) -> str:
    standing = {
        "publicId": subscription.public_id.hex,
        "startDate": subscription.start_date.isoformat(),
        "originalOrderId": subscription.merchant_order_id,
        "every": subscription.every,
        "everyPeriod": subscription.every_period,
        "frequencyDays": subscription.frequency_days,
    }
    # A key that is no element name would spoil the document; such data is left out.
    extra = {key: _plain(value) for key, value in subscription.extra_data.items() if NAME.fullmatch(key)}
    return xml_leaves(standing) + xml_element("extraData", xml_leaves(extra))


def _plain(value: object) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
