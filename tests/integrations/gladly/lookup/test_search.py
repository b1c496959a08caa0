"""Whom a search finds, and what it answers of them."""

from typing import Any

import pytest

from integrations.gladly import matching
from subscriptions.models import Customer
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]


def ids(results: list[dict[str, Any]]) -> list[str]:
    return [result["externalCustomerId"] for result in results]


@pytest.mark.parametrize(
    "query",
    [
        {"emails": ["ana@shop.test"]},
        {"emails": ["nobody@shop.test", " ANA@shop.test "]},
        {"emails": "ana@shop.test"},
        {"email": "ana@shop.test"},
        {"email": ["ana@shop.test"]},
        {"phones": ["+15013299800"]},
        {"phones": "+1 501-329-9800"},
        {"phone": "501 329 9800"},
        {"id": "o2sg", "name": "Somebody Else", "emails": ["ana@shop.test"], "phones": ["+15013299800"]},
        {"emails": ["nobody@shop.test"], "phones": ["+15013299800"]},
        {"emails": [None, 7, {}, "\0", "ana@shop.test"], "phones": {"+1": 1}},
    ],
)
def test_a_search_finds_by_address_and_number(gladly, ana, query):
    CustomerFactory(merchant=ana.merchant, phone_number="+15013299801")
    CustomerFactory(email="ana@shop.test")  # of another merchant
    assert ids(gladly.basic(**query)) == ["C-1001"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"name": "Ana Ruiz"},
        {"id": "C-1001"},
        {"externalCustomerId": "C-1001"},
        {"emails": ["ana@shop"]},
        {"emails": ["%@shop.test"]},
        {"emails": [""]},
        {"emails": ["\ud800@shop.test"]},
        {"phones": ["9800"]},
        {"phones": ["+445013299800"]},
        {"phones": ["+15013299801"]},
        {"phones": [""]},
    ],
)
def test_what_matches_nobody_finds_nobody(gladly, ana, query):
    Customer.objects.filter(pk=ana.pk).update(email="")
    CustomerFactory(merchant=ana.merchant, email="other@shop.test", phone_number="")
    if "emails" not in query and "phones" not in query:
        Customer.objects.filter(pk=ana.pk).update(email="ana@shop.test")
    assert gladly.basic(**query) == []


def test_a_number_is_compared_in_the_country_of_its_customer(gladly, merchant):
    for name, country, phone in [("DE", "DE", "030 901820"), ("US", None, "030901820"), ("FR", "FR", "030901820")]:
        CustomerFactory(merchant=merchant, merchant_user_id=name, country_code=country, phone_number=phone)
    assert ids(gladly.basic(phones=["+4930901820"])) == ["DE"]


def test_everybody_who_matches_is_answered_and_none_is_picked(gladly, ana):
    CustomerFactory(merchant=ana.merchant, merchant_user_id="C-2", email="ANA@SHOP.TEST", phone_number=None)
    CustomerFactory(merchant=ana.merchant, merchant_user_id="C-3", phone_number="+1 501 329 9800")
    assert ids(gladly.basic(emails=["ana@shop.test"], phones=["+15013299800"])) == ["C-1001", "C-2", "C-3"]


@pytest.mark.parametrize("number", [19, 20, 21])
def test_at_most_twenty_are_answered(gladly, merchant, number):
    for n in range(number):
        CustomerFactory(merchant=merchant, merchant_user_id=f"C-{n}", email="shared@shop.test")
    assert ids(gladly.basic(emails=["shared@shop.test"])) == [f"C-{n}" for n in range(min(number, 20))]


@pytest.mark.parametrize(("kind", "shown"), [(None, "MOBILE"), (2, "MOBILE"), (1, "HOME"), (3, "OTHER"), (0, "OTHER")])
def test_a_search_answers_a_profile_without_subscriptions(gladly, ana, kind, shown):
    Customer.objects.update(phone_type=kind)
    assert gladly.basic(emails=["ana@shop.test"]) == [
        {
            "externalCustomerId": "C-1001",
            "name": "Ana Ruiz",
            "emails": [{"original": "Ana@Shop.test"}],
            "phones": [{"original": "+15013299800", "type": shown}],
            "customAttributes": {"subscriptionCount": "0", "activeSubscriptionCount": "0"},
        }
    ]


def test_a_profile_has_only_what_the_customer_has(gladly, ana):
    Customer.objects.update(first_name="", last_name="", email="", phone_number="")
    (result,) = gladly.detailed("C-1001")
    assert (result["name"], result["emails"], result["phones"], result["transactions"]) == ("", [], [], [])


def test_a_slash_at_the_end_makes_no_difference(gladly, ana):
    gladly.path += "/"
    assert ids(gladly.basic(emails=["ana@shop.test"])) == ["C-1001"]


def test_terms_beyond_the_fiftieth_are_not_looked_for(gladly, ana):
    emails = [f"a{n:03}@shop.test" for n in range(matching.MOST_TERMS)]
    assert ids(gladly.basic(emails=[*emails[1:], "ana@shop.test"])) == ["C-1001"]
    assert ids(gladly.basic(emails=[*emails, "ana@shop.test"])) == []
