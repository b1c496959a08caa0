"""One address, one phone number, however a file and a checkout spell them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.klaviyo.bodies import Profile
from subscriptions.actions import address as addresses
from subscriptions.actions.subscription import cancel
from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.importer import import_file
from subscriptions.importing.subscriptions import SUBSCRIPTIONS
from subscriptions.models import Address, Customer, Event, Item, Order, Subscription
from tests.api.shop import PLACE, send_checkout
from tests.factories import STAFF
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

PERSON = "merchant_user_id,first_name,last_name,email,phone_number"
SHIPPING = ",".join(
    f"shipping_{name}"
    for name in ("address", "city", "state_province_code", "zip_postal_code", "country_code", "phone")
)
CARD = "payment_token_id,cc_number_ending,cc_exp_date"
ANA = "C-1001,Ana,Ruiz,ana@example.com,501-555-0100"
HOME = "1 Main Street,Little Rock,AR,72201,US,501-555-0100"
MUMBAI = {**PLACE, "city": "Mumbai", "state_province_code": "MH", "zip_postal_code": "400001", "country_code": "IN"}


@pytest.fixture
def load(merchant, tmp_path: Path):
    def run(table, *lines: str):
        path = tmp_path / "rows.csv"
        path.write_text("\n".join(lines))
        report = import_file(table, path, merchant)
        assert report.problems == []
        return report

    return run


def test_a_checkout_to_the_address_of_a_file_joins_its_order_and_ships_once(api, merchant, bought, load):
    merchant.shipping_rate = Decimal("5.00")
    merchant.save()
    load(CUSTOMERS, f"{PERSON},{SHIPPING},{CARD}", f"{ANA},{HOME},tok_1,4242,12/2030")
    load(
        SUBSCRIPTIONS,
        "external_id,merchant_user_id,external_product_id,every,every_period,start_date,next_order_date",
        "S-1,C-1001,coffee,1,months,2026-11-20,2026-12-20",
    )
    del bought["user"]["billing_address"]
    assert send_checkout(api, bought).status_code == 200
    assert list(Address.objects.values_list("phone", flat=True)) == ["501-555-0100"]
    order = Order.objects.get()
    assert (order.place_date, order.items.count()) == (date(2026, 12, 20), 2)
    assert (order.shipping_total, order.total) == (Decimal("5.00"), Decimal("42.50"))


@pytest.mark.parametrize(
    "spelling",
    [
        {"phone": "+1 501 555 0100"},
        {"country_code": "us"},
        {"first_name": "ANA", "address": "1  main street", "city": "little rock "},
        {"state_province_code": "ar", "company_name": "", "address2": None},
    ],
)
def test_an_address_that_is_spelled_in_another_way_is_used_again(api, bought, spelling):
    send_checkout(api, bought)
    bought["user"] |= {"shipping_address": PLACE | spelling, "billing_address": PLACE | spelling}
    assert send_checkout(api, bought | {"merchant_order_id": "1225"}).status_code == 200
    assert Address.objects.count() == 2
    assert Order.objects.get().items.count() == 2


def test_an_address_with_another_house_number_is_another(api, bought):
    send_checkout(api, bought)
    bought["user"]["shipping_address"] = PLACE | {"address": "11 Main Street"}
    send_checkout(api, bought | {"merchant_order_id": "1225"})
    assert sorted(Order.objects.values_list("shipping_address__address", flat=True)) == [
        "1 Main Street",
        "11 Main Street",
    ]


def test_the_country_of_an_address_is_kept_as_its_code(api, bought):
    bought["user"]["shipping_address"] = PLACE | {"country_code": "uk"}
    assert send_checkout(api, bought).status_code == 200
    assert Address.objects.get(address_type="shipping_address").country_code == "GB"


@pytest.mark.parametrize("country", ["zz", "EU", "United Kingdom"])
def test_an_unknown_country_is_an_error_of_the_address(api, bought, country):
    before = read_all_rows()
    bought["user"]["shipping_address"] = PLACE | {"country_code": country}
    answer = send_checkout(api, bought)
    sentence = f"There is no country {country}; give two letters, such as US."
    assert (answer.status_code, answer.json()) == (400, {"shipping_address": {"country_code": [sentence]}})
    assert read_all_rows() == before


def test_a_national_number_at_checkout_belongs_to_the_country_of_the_address(api, bought):
    bought["user"] |= {"phone_number": "9123456789", "shipping_address": MUMBAI, "billing_address": PLACE}
    assert send_checkout(api, bought).status_code == 200
    assert Customer.objects.get().phone_number == "9123456789"
    event = Event.objects.get(kind="ordergroove.subscriber.create")
    assert Profile.from_event(event).phone_number == "+919123456789"
    assert event.payload["phone_number"] == "+919123456789"


def test_a_national_number_in_a_file_belongs_to_the_country_of_the_address(bought, load):
    indian = HOME.replace(",US,", ",IN,")
    load(
        CUSTOMERS,
        f"{PERSON},{SHIPPING},{CARD}",
        f"{ANA},{indian},tok_1,4242,12/2030".replace("501-555-0100", "9123456789"),
    )
    load(
        SUBSCRIPTIONS,
        "external_id,merchant_user_id,external_product_id,every,every_period,start_date",
        "S-1,C-1001,coffee,1,months,2026-11-20",
    )
    assert (Customer.objects.get().phone_number, Address.objects.get().phone) == ("9123456789", "9123456789")
    cancel(Subscription.objects.get(), actor=STAFF)
    assert {Profile.from_event(event).phone_number for event in Event.objects.all()} == {"+919123456789"}


def test_a_new_address_abroad_takes_the_number_along_and_past_events_keep_theirs(api, bought):
    bought["user"] |= {"phone_number": "9123456789"}
    send_checkout(api, bought)
    customer, item = Customer.objects.get(), Item.objects.get()
    before = Event.objects.first()
    addresses.create(customer, actor=STAFF, **MUMBAI)
    assert Customer.objects.get().country_code == "IN"
    cancel(item.subscription, actor=STAFF)
    numbers = [Profile.from_event(event).phone_number for event in (before, Event.objects.last())]
    assert numbers == ["+19123456789", "+919123456789"]


def test_a_billing_address_abroad_says_nothing_about_the_phone(api, bought):
    bought["user"]["billing_address"] = MUMBAI
    send_checkout(api, bought)
    assert Customer.objects.get().country_code == "US"


def test_an_invalid_number_is_kept_as_typed_and_sent_nowhere(api, bought):
    bought["user"]["phone_number"] = "call 12"
    assert send_checkout(api, bought).status_code == 200
    event = Event.objects.get(kind="ordergroove.subscriber.create")
    assert Customer.objects.get().phone_number == "call 12"
    assert (event.payload["phone_number"], Profile.from_event(event).phone_number) == (None, None)
