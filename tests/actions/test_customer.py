from datetime import UTC, datetime, timedelta

import pytest

from subscriptions.actions import customer as verbs
from subscriptions.models import Customer
from tests.actions import contract
from tests.factories import STAFF, CustomerFactory, MerchantFactory

pytestmark = pytest.mark.django_db
ANA = {"merchant_user_id": "C-1", "first_name": "Ana", "last_name": "Ruiz", "email": " ana@shop.test "}
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def test_a_customer_is_created_once_per_merchant():
    merchant = MerchantFactory(locale="fr-ca")
    act = contract.assert_emits([], lambda: verbs.create(merchant, actor=STAFF, **ANA))
    row = Customer.objects.get()
    assert act.subject == row
    assert (row.merchant, row.merchant_user_id, row.email, row.locale) == (merchant, "C-1", "ana@shop.test", "fr-ca")
    contract.assert_refused("customer_exists", lambda: verbs.create(merchant, actor=STAFF, **ANA))
    verbs.create(MerchantFactory(), actor=STAFF, **ANA)


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_creations_one_acts():
    merchant = MerchantFactory()
    outcomes = contract.run_twice_at_once(lambda: verbs.create(merchant, actor=STAFF, **ANA))
    assert outcomes == ["customer_exists", "done"]
    assert Customer.objects.count() == 1


def test_contact_details_change_and_a_wrong_address_is_refused():
    customer = CustomerFactory()
    contract.assert_emits(
        [],
        lambda: verbs.change_contact_details(customer, actor=STAFF, email="new@shop.test", phone_number="+15013299801"),
    )
    row = Customer.objects.get()
    assert (row.email, row.phone_number) == ("new@shop.test", "+15013299801")
    assert row.last_updated > customer.last_updated
    contract.assert_refused(
        "invalid_value",
        lambda: verbs.change_contact_details(customer, actor=STAFF, email="new at shop", phone_number=None),
    )


@pytest.mark.parametrize(("given", "kept"), [("fr-ca", "fr-ca"), ("es_ES", "es-es"), ("DE", "de")])
def test_a_locale_is_read_whatever_its_case_and_dash(given, kept):
    customer = CustomerFactory()
    contract.assert_emits([], lambda: verbs.change_locale(customer, actor=STAFF, locale=given))
    assert Customer.objects.get().locale == kept


@pytest.mark.parametrize("given", ["", "english please", "x", "fr-ca-", "fr-" + "x" * 30])
def test_an_invalid_locale_is_refused(given):
    customer = CustomerFactory()
    contract.assert_refused("invalid_locale", lambda: verbs.change_locale(customer, actor=STAFF, locale=given))


def test_the_clock_of_a_test_customer_moves_forward_and_dates_their_actions(noon):
    customer = CustomerFactory(is_test=True)
    then = NOON + timedelta(days=40)
    contract.assert_emits([], lambda: verbs.move_clock(customer, to=then, actor=STAFF))
    act = verbs.change_locale(customer, actor=STAFF, locale="de")
    row = Customer.objects.get()
    assert row.clock == row.last_updated == act.activity.at == then
    contract.assert_refused("clock_out_of_range", lambda: verbs.move_clock(customer, to=NOON, actor=STAFF))
    contract.assert_refused(
        "clock_out_of_range", lambda: verbs.move_clock(customer, to=then + timedelta(days=367), actor=STAFF)
    )
    verbs.move_clock(customer, to=None, actor=STAFF)
    verbs.change_locale(customer, actor=STAFF, locale="fr")
    assert Customer.objects.get().last_updated == NOON


def test_only_test_customers_have_a_clock(noon):
    customer = CustomerFactory()
    contract.assert_refused("not_a_test_customer", lambda: verbs.move_clock(customer, to=NOON, actor=STAFF))
