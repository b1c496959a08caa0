"""Card data comes clear or encrypted, and only the last four digits of a number are ever kept."""

import json
import logging
from datetime import date, timedelta
from urllib.parse import quote

import pytest

from subscriptions.models import Payment
from subscriptions.placement import aes
from tests.api.shop import send_checkout
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

KEY = "0123456789abcdef0123456789abcdef"
NUMBER = "4111111111111111"
# Both encrypted texts hold a `+`; the second begins with one.
WITH_PLUS = aes.encrypt_text("12/2030", KEY)
PLUS_FIRST = aes.encrypt_text("Ana 12", KEY)


@pytest.fixture
def merchant(merchant):
    merchant.storefront_key = KEY
    merchant.save()
    return merchant


def encrypt(text: str) -> str:
    return aes.encrypt_text(text, KEY)


def test_holder_number_and_expiry_may_each_be_encrypted(api, bought):
    card = {"cc_holder": encrypt("Ana Ruiz"), "cc_number": encrypt(NUMBER), "cc_exp_date": encrypt("12/2030")}
    bought["payment"] |= card
    assert send_checkout(api, bought).status_code == 200
    row = Payment.objects.get()
    assert (row.cc_holder, row.cc_number_ending, row.expires_on) == ("Ana Ruiz", "1111", date(2030, 12, 31))


@pytest.mark.parametrize(
    ("name", "sent", "column", "kept"),
    [
        ("cc_holder", "Ana Ruiz", "cc_holder", "Ana Ruiz"),
        ("cc_holder", " Ana Ruiz ", "cc_holder", "Ana Ruiz"),
        (
            "cc_holder",
            encrypt("Zoë van der Berg-Müller auf dem Sand"),
            "cc_holder",
            "Zoë van der Berg-Müller auf dem Sand",
        ),
        ("cc_holder", PLUS_FIRST.replace("+", " "), "cc_holder", "Ana 12"),
        ("cc_holder", encrypt("A" * 256), "cc_holder", "A" * 255),
        ("cc_number", NUMBER, "cc_number_ending", "1111"),
        ("cc_number", int(NUMBER), "cc_number_ending", "1111"),
        ("cc_number", "4111 1111 1111 1111", "cc_number_ending", "1111"),
        ("cc_number", "4242", "cc_number_ending", "4242"),
        ("cc_number", "XXXX-XXXX-XXXX-4242", "cc_number_ending", "4242"),
        ("cc_number", encrypt("************4242"), "cc_number_ending", "4242"),
        ("cc_number", encrypt("4242"), "cc_number_ending", "4242"),
        ("cc_exp_date", WITH_PLUS.replace("+", " "), "expires_on", date(2030, 12, 31)),
        ("cc_exp_date", quote(WITH_PLUS, safe=""), "expires_on", date(2030, 12, 31)),
        ("cc_exp_date", f"{WITH_PLUS[:20]}\r\n{WITH_PLUS[20:]}", "expires_on", date(2030, 12, 31)),
        ("cc_exp_date", " 1 / 2031 ", "expires_on", date(2031, 1, 31)),
        ("cc_exp_date", "01-31", "expires_on", date(2031, 1, 31)),
        ("cc_exp_date", encrypt("12/2099"), "expires_on", date(2099, 12, 31)),
        ("cc_exp_date", encrypt("/"), "expires_on", None),
        ("cc_exp_date", "", "expires_on", None),
    ],
)
def test_card_data_is_understood_however_it_comes(api, bought, name, sent, column, kept):
    bought["payment"][name] = sent
    assert send_checkout(api, bought).status_code == 200
    assert getattr(Payment.objects.get(), column) == kept


def test_the_encrypted_texts_of_these_tests_hold_the_plus_they_need():
    assert "+" in WITH_PLUS
    assert PLUS_FIRST.startswith("+")


@pytest.mark.parametrize("number", [NUMBER, encrypt(NUMBER), quote(encrypt(NUMBER), safe="")])
@pytest.mark.parametrize("wrong", [{}, {"cc_exp_date": "13/2030"}, {"cc_type": "none"}])
def test_a_whole_number_is_in_no_row_answer_or_log(api, bought, caplog, number, wrong):
    caplog.set_level(logging.DEBUG)
    bought["payment"] |= {"cc_number": number, **wrong}
    answer = send_checkout(api, bought, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == (400 if "cc_exp_date" in wrong else 200)
    seen = json.dumps(read_all_rows(), default=str) + answer.content.decode() + caplog.text
    assert NUMBER not in seen
    assert number not in seen


@pytest.mark.parametrize(
    ("name", "sent"),
    [("cc_holder", "Ana Ruiz"), ("cc_number", NUMBER), ("cc_exp_date", "12/2030")],
)
def test_card_data_under_another_key_is_refused_and_not_repeated(api, bought, name, sent):
    encrypted = aes.encrypt_text(sent, "another key of 32 characters....")
    bought["payment"][name] = encrypted
    before = read_all_rows()
    answer = send_checkout(api, bought)
    assert answer.status_code == 400
    sentence = "It is encrypted, but not under this merchant's storefront key."
    assert answer.json() == {"payment": {name: [sentence]}}
    assert read_all_rows() == before


def test_after_a_rotation_card_data_under_the_old_key_is_read_for_a_day(api, bought, merchant, noon):
    merchant.set_storefront_key("n" * 32)
    bought["payment"]["cc_holder"] = encrypt("Ana Ruiz")
    noon.shift(timedelta(hours=24, seconds=-1))
    assert send_checkout(api, bought).status_code == 200
    assert Payment.objects.get().cc_holder == "Ana Ruiz"
    noon.shift(timedelta(seconds=1))
    assert send_checkout(api, bought | {"merchant_order_id": "1225"}).status_code == 400
