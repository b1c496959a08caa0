"""What a file holds is guessed from its header, in the words of shop platforms and of people."""

import pytest

from subscriptions.importing.addresses_payments import hide_card_numbers
from subscriptions.importing.exports import export_header
from subscriptions.importing.guesses import guess_columns, guess_kind
from subscriptions.importing.tables import TABLES
from subscriptions.models import Merchant

HEADERS = {
    "Customer ID,First Name,Last Name,E-mail address,Accepts marketing,Default Address Address1,Zip,Phone": (
        "customers",
        "merchant_user_id,first_name,last_name,email,,shipping_address,shipping_zip_postal_code,phone_number",
    ),
    "Handle,Title,Body (HTML),Variant SKU,Variant Price": ("products", "external_product_id,name,,sku,price"),
    "id,customer_id,product_id,status,next_charge_date,order_interval_frequency,order_interval_unit,created_at": (
        "subscriptions",
        "external_id,merchant_user_id,external_product_id,status,next_order_date,every,every_period,start_date",
    ),
    # The surer name gets the column, whatever comes first.
    "created_at,started,subscription id,id,customer id": (
        "subscriptions",
        "created,start_date,external_id,,merchant_user_id",
    ),
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.items())
def test_headers_of_platforms_are_understood(header: str, expected: tuple[str, str], merchant: Merchant) -> None:
    names = header.split(",")
    kind = guess_kind(names, merchant)
    assert (kind, ",".join(guess_columns(names, kind, merchant))) == expected


@pytest.mark.parametrize("kind", TABLES)
def test_our_own_header_is_understood_whole(kind: str, merchant: Merchant) -> None:
    header = export_header(kind, merchant)
    assert guess_kind(header, merchant) == kind
    assert guess_columns(header, kind, merchant) == header


def test_card_numbers_are_hidden_where_no_import_would_keep_them() -> None:
    card = "4111 1111 1111 1111"
    texts = ["7012345678901", card, f"Visa {card}", "ana@mail.test", card]
    names = ["merchant_user_id", "payment_token_id", "", "email"]
    assert hide_card_numbers(texts, names) == ["7012345678901", "…", "Visa …", "ana@mail.test", "…"]
