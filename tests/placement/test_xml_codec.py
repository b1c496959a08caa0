import re
from xml.etree import ElementTree

import pytest

from subscriptions.models import Item, Order, Payment
from subscriptions.placement import xml_codec
from subscriptions.placement.gateway import PlacementRequest, take_snapshot
from tests.placement.orders import create_known_order, create_live_merchant

GOLDEN = (
    '<?xml version="1.0" encoding="UTF-8"?><order><head>'
    "<orderOgId><![CDATA[{order.pk}]]></orderOgId>"
    "<orderPublicId><![CDATA[00000000000000000000000000000005]]></orderPublicId>"
    "<orderOgDate><![CDATA[2026-12-01]]></orderOgDate>"
    "<orderSourcePartnerId><![CDATA[00000000000000000000000000000001]]></orderSourcePartnerId>"
    "<orderSourcePartnerName><![CDATA[Fern & Co]]></orderSourcePartnerName>"
    "<orderItemsCount><![CDATA[2]]></orderItemsCount>"
    "<orderSubtotalValue><![CDATA[30.75]]></orderSubtotalValue>"
    "<orderSubtotalDiscount><![CDATA[1.00]]></orderSubtotalDiscount>"
    "<orderSalesTax><![CDATA[0.00]]></orderSalesTax>"
    "<orderDiscount><![CDATA[3.25]]></orderDiscount>"
    "<orderShipping><![CDATA[4.00]]></orderShipping>"
    "<orderTotalValue><![CDATA[34.75]]></orderTotalValue>"
    "<orderCurrency><![CDATA[USD]]></orderCurrency>"
    "<orderPaymentPublicId><![CDATA[00000000000000000000000000000004]]></orderPaymentPublicId>"
    "<orderPaymentDataLocation><![CDATA[OG]]></orderPaymentDataLocation>"
    "<orderPaymentMethod><![CDATA[CC]]></orderPaymentMethod>"
    "<orderCcType><![CDATA[Visa]]></orderCcType>"
    "{card}"
    "<orderTokenId><![CDATA[tok_1]]></orderTokenId>"
    "<orderPaymentLabel/>"
    "<incentives><incentive>"
    "<name><![CDATA[A dollar off]]></name>"
    "<type><![CDATA[Discount Amount]]></type>"
    "<value><![CDATA[1.00]]></value>"
    "<target><![CDATA[order]]></target>"
    "<externalCode><![CDATA[SAVE-1]]></externalCode>"
    "</incentive></incentives>"
    "</head><customer>"
    "<customerOgId><![CDATA[{order.customer_id}]]></customerOgId>"
    "<customerPartnerId><![CDATA[C-1001]]></customerPartnerId>"
    "<customerName><![CDATA[Ana Ruiz]]></customerName>"
    "<customerFirstName><![CDATA[Ana]]></customerFirstName>"
    "<customerLastName><![CDATA[Ruiz]]></customerLastName>"
    "<customerEmail><![CDATA[ana@shop.test]]></customerEmail>"
    "<customerLocale><![CDATA[en-us]]></customerLocale>"
    "<customerShippingFirstName><![CDATA[Ana]]></customerShippingFirstName>"
    "<customerShippingLastName><![CDATA[Ruiz]]></customerShippingLastName>"
    "<customerShippingAddress><![CDATA[1 Main Street Apt 4]]></customerShippingAddress>"
    "<customerShippingAddress1><![CDATA[1 Main Street]]></customerShippingAddress1>"
    "<customerShippingAddress2><![CDATA[Apt 4]]></customerShippingAddress2>"
    "<customerShippingCity><![CDATA[Little Rock]]></customerShippingCity>"
    "<customerShippingState><![CDATA[AR]]></customerShippingState>"
    "<customerShippingZip><![CDATA[72201]]></customerShippingZip>"
    "<customerShippingPhone><![CDATA[+15013299800]]></customerShippingPhone>"
    "<customerShippingFax/>"
    "<customerShippingCompany><![CDATA[A ]]]]><![CDATA[> B]]></customerShippingCompany>"
    "<customerShippingCountry><![CDATA[US]]></customerShippingCountry>"
    "<customerBillingFirstName><![CDATA[Ana]]></customerBillingFirstName>"
    "<customerBillingLastName><![CDATA[Ruiz]]></customerBillingLastName>"
    "<customerBillingAddress><![CDATA[9 Elm <Road>]]></customerBillingAddress>"
    "<customerBillingAddress1><![CDATA[9 Elm <Road>]]></customerBillingAddress1>"
    "<customerBillingAddress2/>"
    "<customerBillingCity><![CDATA[Little Rock]]></customerBillingCity>"
    "<customerBillingState><![CDATA[AR]]></customerBillingState>"
    "<customerBillingZip><![CDATA[72201]]></customerBillingZip>"
    "<customerBillingPhone><![CDATA[+15013299800]]></customerBillingPhone>"
    "<customerBillingFax/>"
    "<customerBillingCompany/>"
    "<customerBillingCountry><![CDATA[US]]></customerBillingCountry>"
    "</customer><items><item>"
    "<publicId><![CDATA[00000000000000000000000000000009]]></publicId>"
    "<offerPublicId><![CDATA[00000000000000000000000000000007]]></offerPublicId>"
    "<offerProfilePublicId><![CDATA[00000000000000000000000000000006]]></offerProfilePublicId>"
    "<qty><![CDATA[2]]></qty>"
    "<sku><![CDATA[SKU-1]]></sku>"
    "<name><![CDATA[House blend]]></name>"
    "<product_id><![CDATA[P-1]]></product_id>"
    "<discount><![CDATA[2.25]]></discount>"
    "<unitary_discount><![CDATA[1.13]]></unitary_discount>"
    "<finalPrice><![CDATA[22.75]]></finalPrice>"
    "<price><![CDATA[12.50]]></price>"
    "<components/>"
    "<subscription>"
    "<publicId><![CDATA[00000000000000000000000000000008]]></publicId>"
    "<startDate><![CDATA[2026-01-15]]></startDate>"
    "<originalOrderId><![CDATA[7001]]></originalOrderId>"
    "<every><![CDATA[2]]></every>"
    "<everyPeriod><![CDATA[2]]></everyPeriod>"
    "<frequencyDays><![CDATA[14]]></frequencyDays>"
    "<extraData><note><![CDATA[leave & ring]]></note><sizes><![CDATA[[1, 2]]]></sizes></extraData>"
    "</subscription>"
    "<incentives><incentive>"
    "<name><![CDATA[Nine percent]]></name>"
    "<type><![CDATA[Discount Percent]]></type>"
    "<value><![CDATA[9.00]]></value>"
    "<target><![CDATA[item]]></target>"
    "<externalCode/>"
    "</incentive></incentives>"
    "</item><item>"
    "<publicId><![CDATA[0000000000000000000000000000000a]]></publicId>"
    "<offerPublicId/>"
    "<offerProfilePublicId/>"
    "<type><![CDATA[one-time]]></type>"
    "<qty><![CDATA[1]]></qty>"
    "<sku/>"
    "<name><![CDATA[Mug]]></name>"
    "<product_id><![CDATA[P-2]]></product_id>"
    "<discount><![CDATA[0.00]]></discount>"
    "<unitary_discount><![CDATA[0.00]]></unitary_discount>"
    "<finalPrice><![CDATA[9.00]]></finalPrice>"
    "<price><![CDATA[9.00]]></price>"
    "<components/>"
    "<subscription/>"
    "<incentives/>"
    "</item></items></order>"
)
NO_CARD = "<orderCcOwner/><orderCcNumber/><orderCcExpire/>"


@pytest.fixture
def order(noon, db) -> Order:
    return create_known_order(create_live_merchant())


def test_an_order_is_encoded_byte_by_byte_as_agreed(order):
    assert xml_codec.encode_xml_order(take_snapshot(order), with_card=False).decode() == GOLDEN.format(
        order=order, card=NO_CARD
    )


def test_card_data_is_encrypted_under_the_storefront_key(order):
    Payment.objects.update(expires_on="2030-12-31")
    found = ElementTree.fromstring(xml_codec.encode_xml_order(take_snapshot(order), with_card=True))
    assert found.findtext("head/orderCcExpire") == "uE2gvvr+w3QDaZlsZH18rTeTZ4KzaZlRo0epmNNnFMs="
    key = order.merchant.storefront_key
    assert [xml_codec.aes.decrypt_text(found.findtext(f"head/orderCc{part}"), key) for part in ("Owner", "Number")] == [
        "Ana Ruiz",
        "4242",
    ]


def test_an_unusable_storefront_key_is_reported(order):
    request = take_snapshot(order)
    request.merchant.storefront_key = "key"
    with pytest.raises(ValueError, match="storefront key"):
        xml_codec.encode_xml_order(request, with_card=True)


def test_encoding_costs_no_query(order, django_assert_num_queries):
    with django_assert_num_queries(2):
        request = take_snapshot(order)
    with django_assert_num_queries(0):
        xml_codec.encode_xml_order(request, with_card=True)


def test_an_item_that_pays_for_later_orders_has_no_discount(order):
    Item.objects.filter(one_time=False).update(total_price=75)
    line = ElementTree.fromstring(_written(order)).find("items/item")
    assert (line.findtext("finalPrice"), line.findtext("discount")) == ("75.00", "0.00")


def test_without_a_billing_address_its_elements_are_empty(order):
    Payment.objects.update(billing_address=None)
    assert b"<customerBillingFirstName/><customerBillingLastName/>" in _written(order)


@pytest.mark.parametrize("text", ["a\x00b", "]]>", "]]]]>>", "<!--", "\x0b\ufffe", "ö 漢 𝄞", "a\tb"])
def test_any_text_is_kept_except_characters_xml_cannot_hold(order, text):
    request = take_snapshot(order)
    request.customer.first_name = text
    found = ElementTree.fromstring(xml_codec.encode_xml_order(request, with_card=False)).findtext(
        "customer/customerFirstName"
    )
    assert (found or "") == re.sub("[\x00\x0b\ufffe]", "", text)


@pytest.mark.contract
def test_the_elements_are_the_published_ones_in_their_order(order, contracts):
    section = (contracts / "rest-api.md").read_text().split("## 8 Placement")[1]
    rows = [re.sub(r"\([^)]*\)", "", row).split("|")[2] for row in section.splitlines() if row.startswith("| `<")]
    head, customer, items, incentives = rows[:4]
    item, _, subscription = items.split(";")
    names = re.findall(r"\w+", customer)
    own, sides, parts = names[:7], names[7:9], names[9:]
    root = ElementTree.fromstring(_written(order))
    assert _tags(root) == ["head", "customer", "items"]
    assert _tags(root[0]) == [*re.findall(r"\w+", head), "incentives"]
    assert _tags(root[1]) == own + [side + part for side in sides for part in parts]
    assert _tags(root[2][1]) == [*re.findall(r"\w+", item), "components", "subscription", "incentives"]
    assert ["subscription", *_tags(root[2][0].find("subscription"))] == re.findall(r"\w+", subscription)
    # The targets are in parentheses, which were left out above.
    assert _tags(root.find("head/incentives/incentive")) == re.findall(r"`(\w+)`", incentives)


def _tags(element: ElementTree.Element) -> list[str]:
    return [child.tag for child in element]


def _written(order: Order) -> bytes:
    request: PlacementRequest = take_snapshot(order)
    return xml_codec.encode_xml_order(request, with_card=False)
