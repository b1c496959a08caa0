"""Guesses what a file holds by the names of its columns, as shop platforms and people write them."""

import re
from collections.abc import Iterable, Sequence

from subscriptions.importing.table import Table
from subscriptions.importing.tables import TABLES
from subscriptions.models import ImportRun, Merchant

Kind = ImportRun.Kind
# By column, other names of it, without anything but letters and digits. A name of the list below goes first.
SYNONYMS = {
    "merchant_user_id": "customerid userid shopifycustomerid customernumber",
    "first_name": "firstname givenname customerfirstname",
    "last_name": "lastname surname familyname customerlastname",
    "email": "emailaddress mail customeremail",
    "phone_number": "phone mobile telephone customerphone",
    "locale": "language",
    "created": "createdat createddate datecreated",
    "last_login": "lastloginat",
    "shipping_address": "address address1 street shippingaddress1 shippingstreet defaultaddressaddress1",
    "shipping_address2": "address2 defaultaddressaddress2",
    "shipping_company_name": "company shippingcompany defaultaddresscompany",
    "shipping_city": "city town defaultaddresscity",
    "shipping_state_province_code": (
        "state province region provincecode shippingstate shippingprovince shippingprovincecode "
        "defaultaddressprovincecode"
    ),
    "shipping_zip_postal_code": "zip zipcode postcode postalcode shippingzip shippingpostalcode defaultaddresszip",
    "shipping_country_code": "country countrycode shippingcountry defaultaddresscountrycode",
    "shipping_phone": "defaultaddressphone",
    "payment_token_id": "paymenttoken token paymentmethodid",
    "payment_method": "paymenttype",
    "cc_number_ending": "last4 cardlast4 lastfour cardlastfour",
    "cc_type": "cardtype cardbrand brand",
    "cc_exp_date": "expiry expirydate cardexpiry expirationdate",
    "cc_holder": "cardholder nameoncard",
    "external_product_id": "productid shopifyproductid variantid",
    "name": "title producttitle productname",
    "price": "unitprice variantprice",
    "sku": "variantsku productsku",
    "image_url": "image imagesrc picture",
    "detail_url": "url link producturl",
    "live": "instock available",
    "external_id": "subscriptionid",
    "quantity": "qty",
    "every": "frequency interval orderintervalfrequency chargeintervalfrequency",
    "every_period": "frequencyunit intervalunit orderintervalunit unit period",
    "start_date": "started startedat startdate subscribedat createdat",
    "next_order_date": "nextorder nextchargedate nextchargescheduledat nextdeliverydate nextbillingdate",
    "cancelled": "cancelledat canceledat canceled",
    "cancel_reason": "cancellationreason",
}
# What a plain ID is depends on what the rows are.
OF_KIND = {
    Kind.PRODUCTS: {"external_product_id": "id handle"},
    Kind.CUSTOMERS: {"merchant_user_id": "id"},
    Kind.SUBSCRIPTIONS: {"external_id": "id"},
}
LABELS = {
    "merchant_user_id": "Customer ID",
    "external_product_id": "Product ID",
    "external_id": "Subscription ID",
    "is_test": "Test customer",
    "sku": "SKU",
    "image_url": "Picture (web address)",
    "detail_url": "Product page (web address)",
    "live": "In stock",
    "autoship_enabled": "Open to subscriptions",
    "autoship_by_default": "Subscribed by default",
    "prepaid_eligible": "Open to prepaid",
    "upsell_eligible": "Open to upsells",
    "premier_enabled": "Premier",
    "every": "Frequency: number",
    "every_period": "Frequency: unit",
    "merchant_order_id": "Shop order ID",
    "cc_number_ending": "Card: last four digits",
    "cc_type": "Card: type",
    "cc_exp_date": "Card: expiry",
    "cc_holder": "Card: holder",
    "payment_token_id": "Payment token",
    "session_id": "Session ID",
    "user_token_id": "User token ID",
    "extra_data": "Extra data (JSON)",
    "shipping_address": "Shipping: street",
    "shipping_address2": "Shipping: second line",
    "shipping_company_name": "Shipping: company",
    "shipping_state_province_code": "Shipping: state or province",
    "shipping_zip_postal_code": "Shipping: ZIP or postal code",
    "shipping_country_code": "Shipping: country",
}


def column_label(name: str) -> str:
    """What staff call the column."""
    words = name.replace("shipping_", "shipping: ").replace("_", " ")
    return LABELS.get(name) or words[:1].upper() + words[1:]


def guess_file(header: Sequence[str], merchant: Merchant) -> tuple[str, list[str]]:
    """The kind of file, and what its columns hold."""
    kind = guess_kind(header, merchant)
    return kind, guess_columns(header, kind, merchant)


def guess_kind(header: Sequence[str], merchant: Merchant) -> str:
    """The kind of file most of whose needed columns are there, and then most of the others."""

    def fit(kind: str) -> tuple[float, int]:
        found = {name for name in guess_columns(header, kind, merchant) if name}
        needed = {column.name for column in TABLES[kind].columns(merchant) if column.required}
        return len(found & needed) / len(needed), len(found)

    return max(TABLES, key=fit)


def guess_columns(header: Sequence[str], kind: str, merchant: Merchant) -> list[str]:
    """What each column of the file holds; empty where that is not known, or another column fits better."""
    squeezed = [_squeeze(name) for name in header]
    found = [
        (place, column)
        for word, column in _spellings(TABLES[kind], kind, merchant)
        for place, name in enumerate(squeezed)
        if name == word
    ]
    guessed = [""] * len(header)
    for place, column in found:
        if not guessed[place] and column not in guessed:
            guessed[place] = column
    return guessed


def _spellings(table: Table, kind: str, merchant: Merchant) -> list[tuple[str, str]]:
    """Spellings with their columns, the surest first."""
    names = [column.name for column in table.columns(merchant)]
    other: list[dict[str, str]] = [OF_KIND[Kind(kind)], SYNONYMS]
    own = [spelling for name in names for spelling in ((_squeeze(name), name), (_squeeze(column_label(name)), name))]
    return [*own, *_split_words(names, other)]


def _split_words(names: Iterable[str], tables: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    return [(word, name) for table in tables for name in names for word in table.get(name, "").split()]


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
