"""The customer's payments, addresses, contact details and what other systems know, on the customer's page."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Connection, SentProfile
from oneclick.models import ActionToken
from subscriptions.actions import subscription as verbs
from subscriptions.models import Activity, Address, Customer, Event, Merchant, Order, Payment, Resource, Subscription
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
NEW_CARD = {"token_id": "tok_new", "payment_method": "credit card", "cc_type": "1", "cc_number_ending": "1881"}
ADDRESS = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "address": "22 Rue de l'Église",
    "city": "Lyon",
    "zip_postal_code": "69001",
    "country_code": "FR",
}


@pytest.fixture
def merchant(db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory()
    return merchant


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant, "support", first_name="Sue", last_name="Port")


@pytest.fixture
def subscription(merchant: Merchant) -> Subscription:
    return f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant))


def page(customer: Customer, part: str = "change") -> str:
    return f"/admin/subscriptions/customer/{customer.pk}/{part}/"


def press(client: Client, row: Any, verb: str, **answers: Any) -> str:
    """Press a button of the row; returns its message, or what is wrong with the form."""
    answer = client.post(f"/admin/subscriptions/{row._meta.model_name}/{row.pk}/{verb}/", answers)
    if answer.status_code == 200:
        return str(dict(answer.context["form"].errors.items()))
    customer = row if isinstance(row, Customer) else row.customer
    assert answer["Location"] == page(customer)
    return [str(message) for message in get_messages(answer.wsgi_request)][-1]


def test_a_payment_is_added_and_used_for_all(client: Client, subscription: Subscription) -> None:
    said = press(client, subscription.customer, "add-payment", **NEW_CARD, expires_on="02/2030")
    assert said == "Visa 1881 is added. “Use for all” puts it on the subscriptions."
    payment = Payment.objects.get(token_id="tok_new")
    assert (payment.expires_on, payment.cc_holder, payment.live) == (date(2030, 2, 28), None, True)
    said = press(client, payment, "use-for-all")
    assert said == "All active subscriptions and upcoming orders use Visa 1881."
    subscription.refresh_from_db()
    assert (subscription.payment, subscription.items.get().order.payment) == (payment, payment)
    assert Activity.objects.latest("pk").actor_name == "Sue Port"


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"cc_number_ending": "4242424242424242"}, "Enter the last four digits, never more."),
        ({"cc_number_ending": "42a2"}, "Enter the last four digits, never more."),
        ({"expires_on": "30/2030"}, "Enter month and year, such as 02/2030."),
        ({"token_id": ""}, "This field is required."),
    ],
)
def test_a_payment_with_a_fault_is_not_added(
    client: Client, subscription: Subscription, answers: dict[str, str], fault: str
) -> None:
    assert fault in press(client, subscription.customer, "add-payment", **(NEW_CARD | answers))
    assert Payment.objects.count() == 1


def test_a_payment_is_replaced_retired_and_used_again(client: Client, subscription: Subscription) -> None:
    old = subscription.payment
    assert press(client, old, "replace", **NEW_CARD) == "Visa 1881 takes the place of Visa 4242."
    subscription.refresh_from_db()
    assert subscription.payment.token_id == "tok_new"
    assert press(client, old, "reuse") == "Visa 4242 can be used again."
    assert press(client, old, "retire") == "Visa 4242 is retired."
    old.refresh_from_db()
    assert not old.live


def test_an_address_is_added_and_one_is_corrected(client: Client, subscription: Subscription) -> None:
    assert press(client, subscription.customer, "add-address", **ADDRESS).startswith(
        "22 Rue de l'Église, Lyon is added"
    )
    assert Address.objects.get(city="Lyon").company_name is None
    old = subscription.shipping_address
    dialog = client.get(f"/admin/subscriptions/address/{old.pk}/correct/").content.decode()
    assert 'value="1 Main Street"' in dialog
    said = press(client, old, "correct", **(ADDRESS | {"address": "23 Rue", "city": "Lyon"}))
    assert said == "The address is now 23 Rue, Lyon."
    subscription.refresh_from_db()
    assert (subscription.shipping_address.address, subscription.shipping_address.country_code) == ("23 Rue", "FR")


def test_contact_details_are_changed(client: Client, subscription: Subscription) -> None:
    customer = subscription.customer
    said = press(client, customer, "change-contact", email="new@shop.test", phone_number="", locale="fr-fr")
    assert said == "The contact details are saved. Events from now on go to them."
    customer.refresh_from_db()
    assert (customer.email, customer.phone_number, customer.locale) == ("new@shop.test", None, "fr-fr")
    assert [row.verb for row in Activity.objects.order_by("pk")] == [
        "customer.change_contact_details",
        "customer.change_locale",
    ]
    assert "Enter a valid email" in press(client, customer, "change-contact", email="new", locale="fr-fr")


def test_the_cards_say_what_uses_them_and_what_expires(
    client: Client, merchant: Merchant, subscription: Subscription
) -> None:
    today = timezone.now().date()
    customer = subscription.customer
    Payment.objects.update(expires_on=today + timedelta(days=20))
    f.PaymentFactory(customer=customer, cc_number_ending="1111", expires_on=today - timedelta(days=40))
    f.PaymentFactory(customer=customer, cc_number_ending="2222", live=False)
    text = visible_text(client.get(page(customer)))
    assert "Visa ending in 4242 Expires soon" in text and "Used by 1 subscription: House blend" in text
    assert "Visa ending in 1111 Expired" in text and "No active subscription uses it." in text
    assert "chevron_right 1 more Visa ending in 2222 Retired" in text


def test_access_is_shown_with_its_buttons(client: Client, merchant: Merchant, subscription: Subscription) -> None:
    assert "Grant access" not in visible_text(client.get(page(subscription.customer)))
    resource = Resource.objects.create(merchant=merchant, name="Brewing course", external_resource_id="BC")
    answers = {"resource": resource.pk, "days": 30, "subscription": subscription.pk}
    press(client, subscription.customer, "grant-access", **answers)
    text = visible_text(client.get(page(subscription.customer)))
    assert "Brewing course Has access Until" in text
    assert all(button in text for button in ("Change the end", "Revoke access", "Grant access"))


@pytest.mark.parametrize(
    ("told", "sentences"),
    [
        ({}, ["Klaviyo Active subscriber Told on", "Last event: Subscription Canceled", "ana@told.test"]),
        ({"status": "inactive"}, ["Klaviyo Inactive subscriber", "Here they are active by now."]),
        ({"status": ""}, ["Not told yet whether they subscribe."]),
        ({"erased_at": datetime(2026, 3, 1, tzinfo=UTC)}, ["Klaviyo Erased", "on February 28, 2026: nothing more"]),
    ],
    ids=["as it is", "outdated", "not told", "erased"],
)
def test_the_page_says_what_klaviyo_was_told(
    client: Client, merchant: Merchant, subscription: Subscription, told: dict[str, Any], sentences: list[str]
) -> None:
    klaviyo: Connection = f.ConnectionFactory(merchant=merchant)
    customer = subscription.customer
    verbs.cancel(f.subscription_with_order(customer=customer), actor=f.STAFF)
    assert "Nothing was sent about this customer yet." in visible_text(client.get(page(customer)))
    row = {
        "status": "active",
        "sent_at": timezone.now(),
        "email": "ana@told.test",
        "last_event": Event.objects.get().pk,
    }
    SentProfile.objects.create(connection=klaviyo, customer=customer, **(row | told))
    text = visible_text(client.get(page(customer)))
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_a_live_profile_has_a_link_to_klaviyo(client: Client, merchant: Merchant, subscription: Subscription) -> None:
    klaviyo: Connection = f.ConnectionFactory(merchant=merchant)
    SentProfile.objects.create(connection=klaviyo, customer=subscription.customer, remote_id="01ABC")
    link = b'href="https://www.klaviyo.com/profile/01ABC"'
    assert link in client.get(page(subscription.customer)).content
    Connection.objects.update(base_url="http://127.0.0.1:8000/sandbox/klaviyo")
    assert link not in client.get(page(subscription.customer)).content


def test_tokens_that_no_longer_work_are_folded_away(client: Client, subscription: Subscription) -> None:
    for _ in range(2):
        verbs.cancel(f.subscription_with_order(customer=subscription.customer), actor=f.STAFF)
    first = ActionToken.objects.order_by("pk")[0]
    ActionToken.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(days=1))
    html = client.get(page(subscription.customer, "tab"), {"name": "tokens"}).content.decode()
    shown, _, folded = html.partition("<details")
    assert shown.count("/admin/oneclick/actiontoken/") > 0 and f"actiontoken/{first.pk}/" not in shown
    assert f"actiontoken/{first.pk}/" in folded and "1 expired or revoked" in folded


def test_the_first_tab_is_open_and_one_that_is_none_is_not_found(client: Client, subscription: Subscription) -> None:
    foreign = f.CustomerFactory()
    first = client.get(page(subscription.customer, "tab"))
    assert 'aria-current="true">1-Click tokens</a>' in first.content.decode()
    assert client.get(page(subscription.customer, "tab"), {"name": "nothing"}).status_code == 404
    assert client.get(page(foreign, "tab"), {"name": "tokens"}).status_code == 404


def test_a_payment_and_an_address_have_their_place_on_the_customers_page(
    client: Client, subscription: Subscription
) -> None:
    for row in (subscription.payment, subscription.shipping_address):
        answer = client.get(f"/admin/subscriptions/{row._meta.model_name}/{row.pk}/change/")
        assert (answer.status_code, answer["Location"]) == (302, page(subscription.customer))


def make_much(customer: Customer) -> None:
    """120 subscriptions with 60 payments and addresses, 300 orders, 40 entitlements, 500 activities."""
    merchant = customer.merchant
    product = f.ProductFactory(merchant=merchant)
    payments = Payment.objects.bulk_create(f.PaymentFactory.build_batch(60, customer=customer, merchant=merchant))
    addresses = Address.objects.bulk_create(f.AddressFactory.build_batch(60, customer=customer, merchant=merchant))
    Subscription.objects.bulk_create(
        f.SubscriptionFactory.build(
            customer=customer,
            merchant=merchant,
            product=product,
            payment=payments[n % 60],
            shipping_address=addresses[n % 60],
        )
        for n in range(120)
    )
    Order.objects.bulk_create(
        f.OrderFactory.build(
            customer=customer,
            merchant=merchant,
            payment=payments[0],
            shipping_address=addresses[0],
            status=5 if n % 2 else 1,
            place_date=date(2027, 1, 1) + timedelta(days=n),
        )
        for n in range(300)
    )
    Activity.objects.bulk_create(
        Activity(
            merchant=merchant,
            customer=customer,
            verb="customer.change_locale",
            sentence=f"Act {n}",
            actor_kind="staff",
            actor_id="1",
            actor_name="Sam Staff",
        )
        for n in range(500)
    )


def test_the_page_is_as_long_for_much_as_for_very_much(client: Client, merchant: Merchant) -> None:
    f.ConnectionFactory(merchant=merchant)
    customer = f.CustomerFactory(merchant=merchant)
    make_much(customer)
    with CaptureQueriesContext(connection) as captured:
        html = client.get(page(customer)).content.decode()
    assert len(captured) <= 27
    assert html.count("data-payment=") <= 20 and html.count("data-address=") <= 20
    assert html.count("data-subscription=") == 20
    assert (html.count("staff-feed__line"), "Show older activity" in html) == (30, True)
    assert len(html) < 700_000
