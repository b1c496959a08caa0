from datetime import UTC, date, datetime

import pytest
import time_machine

from subscriptions.importing.customers import CUSTOMERS
from subscriptions.models import Address, Customer, Merchant, Payment
from tests.factories import CustomerFactory
from tests.importing.conftest import Load

PERSON = "merchant_user_id,first_name,last_name,email"
ANA = "C-1,Ana,Ruiz,ana@mail.test"
ADDRESS = ("address", "city", "state_province_code", "zip_postal_code", "country_code")
SHIPPING = ",".join(f"shipping_{name}" for name in ADDRESS)
CARD = "payment_token_id,cc_type,cc_number_ending,cc_exp_date"
WHOLE = [f"{PERSON},{SHIPPING},{CARD}", f"{ANA},1 Main St,Boise,ID,83702,US,tok_1,visa,4242,02/2030"]


def problems(load: Load, column: str, value: str) -> list[str]:
    return [str(each) for each in load(CUSTOMERS, f"{PERSON},{column}", f"{ANA},{value}").problems]


def test_a_row_becomes_a_customer_with_address_and_payment(load: Load, merchant: Merchant) -> None:
    assert str(load(CUSTOMERS, *WHOLE)) == "1 created, 0 updated, 0 unchanged"
    customer = Customer.objects.get()
    assert (customer.merchant, customer.merchant_user_id, customer.locale) == (merchant, "C-1", "en-us")
    address = Address.objects.get()
    assert (address.merchant, address.customer, address.live) == (merchant, customer, True)
    assert (address.address, address.first_name, address.address_type) == (
        "1 Main St",
        "Ana",
        "shipping_address",
    )
    payment = Payment.objects.get()
    assert (payment.merchant, payment.customer, payment.token_id) == (merchant, customer, "tok_1")
    assert (payment.cc_number_ending, payment.cc_type, payment.expires_on) == ("4242", 1, date(2030, 2, 28))
    assert payment.payment_method == "credit card"


def test_running_twice_changes_nothing(load: Load) -> None:
    load(CUSTOMERS, *WHOLE)
    before = list(Customer.objects.values()), list(Address.objects.values()), list(Payment.objects.values())
    assert str(load(CUSTOMERS, *WHOLE)) == "0 created, 0 updated, 1 unchanged"
    assert before == (
        list(Customer.objects.values()),
        list(Address.objects.values()),
        list(Payment.objects.values()),
    )


def test_a_changed_name_updates_and_a_changed_address_is_added(load: Load) -> None:
    load(CUSTOMERS, *WHOLE)
    moved = [WHOLE[0], WHOLE[1].replace("Ruiz", "Ruiz Vega").replace("1 Main St", "2 Elm Ave")]
    assert str(load(CUSTOMERS, *moved)) == "0 created, 1 updated, 0 unchanged"
    assert Customer.objects.get().last_name == "Ruiz Vega"
    assert list(Address.objects.order_by("pk").values_list("address", flat=True)) == [
        "1 Main St",
        "2 Elm Ave",
    ]
    assert Payment.objects.count() == 1


def test_a_column_left_out_keeps_its_value_and_an_empty_cell_clears(load: Load, merchant: Merchant) -> None:
    CustomerFactory(merchant=merchant, merchant_user_id="C-1", price_code="VIP")
    load(CUSTOMERS, f"{PERSON},phone_number", f"{ANA},")
    customer = Customer.objects.get()
    assert (customer.phone_number, customer.price_code) == (None, "VIP")


def test_the_same_id_at_another_merchant_is_another_customer(load: Load, merchant: Merchant) -> None:
    other = CustomerFactory(merchant_user_id="C-1", first_name="Olga")
    assert str(load(CUSTOMERS, PERSON, ANA)) == "1 created, 0 updated, 0 unchanged"
    other.refresh_from_db()
    assert other.first_name == "Olga"
    assert merchant.customers.get().first_name == "Ana"


@time_machine.travel("2026-11-20 12:00:00+00:00", tick=False)
def test_moments_are_read_in_the_merchants_zone(load: Load) -> None:
    load(CUSTOMERS, f"{PERSON},created,last_login", f"{ANA},2026-03-08 02:30:00,2026-01-31T10:00:00Z")
    customer = Customer.objects.get()
    assert customer.created == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)  # the clocks skip 02:30 that night
    assert customer.last_login == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("written", ["(212) 555-0123", "+44 20 7946 0958", "0044 20 7946 0958"])
def test_phone_numbers_are_kept_as_they_are_written(load: Load, written: str) -> None:
    assert problems(load, "phone_number", written) == []
    assert Customer.objects.get().phone_number == written


def test_numbers_that_are_not_valid_are_kept_and_their_lines_named(load: Load) -> None:
    people = [f"C-{n},Ana,Ruiz,ana@mail.test" for n in range(1, 4)]
    report = load(CUSTOMERS, f"{PERSON},phone_number", f"{people[0]},12", f"{people[1]},call", f"{people[2]},")
    assert report.problems == []
    assert report.notices == [
        "Phone numbers that are not valid in the customer's country: 2, on lines 2, 3. "
        "They are kept as they are and sent to nobody; write them like +12125550123."
    ]
    numbers = Customer.objects.order_by("merchant_user_id").values_list("phone_number", flat=True)
    assert list(numbers) == ["12", "call", None]


def test_another_spelling_of_what_is_stored_changes_nothing(load: Load) -> None:
    columns, phones = f"{PERSON},phone_number,{SHIPPING},shipping_phone", ("(208) 555-0123", "208-555-0124")
    load(CUSTOMERS, columns, f"{ANA},{phones[0]},1 Main St,Boise,ID,83702,US,{phones[1]}")
    again = "C-1,Ana,Ruiz,Ana@Mail.test,+12085550123,1  MAIN ST,boise,id,83702,us,+12085550124"
    assert str(load(CUSTOMERS, columns, again)) == "0 created, 0 updated, 1 unchanged"
    assert (Customer.objects.get().phone_number, Address.objects.get().phone) == phones


BAD_CELLS = [
    ("phone_type", "fax", "“fax” is unknown; write one of: 0, invalid, 1, landline, 2, mobile, 3, voip."),
    ("locale", "english", "“english” is not a locale; write it like en-us."),
    ("is_test", "maybe", "“maybe” is neither true nor false; write one of the two."),
    ("extra_data", "[1]", '“[1]” is not a JSON object; write it like {"roast": "light"}.'),
    ("created", "31.01.2026", "“31.01.2026” is not a date and time; write it like 2026-01-31 14:30:00."),
    ("created", "2999-01-01", "“2999-01-01” is not a date and time; write it like 2026-01-31 14:30:00."),
    ("created", "2199-01-01", "“2199-01-01” is in the future; only what has happened can be imported."),
    ("price_code", "x" * 65, "has 65 characters; shorten it to at most 64."),
    ("cc_exp_date", "13/2030", "“13/2030” is not an expiry date; write it like 02/2030."),
    ("cc_number_ending", "42", "“42” is not four digits; give the last four of the card."),
    ("shipping_country_code", "USA", "“USA” is not a country code; write two letters, such as US."),
]


@pytest.mark.parametrize(("column", "value", "sentence"), BAD_CELLS)
def test_a_bad_cell_is_refused_with_what_to_write(load: Load, column: str, value: str, sentence: str) -> None:
    assert problems(load, column, value) == [f"line 2, {column}: {sentence}"]
    assert not Customer.objects.exists()


def test_an_id_with_a_slash_is_refused(load: Load) -> None:
    report = load(CUSTOMERS, PERSON, "a/b,Ana,Ruiz,ana@mail.test")
    assert str(report.problems[0]).endswith("“a/b” contains a slash; ids cannot have one.")


@pytest.mark.parametrize(
    ("column", "number"),
    [
        ("cc_number_ending", "4242 4242 4242 4242"),
        ("payment_token_id", "4242424242424242"),
        ("cc_holder", "378282246310005"),
        ("phone_number", "4242424242424242"),
        ("payment_label", "4012-8888-8888-1881"),
    ],
)
def test_a_full_card_number_is_refused_and_not_repeated(load: Load, column: str, number: str) -> None:
    (problem,) = problems(load, column, number)
    assert "holds a full card number, which is never kept" in problem
    assert number[:4] not in problem.removeprefix("line 2, ")
    assert not Customer.objects.exists()


def test_digits_of_a_card_in_the_wrong_column_are_not_repeated(load: Load) -> None:
    (problem,) = problems(load, "phone_type", "4242424242424242")
    assert "4242" not in problem


def test_half_an_address_and_half_a_payment_are_refused(load: Load) -> None:
    report = load(CUSTOMERS, f"{PERSON},{SHIPPING},{CARD}", f"{ANA},,Boise,ID,83702,US,,visa,,")
    assert [str(each) for each in report.problems] == [
        "line 2, shipping_address: is empty; an address needs it.",
        "line 2, payment_token_id: is empty; a payment needs the platform's token for it.",
        "line 2, cc_number_ending: is empty; a card needs its last four digits.",
    ]
    assert not Customer.objects.exists()


def test_paypal_needs_no_card(load: Load) -> None:
    load(CUSTOMERS, f"{PERSON},payment_token_id,payment_method,cc_exp_date", f"{ANA},pp_1,PayPal,12/2099")
    payment = Payment.objects.get()
    assert (payment.payment_method, payment.cc_number_ending, payment.cc_exp_date) == (
        "paypal",
        None,
        "12/2099",
    )
