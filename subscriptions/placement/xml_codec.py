"""The order post in XML: text in CDATA, empty elements self-closed, no white space between elements.

`orderSubtotalValue` is after discounts, like the REST API's `sub_total`. `orderSubtotalDiscount` is what discounts on
the whole order took off it, `orderDiscount` what all discounts took off items, order and shipping. The total excludes
tax. An item's `finalPrice` is `price` × `qty` − `discount`, and more if the item has an extra cost or pays for later
orders.
"""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from subscriptions.models import Address, Customer, Item, Order, Payment, Subscription
from subscriptions.placement import aes
from subscriptions.placement.gateway import PlacementRequest, posted_incentives
from subscriptions.placement.http_gateway import Codec
from subscriptions.placement.xml_reply import read_xml_reply

CENT = Decimal("0.01")
METHODS: dict[str, str] = {
    Payment.Method.CREDIT_CARD: "CC",
    Payment.Method.PAYPAL: "PayPal",
    Payment.Method.APPLE_PAY: "ApplePay",
    Payment.Method.GOOGLE_PAY: "GooglePay",
    Payment.Method.SHOP_PAY: "ShopPay",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ELEMENT_NAME = re.compile(r"(?!xml)[a-z_][\w.-]*", re.ASCII | re.IGNORECASE)


def encode_xml_order(request: PlacementRequest, *, with_card: bool) -> bytes:
    """The document. Raises ValueError if the storefront key cannot encrypt card data."""
    order = request.order
    card_key = order.merchant.storefront_key if with_card else None
    document = xml_element(
        "order",
        xml_element("head", _order_leaves(request), _payment_leaves(order.payment, card_key), _incentives(order)),
        xml_element(
            "customer",
            _customer_leaves(request.customer),
            _address_leaves("customerShipping", order.shipping_address),
            _address_leaves("customerBilling", order.payment.billing_address),
        ),
        xml_element("items", *(xml_element("item", *_item_parts(item)) for item in request.items)),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{document}'.encode()


XML_CODEC = Codec("application/xml", encode_xml_order, read_xml_reply)


def xml_element(name: str, *children: str) -> str:
    inside = "".join(children)
    return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"


def xml_text(value: object) -> str:
    """`value` in CDATA, without the characters that XML cannot hold; empty for None and the empty text."""
    shown = "" if value is None else NOT_IN_XML.sub("", str(value))
    return f"<![CDATA[{shown.replace(']]>', ']]]]><![CDATA[>')}]]>" if shown else ""


def xml_leaves(values: Mapping[str, object]) -> str:
    return "".join(xml_element(name, xml_text(value)) for name, value in values.items())


def _order_leaves(request: PlacementRequest) -> str:
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


def _payment_leaves(payment: Payment, key: str | None) -> str:
    """`key` encrypts the card data; without a key they stay empty."""

    def encrypted(value: str | None) -> str:
        return aes.encrypt_text(value, key) if value and key else ""

    return xml_leaves(
        {
            "orderPaymentPublicId": payment.public_id.hex,
            "orderPaymentDataLocation": "OG",
            "orderPaymentMethod": METHODS.get(payment.payment_method, payment.payment_method),
            "orderCcType": payment.get_cc_type_display() if payment.cc_type else "",
            "orderCcOwner": encrypted(payment.cc_holder),
            "orderCcNumber": encrypted(payment.cc_number_ending),
            "orderCcExpire": encrypted(payment.cc_exp_date),
            "orderTokenId": payment.token_id,
            "orderPaymentLabel": payment.label,
        }
    )


def _customer_leaves(customer: Customer) -> str:
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


def _address_leaves(prefix: str, address: Address | None) -> str:
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


def _item_parts(item: Item) -> Iterable[str]:
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
    yield xml_element("subscription", _subscription_parts(item.subscription) if item.subscription else "")
    yield _incentives(item)


def _incentives(row: Order | Item) -> str:
    return xml_element("incentives", *(xml_element("incentive", xml_leaves(each)) for each in posted_incentives(row)))


def _subscription_parts(subscription: Subscription) -> str:
    columns = {
        "publicId": subscription.public_id.hex,
        "startDate": subscription.start_date.isoformat(),
        "originalOrderId": subscription.merchant_order_id,
        "every": subscription.every,
        "everyPeriod": subscription.every_period,
        "frequencyDays": subscription.frequency_days,
    }
    extra_data = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in subscription.extra_data.items()
        # Other keys cannot be element names.
        if ELEMENT_NAME.fullmatch(key)
    }
    return xml_leaves(columns) + xml_element("extraData", xml_leaves(extra_data))
