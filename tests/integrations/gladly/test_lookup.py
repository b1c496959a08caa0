"""What a lookup answers: each row of the table, and the rule by which Gladly links profiles."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.gladly import matching
from integrations.models import Connection, GladlyRequest
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.models import Customer, Merchant, Order, Subscription
from tests.factories import STAFF, CancelReasonFactory, CustomerFactory, MerchantFactory, subscription_with_order
from tests.integrations.gladly.player import Gladly

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-20 12:00:00+00:00", tick=False)]
DAY = date(2026, 12, 1)
Connect, Play = Callable[..., Connection], Callable[[Connection], Gladly]


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = MerchantFactory(time_zone="UTC")
    return made


@pytest.fixture
def ana(merchant: Merchant) -> Customer:
    made: Customer = CustomerFactory(
        merchant=merchant, merchant_user_id="C-1001", email="Ana@Shop.test", phone_number="(501) 329-9800"
    )
    return made


@pytest.fixture
def connection(merchant: Merchant, connect: Connect) -> Connection:
    return connect(merchant)


@pytest.fixture
def gladly(connection: Connection, play: Play) -> Gladly:
    return play(connection)


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


@pytest.fixture
def subscription(ana: Customer) -> Subscription:
    made = subscription_with_order(
        DAY,
        customer=ana,
        merchant=ana.merchant,
        every=30,
        every_period=1,
        price=Decimal("12.99"),
        created="2026-01-31T10:00:00.999+01:00",
        updated="2026-10-02T08:00Z",
    )
    return Subscription.objects.get(pk=made.pk)


def test_a_linked_profile_gets_its_subscriptions(gladly, subscription):
    (result,) = gladly.detailed("C-1001", emails=["else@shop.test"], name="Else")
    assert result["externalCustomerId"] == "C-1001"
    assert result["customAttributes"] == {"subscriptionCount": "1", "activeSubscriptionCount": "1"}
    product, key = subscription.product, subscription.public_id.hex
    assert result["transactions"] == [
        {
            "type": "SUBSCRIPTION",
            "id": key,
            "status": "Active",
            "createdAt": "2026-01-31T09:00:00Z",
            "updatedAt": "2026-10-02T08:00:00Z",
            "billingFrequency": "Every 30 days",
            "nextBillingAt": "2026-12-01T00:00:00Z",
            "cancelledAt": "",
            "cancellationReason": "",
            "price": "12.99",
            "quantity": "2",
            "currencyCode": "USD",
            "products": [
                {
                    "id": product.external_product_id,
                    "name": "House blend",
                    "sku": product.sku,
                    "imageUrl": "https://shop.test/house-blend.png",
                }
            ],
            "actions": [
                {"name": "Cancel Order", "formUrl": f"{gladly.path}/actions/cancel/{key}"},
                {
                    "name": "Skip Next Order",
                    "formUrl": f"{gladly.path}/actions/skip/{key}/{Order.objects.get().public_id.hex}",
                },
            ],
        }
    ]


def test_a_cancelled_subscription_has_its_reason_and_no_buttons(gladly, subscription):
    CancelReasonFactory(merchant=subscription.merchant)
    subscription.product.sku = subscription.product.image_url = None
    subscription.product.save()
    subscription_verbs.cancel(subscription, actor=STAFF, reason="4|too much")
    card = gladly.card("C-1001")
    assert (card["status"], card["cancelledAt"], card["nextBillingAt"]) == ("Cancelled", "2026-11-20T12:00:00Z", "")
    assert (card["cancellationReason"], card["actions"]) == ("Overstocked (too much)", [])
    assert (card["products"][0]["sku"], card["products"][0]["imageUrl"]) == ("", "")


def values(value: Any) -> list[Any]:
    nested = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if nested is None else [each for part in nested for each in values(part)]


def test_every_value_is_a_text(gladly, subscription):
    subscription_with_order(customer=subscription.customer, merchant=subscription.merchant, price=None)
    subscription_verbs.cancel(subscription, actor=STAFF)
    assert {type(value) for value in values(gladly.detailed("C-1001"))} == {str}


@pytest.mark.parametrize("external", ["C-1002", "c-1001", "", "C-1001\0", None, 1001, ["C-2"], {"a": 1}, "x" * 999])
def test_a_linked_profile_of_an_unknown_id_gets_nobody_else(gladly, subscription, external):
    CustomerFactory(merchant_user_id="C-1002")  # of another merchant
    query = {"externalCustomerId": external, "emails": ["ana@shop.test"], "phones": ["+15013299800"]}
    assert gladly.look_up("DETAILED", query, unique=True) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"lookupLevel":"FULL","query":{"emails":["ana@shop.test"]}}',
        b'{"lookupLevel":["BASIC"],"query":{"emails":["ana@shop.test"]}}',
        b'{"lookupLevel":{},"query":{"emails":["ana@shop.test"]}}',
        b'{"query":{"emails":["ana@shop.test"]}}',
        b'{"lookupLevel":"BASIC","query":["ana@shop.test"]}',
        b'{"lookupLevel":"BASIC"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_lookup_finds_nobody(gladly, ana, body):
    answer = gladly.request("POST", gladly.path, body)
    assert (answer.status_code, answer.json()) == (200, {"results": []})


def test_a_slash_at_the_end_makes_no_difference(gladly, ana):
    gladly.path += "/"
    assert ids(gladly.basic(emails=["ana@shop.test"])) == ["C-1001"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_posts_look_up(gladly, ana, method):
    assert gladly.request(method, gladly.path).status_code == 405


@pytest.mark.parametrize(
    ("enabled", "names"),
    [
        ([], []),
        (["cancel"], ["Cancel Order"]),
        (["skip"], ["Skip Next Order"]),
        (["skip", "cancel"], ["Cancel Order", "Skip Next Order"]),
    ],
)
def test_only_activated_actions_have_a_button(gladly, connection, subscription, enabled, names):
    connection.gladly.actions_enabled = enabled
    connection.gladly.save()
    assert [action["name"] for action in gladly.card("C-1001")["actions"]] == names


def test_guards_take_buttons_away(gladly, subscription):
    Order.objects.update(locked=True)
    assert [action["name"] for action in gladly.card("C-1001")["actions"]] == ["Cancel Order"]
    Subscription.objects.update(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=1, renewal_behavior=Subscription.Renewal.CANCEL
    )
    assert gladly.card("C-1001")["actions"] == []


def test_keys_type_and_addresses_follow_the_settings(gladly, subscription, settings):
    settings.GLADLY_TRANSACTION_TYPE = "ORDER"
    settings.GLADLY_TRANSACTION_KEYS = {"nextBillingAt": "nextOrderAt", "products": "lineItems"}
    settings.GLADLY_FORM_URL_MODE = "append"
    card = gladly.card("C-1001")
    assert (card["type"], card["nextOrderAt"]) == ("ORDER", "2026-12-01T00:00:00Z")
    assert card["lineItems"][0]["name"] == "House blend"
    assert not {"nextBillingAt", "products"} & set(card)
    path = card["actions"][0]["formUrl"]
    assert path == f"/actions/cancel/{subscription.public_id.hex}"
    for base in (gladly.path, gladly.path + "/"):
        assert gladly.request("GET", base + path).json()["actionUrl"] == path


def test_each_request_is_logged_with_what_was_found(gladly, connection, ana):
    CustomerFactory(merchant=ana.merchant, email="ana@shop.test")
    gladly.basic(emails=["ana@shop.test"])
    gladly.detailed("C-1001")
    gladly.detailed("C-0")
    gladly.key = "wrong"
    gladly.request("POST", gladly.path, {})
    columns = ("connection", "merchant", "kind", "outcome", "found", "correlation_id", "subject")
    key, signature = "vXmSEPjVSWCaCMzvjufxZg", "The signature does not fit the request and the signing key."
    own = (connection.pk, connection.merchant_id)
    assert list(GladlyRequest.objects.order_by("pk").values_list(*columns)) == [
        (*own, "basic", "answered", "2 customers", key, None),
        (*own, "detailed", "answered", "1 customer", key, None),
        (*own, "detailed", "nothing", "", key, None),
        (*own, "other", "unauthorized", f"Gladly-Authorization: {signature}", key, None),
    ]
    assert all(row.milliseconds < 10_000 and "ana" not in str(vars(row)) for row in GladlyRequest.objects.all())


def test_refused_requests_are_not_all_logged(gladly):
    gladly.key = "wrong"
    for _ in range(62):
        gladly.request("POST", gladly.path, {})
    assert GladlyRequest.objects.count() == 60


@pytest.mark.parametrize("subscriptions", [1, 6])
def test_the_number_of_statements_does_not_grow(gladly, ana, subscriptions, django_assert_num_queries):
    for n in range(subscriptions):
        subscription_with_order(date(2026, 12, 1 + n), customer=ana, merchant=ana.merchant)
        CustomerFactory(merchant=ana.merchant, email="ana@shop.test")
    # The connection, the limits, addresses, numbers, the counts, the log's two; and the ends of two transactions.
    with django_assert_num_queries(7 + 4):
        gladly.basic(emails=["ana@shop.test", "else@shop.test"], phones=["+15013299800", "+15013299801"])
    # The connection, the limits, the customer, the count, the subscriptions, their items, the log's two.
    with django_assert_num_queries(8 + 4):
        gladly.detailed("C-1001")


def test_terms_beyond_the_fiftieth_are_not_looked_for(gladly, ana):
    emails = [f"a{n:03}@shop.test" for n in range(matching.MOST_TERMS)]
    assert ids(gladly.basic(emails=[*emails[1:], "ana@shop.test"])) == ["C-1001"]
    assert ids(gladly.basic(emails=[*emails, "ana@shop.test"])) == []
