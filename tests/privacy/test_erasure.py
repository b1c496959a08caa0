"""A customer is erased: nothing of them is left, nobody else loses anything, and figures stay."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from integrations.klaviyo.runs import status
from integrations.models import Attempt, Delivery, Erasure, ProfileRun, SentProfile
from integrations.privacy.erasing import erase_customer, settle
from integrations.privacy.export import export_customer, table_name
from integrations.privacy.traces import TRACES
from oneclick.models import ActionToken
from subscriptions.actions import customer as customer_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.actions.customer_erasure import ways_to_customer
from subscriptions.errors import NotFound, Refused
from subscriptions.figures.business import ROLL_UP, read_business
from subscriptions.models import (
    Activity,
    ApiRequest,
    AuditEntry,
    CheckoutRequest,
    Customer,
    ImportRun,
    Merchant,
    Order,
    OrderStatus,
    Subscription,
)
from tests import factories as f
from tests.admin.conftest import login as login
from tests.admin.conftest import make_world
from tests.admin.pages import visible_text
from tests.privacy.full_customer import EMAIL, MARKER, PHONE, SHOP_ID, find_in_database, make_full_customer
from tests.rows import read_all_rows
from tests.shared import shared_rows

Login = Callable[..., Client]
pytestmark = pytest.mark.django_db
TEXTS = (MARKER, PHONE, SHOP_ID, EMAIL)
# No row of these models is about one customer. `ActiveChange` and `GainedItem` hold keys and amounts alone.
# fmt: off
IMPERSONAL = {
    "ActiveChange", "ActiveCount", "ApiKey", "BulkRun", "CancelReason", "CohortCount", "Connection", "Coupon",
    "DailyCancellations", "DailyClicks", "DailyFigure", "DeliveryMinute", "Discount", "Forecast", "ForecastFigure",
    "GainedItem", "GatewaySettings", "GladlyAccount", "Heartbeat", "ImportPart", "Invitation", "JobRun",
    "LandingPage", "Membership", "Merchant", "MessageText", "Offer", "OfferProfile", "OneClickSettings",
    "OrderDispatch", "PaceWindow", "Product", "ProductGroup", "Product_groups", "ProductRelationship", "Replacement",
    "Replay", "Resource", "ResourceGrant", "RoleSwitch", "RollUp", "SandboxFault", "SandboxQuota", "SavedLink",
    "SecondFactor", "StaffSession", "StaleFact", "Tag", "WebhookTarget",
}
# fmt: on


@pytest.fixture(scope="module")
def kept_customer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    with shared_rows(django_db_blocker):
        merchant = make_world("Home").merchant
        # A file that waits would be in the way.
        ImportRun.objects.filter(merchant=merchant).update(state="done", finished=timezone.now())
        yield make_full_customer(merchant).pk


@pytest.fixture
def customer(kept_customer: int, db: None) -> Customer:
    return Customer.objects.select_related("merchant").get(pk=kept_customer)


@pytest.fixture
def merchant(customer: Customer) -> Merchant:
    return customer.merchant


def finish_at_klaviyo() -> None:
    ProfileRun.objects.filter(kind="erasure").update(state="done", finished=timezone.now())


def settle_later(time_machine: Any, seconds: int = 601) -> None:
    time_machine.move_to(timezone.now() + timedelta(seconds=seconds))
    settle()


def test_no_text_of_an_erased_customer_is_left_in_the_database(customer: Customer, time_machine: Any) -> None:
    assert len(find_in_database(*TEXTS)) > 40
    erase_customer(customer, actor=f.STAFF)
    connection.check_constraints()
    left = {row.partition(":")[0] for row in find_in_database(*TEXTS)}
    assert left == {"integrations_sentprofile", "integrations_erasure"}
    finish_at_klaviyo()
    settle_later(time_machine)
    assert find_in_database(*TEXTS) == []
    assert not CheckoutRequest.objects.filter(merchant_order_id="Z-1224").exists()
    assert Subscription.objects.filter(customer=customer).exclude(external_id=None, merchant_order_id=None).count() == 0


def test_what_comes_late_is_erased_once_klaviyo_has_deleted_the_profile(customer: Customer, time_machine: Any) -> None:
    erase_customer(customer, actor=f.STAFF)
    ApiRequest.objects.create(
        merchant=customer.merchant, method="GET", path=f"/api/customers/{SHOP_ID}/", status=200, request_id="late"
    )
    Attempt.objects.filter(delivery__event__customer=customer).update(detail=MARKER)
    settle_later(time_machine)
    assert Erasure.objects.get().settled_at is None
    assert SentProfile.objects.get(customer=customer.pk).email == EMAIL.lower()
    ProfileRun.objects.filter(kind="erasure").update(finished=None, connection=f.ConnectionFactory().pk)
    ProfileRun.objects.update(finished=timezone.now())
    settle_later(time_machine)
    assert find_in_database(*TEXTS) == []
    assert ApiRequest.objects.get(request_id="late").path == f"/api/customers/erased-{customer.pk}/"
    assert Erasure.objects.get().settled_at and Erasure.objects.get().identifiers == {}


def test_what_comes_within_ten_minutes_waits_for_its_end(customer: Customer, time_machine: Any) -> None:
    erase_customer(customer, actor=f.STAFF)
    finish_at_klaviyo()
    settle_later(time_machine, 590)
    assert Erasure.objects.get().settled_at is None


def test_an_erasure_that_fails_holds_up_no_other(customer: Customer, time_machine: Any) -> None:
    other = f.CustomerFactory(merchant=customer.merchant)
    for each in (customer, other):
        erase_customer(each, actor=f.STAFF)
    finish_at_klaviyo()
    Erasure.objects.filter(customer=customer).update(identifiers={"orders": []})
    settle_later(time_machine)
    assert [each.settled_at is None for each in Erasure.objects.order_by("pk")] == [True, False]


def test_others_lose_nothing(merchant: Merchant, customer: Customer) -> None:
    other = Customer.objects.get(merchant=merchant, first_name="Home")
    away = Customer.objects.get(merchant=make_world("Away").merchant)
    account = f.ConnectionFactory(merchant=merchant, name="Attentive", integration="attentive")
    SentProfile.objects.create(connection=account, customer=other, email="home@shop.test", status="active")
    before = ["".join(export_customer(each)).partition("\n")[2] for each in (other, away)]
    erase_customer(customer, actor=f.STAFF)
    assert ["".join(export_customer(each)).partition("\n")[2] for each in (other, away)] == before


def test_figures_stay_and_can_be_counted_anew(merchant: Merchant, customer: Customer) -> None:
    for subscription in Subscription.objects.filter(customer=customer).live():
        verbs.cancel(subscription, actor=f.STAFF, reason="4|Enough")
    Customer.objects.filter(merchant=merchant).update(is_test=False)
    span = date.today() - timedelta(days=30), date.today() + timedelta(days=1)
    before = read_business(merchant, *span)
    sums = list(Order.objects.order_by("pk").values_list("status", "total", "currency_code"))
    erase_customer(customer, actor=f.STAFF)
    ROLL_UP.model.objects.all().delete()
    assert read_business(merchant, *span) == before
    assert before.count("cancelled") and before.reasons["4"]
    assert list(Order.objects.order_by("pk").values_list("status", "total", "currency_code")) == sums
    codes = set(Subscription.objects.filter(customer=customer).values_list("cancel_reason", flat=True))
    assert codes == {"4"}


def test_what_runs_ends_without_a_message(customer: Customer) -> None:
    open_order = Order.objects.get(customer=customer, status=OrderStatus.UNSENT)
    erase_customer(customer, actor=f.STAFF)
    assert not Subscription.objects.live().filter(customer=customer).exists()
    assert not Order.objects.filter(pk=open_order.pk, status=OrderStatus.UNSENT).exists()
    states = set(Delivery.objects.filter(event__customer=customer).values_list("state", flat=True))
    assert states == {Delivery.State.CANCELED}
    assert [line.verb for line in Activity.objects.filter(customer=customer)] == ["customer.erase"]


def test_a_one_time_order_is_cancelled(customer: Customer) -> None:
    payment, address = customer.payments.first(), customer.addresses.first()
    order = f.OrderFactory(customer=customer, payment=payment, shipping_address=address, place_date="2027-05-05")
    f.ItemFactory(
        order=order, subscription=None, one_time=True, quantity=1, product=f.ProductFactory(merchant=customer.merchant)
    )
    erase_customer(customer, actor=f.STAFF)
    order.refresh_from_db()
    assert (order.status, order.items.get().upcoming) == (OrderStatus.CANCELLED, False)


def place_order(customer: Customer) -> None:
    Order.objects.filter(customer=customer, status=OrderStatus.UNSENT).update(status=OrderStatus.PENDING_PLACEMENT)


def owe_orders(customer: Customer) -> None:
    prepaid = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "cancel"}
    Subscription.objects.filter(customer=customer).update(**prepaid)


def upload_file(customer: Customer) -> None:
    ImportRun.objects.create(merchant=customer.merchant, file_name="b.csv", actor={}, state="checked")


@pytest.mark.parametrize("obstacle", [place_order, owe_orders, upload_file])
def test_a_refused_erasure_changes_nothing(customer: Customer, obstacle: Callable[[Customer], None]) -> None:
    obstacle(customer)
    before = read_all_rows()
    with pytest.raises(Refused):
        erase_customer(customer, actor=f.STAFF)
    assert read_all_rows() == before


def test_a_file_of_products_is_not_in_the_way(customer: Customer) -> None:
    ImportRun.objects.create(merchant=customer.merchant, file_name="p.csv", actor={}, kind="products")
    erase_customer(customer, actor=f.STAFF)
    customer.refresh_from_db()
    assert customer.erased_at and str(customer) == "Erased customer"


def test_nothing_more_is_done_to_an_erased_customer(customer: Customer) -> None:
    erase_customer(customer, actor=f.STAFF)
    before = read_all_rows()
    with pytest.raises(NotFound):
        erase_customer(customer, actor=f.STAFF)
    with pytest.raises(NotFound):
        customer_verbs.change_locale(customer, locale="fr-ca", actor=f.STAFF)
    with pytest.raises(NotFound):
        verbs.reactivate(Subscription.objects.filter(customer=customer).first(), actor=f.STAFF)
    assert read_all_rows() == before
    connections = customer.merchant.connections.filter(integration="klaviyo")
    assert all(customer not in status.profile_customers(each) for each in connections)


def test_a_link_that_was_sent_is_unknown(customer: Customer) -> None:
    before = set(ActionToken.objects.filter(customer=customer).values_list("nonce", flat=True))
    erase_customer(customer, actor=f.STAFF)
    after = set(ActionToken.objects.filter(customer=customer).values_list("nonce", flat=True))
    assert before and not before & after
    assert not ActionToken.objects.filter(customer=customer, used_at=None, revoked_at=None).exists()


def test_an_owner_erases_with_the_address_typed(customer: Customer, login: Login) -> None:
    client, page = login(customer.merchant), f"/admin/subscriptions/customer/{customer.pk}"
    assert "Active subscriptions that end: 1." in client.get(f"{page}/erase/").text
    assert f"Enter {EMAIL} to confirm." in client.post(f"{page}/erase/", {"name": "bo@shop.test"}).text
    assert Customer.objects.get(pk=customer.pk).erased_at is None
    answer = client.post(f"{page}/erase/", {"name": f" {EMAIL.upper()} "}, follow=True)
    assert "The customer is erased." in answer.text
    shown = visible_text(answer)
    assert "Contact details" not in shown and "Issue 1-Click token" not in shown and MARKER not in answer.text
    assert ", ," not in shown and "mailto:" not in answer.text
    line = AuditEntry.objects.latest("pk")
    assert (line.sentence, line.about, line.row) == ("Erased the customer.", "Erased customer", str(customer.pk))


@pytest.mark.parametrize(
    "page",
    [
        "subscriptions/subscription/{subscription}/change/",
        "subscriptions/order/{order}/change/",
        "subscriptions/event/{event}/change/",
        "integrations/delivery/{delivery}/change/",
        "subscriptions/customer/",
        "subscriptions/order/",
    ],
)
def test_pages_about_nobody_are_shown(page: str, customer: Customer, login: Login) -> None:
    erase_customer(customer, actor=f.STAFF)
    delivery = Attempt.objects.filter(delivery__event__customer=customer).get().delivery
    keys = {
        "subscription": customer.subscriptions.first().pk,
        "order": customer.orders.filter(status=5).get().pk,
        "event": delivery.event_id,
        "delivery": delivery.pk,
    }
    answer = login(customer.merchant).get(f"/admin/{page.format(**keys)}")
    assert answer.status_code == 200 and MARKER not in answer.text


def test_the_file_has_every_table_of_the_customer_and_no_credential(customer: Customer, login: Login) -> None:
    customer.payments.update(token_id="tok_secret")
    answer = login(customer.merchant).post(f"/admin/subscriptions/customer/{customer.pk}/export-data/")
    text = b"".join(answer.streaming_content).decode()
    told = json.loads(text)
    models = {Customer, SentProfile, *ways_to_customer(), *(trace.model for trace in TRACES if trace.is_exported)}
    names = {table_name(model) for model in models}
    assert len(names) == len(models) and told.keys() == {"merchant", "made", *names}
    assert {name for name in names if not told[name]} == {"erasures", "sent_profiles"}
    assert (told["customers"][0]["email"], len(told["addresses"])) == (EMAIL, customer.addresses.count())
    assert told["subscriptions"][0]["product_name"] == "Home blend"
    assert {row["cc_number_ending"] for row in told["payments"]} == {"4242"}
    secret = [*customer.payments.values_list("token_id", flat=True)]
    secret += [nonce for each in customer.action_tokens.all() for nonce in (str(each.nonce), each.nonce.hex)]
    assert not [each for each in (*secret, "Sam Staff") if f'"{each}"' in text]
    assert AuditEntry.objects.latest("pk").kind == "export"


def test_every_model_has_a_customers_rows_or_is_known_to_have_none() -> None:
    own = {*ways_to_customer(), Customer, SentProfile, *(trace.model for trace in TRACES)}
    ours = [
        m for app in ("subscriptions", "oneclick", "integrations") for m in apps.get_app_config(app).get_models(True)
    ]
    assert {model.__name__ for model in ours if model not in own} == IMPERSONAL
