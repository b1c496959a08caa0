"""The buttons of acts run the actions of the domain, show their refusals, and tell beforehand what they would do."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client

from subscriptions.actions import item as item_verbs
from subscriptions.actions import subscription as verbs
from subscriptions.errors import SENTENCES
from subscriptions.models import (
    Activity,
    Address,
    Item,
    Offer,
    OfferProfile,
    Order,
    Payment,
    Product,
    ProductGroup,
    Subscription,
)
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("noon")
DAY = date(2026, 11, 28)
NEW_ADDRESS = {
    "address": "new",
    "new_first_name": "Ana",
    "new_last_name": "Ruiz",
    "new_address": "7 Hill Road",
    "new_city": "Boston",
    "new_state_province_code": "MA",
    "new_zip_postal_code": "02110",
    "new_country_code": "us",
}


@pytest.fixture
def subscription(db: None) -> Subscription:
    """Its customer has a second product, address, card and offer to change to; the product can be prepaid."""
    made: Subscription = f.subscription_with_order(customer__merchant__prepaid_enabled=True, place_date=DAY)
    merchant, customer = made.merchant, made.customer
    f.ProductFactory(merchant=merchant, name="Dark roast", autoship_enabled=True, price=Decimal(20))
    f.AddressFactory(customer=customer, address="2 Side Street")
    f.PaymentFactory(customer=customer, cc_number_ending="7777")
    profile = OfferProfile.objects.create(merchant=merchant, name="Deals")
    Offer.objects.create(merchant=merchant, profile=profile, name="Ten off")
    group = ProductGroup.objects.create(merchant=merchant, group_type="eligibility", name="prepaid")
    made.product.groups.add(group)
    return made


@pytest.fixture
def staff(subscription: Subscription, login: Login) -> Client:
    return login(subscription.merchant, "support")


def row_of(model: type[Model], subscription: Subscription) -> Any:
    item = Item.objects.get(subscription=subscription)
    return {Subscription: subscription, Order: item.order, Item: item}[model]


def address_of(row: Any, verb: str) -> str:
    return f"/admin/subscriptions/{row._meta.model_name}/{row.pk}/{verb}/"


def press(staff: Client, row: Any, verb: str, **answers: Any) -> str:
    answer = staff.post(address_of(row, verb), answers)
    assert answer.status_code == 302, visible_text(answer)
    return str(list(get_messages(answer.wsgi_request))[-1])


def dark() -> dict[str, Any]:
    return {"product": Product.objects.get(name="Dark roast").pk}


def side_street() -> dict[str, Any]:
    return {"address": Address.objects.get(address="2 Side Street").pk}


def card_7777() -> dict[str, Any]:
    return {"payment": Payment.objects.get(cc_number_ending="7777").pk}


def answers(**given: Any) -> Callable[[], dict[str, Any]]:
    return lambda: given


# Model, button, answers, the action that it runs.
ACTS = [
    (Subscription, "skip", answers(), "order.skip"),
    (Subscription, "send-now", answers(), "order.send_now"),
    (Subscription, "change-date", answers(day="2026-12-09"), "subscription.change_next_order_date"),
    (Subscription, "swap", dark, "subscription.change_product"),
    (Subscription, "change-quantity", answers(quantity=5), "subscription.change_quantity"),
    (Subscription, "change-frequency", answers(every=3, every_period=3), "subscription.change_frequency"),
    (Subscription, "change-price", answers(price="9.50"), "subscription.change_price"),
    (Subscription, "change-offer", lambda: {"offer": Offer.objects.get().pk}, "subscription.change_offer"),
    (Subscription, "change-address", side_street, "subscription.change_shipping_address"),
    (Subscription, "change-address", answers(**NEW_ADDRESS), "subscription.change_shipping_address"),
    (Subscription, "change-card", card_7777, "subscription.change_payment"),
    (
        Subscription,
        "make-prepaid",
        answers(orders_per_billing=3, renewal_behavior="autorenew"),
        "prepaid.upgrade",
    ),
    (Subscription, "cancel", answers(), "subscription.cancel"),
    (Order, "skip", answers(), "order.skip"),
    (Order, "send-now", answers(), "order.send_now"),
    (Order, "change-date", answers(day="2026-11-20"), "order.change_date"),
    (Order, "add-product", lambda: dark() | {"quantity": 2}, "item.add"),
    (Order, "change-address", side_street, "order.change_shipping_address"),
    (Order, "change-card", card_7777, "order.change_payment"),
    (Item, "change-quantity", answers(quantity=5), "item.change_quantity"),
    (Item, "change-price", answers(price="9.50"), "item.change_price"),
    (Item, "swap", dark, "item.change_product"),
    (Item, "remove", answers(), "item.remove"),
]
NAMES = [f"{model.__name__} {verb} {number}" for number, (model, verb, *_) in enumerate(ACTS)]


@pytest.mark.parametrize(("model", "verb", "given", "action"), ACTS, ids=NAMES)
def test_a_button_runs_its_action_and_says_what_it_says(
    model: type[Model],
    verb: str,
    given: Callable[[], dict[str, Any]],
    action: str,
    subscription: Subscription,
    staff: Client,
) -> None:
    row = row_of(model, subscription)
    said = press(staff, row, verb, **given())
    activity = Activity.objects.order_by("pk").last()
    assert (activity.verb, activity.actor_kind) == (action, "staff")
    assert said == activity.sentence or verb == "cancel"


@pytest.mark.parametrize(("model", "verb", "given", "action"), ACTS, ids=NAMES)
def test_a_preview_changes_nothing(
    model: type[Model],
    verb: str,
    given: Callable[[], dict[str, Any]],
    action: str,
    subscription: Subscription,
    staff: Client,
) -> None:
    row, inputs = row_of(model, subscription), given()
    before = read_all_rows()
    shown = staff.post(f"{address_of(row, verb)}?preview=1", inputs).content.decode()
    assert "data-outcome" in shown and "order" in shown
    assert read_all_rows() == before


def outcome(staff: Client, row: Any, verb: str, **given: Any) -> str:
    return " ".join(staff.post(f"{address_of(row, verb)}?preview=1", given).content.decode().split())


def test_a_preview_tells_what_the_orders_become(subscription: Subscription, staff: Client) -> None:
    order, item = row_of(Order, subscription), row_of(Item, subscription)
    assert (
        "The order of November 28, 2026 holds 4 × House blend and comes to USD 50.00 instead of USD 25.00."
    ) in outcome(staff, subscription, "change-quantity", quantity=4)
    assert "The order of November 28, 2026 moves to December 9, 2026" in outcome(
        staff, order, "change-date", day="2026-12-09"
    )
    skipped = outcome(staff, subscription, "skip")
    assert "No order of November 28, 2026 any more." in skipped
    assert "New order of December 12, 2026: 2 × House blend, USD 25.00." in skipped
    assert "is sent now and comes to USD 25.00." in outcome(staff, order, "send-now")
    assert "No upcoming order changes." in outcome(staff, item, "change-quantity", quantity=2)


def test_a_new_date_is_asked_for_with_the_time_of_its_reminder(subscription: Subscription, staff: Client) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(reminder_days=7)
    dialog = staff.get(address_of(subscription, "change-date")).text
    assert "The reminder leaves 7 days before, at 10:00. A date nearer than that brings no reminder." in dialog
    type(subscription.merchant).objects.update(remind_near_orders=True, reminder_hour=9)
    dialog = staff.get(address_of(subscription, "change-date")).text
    assert "The reminder leaves 7 days before, at 9:00." in dialog and "brings no reminder" not in dialog


def test_a_preview_says_why_the_button_would_refuse(subscription: Subscription, staff: Client) -> None:
    order = row_of(Order, subscription)
    assert SENTENCES["place_date_past"] in outcome(staff, order, "change-date", day="2026-11-01")
    assert outcome(staff, order, "change-date", day="soon") == ""


OPEN_ORDERS = [(model, verb, given) for model, verb, given, _ in ACTS if model in (Order, Item)]
OPEN_ORDERS += [(model, verb, given) for model, verb, given, _ in ACTS[:3]]


@pytest.mark.parametrize(("model", "verb", "given"), OPEN_ORDERS)
def test_a_button_that_comes_too_late_shows_the_refusal_and_changes_nothing(
    model: type[Model], verb: str, given: Callable[[], dict[str, Any]], subscription: Subscription, staff: Client
) -> None:
    row, inputs = row_of(model, subscription), given()
    Order.objects.update(locked=True)
    before = read_all_rows()
    assert press(staff, row, verb, **inputs) == SENTENCES["order_not_open"]
    assert read_all_rows() == before
    assert address_of(row, verb) not in staff.get(address_of(row, "change")).content.decode()


def test_a_prepaid_subscription_offers_only_what_it_allows(subscription: Subscription, staff: Client) -> None:
    Subscription.objects.update(prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew")
    page = staff.get(address_of(subscription, "change")).content.decode()
    for verb in ("change-quantity", "change-price", "cancel", "make-prepaid"):
        assert address_of(subscription, verb) not in page
    assert press(staff, subscription, "change-quantity", quantity=3) == SENTENCES["prepaid_fixed"]
    assert press(staff, subscription, "change-renewal", renewal_behavior="cancel").endswith(": Cancel.")


def test_an_emptied_price_is_unlocked(subscription: Subscription, staff: Client) -> None:
    press(staff, subscription, "change-price", price="9.50")
    assert press(staff, subscription, "change-price", price="") == "Unlocked the price of House blend."


def test_a_new_address_needs_its_fields(subscription: Subscription, staff: Client) -> None:
    before = read_all_rows()
    lacking = NEW_ADDRESS | {"new_city": "", "new_country_code": "Atlantis"}
    answer = staff.post(address_of(subscription, "change-address"), lacking)
    assert "This field is required." in visible_text(answer)
    assert "Enter a country in two letters, such as US." in visible_text(answer)
    assert read_all_rows() == before


@pytest.mark.parametrize(
    ("verb", "field"), [("swap", "product"), ("change-card", "payment"), ("change-address", "address")]
)
def test_nothing_of_another_customer_or_merchant_can_be_chosen(
    verb: str, field: str, subscription: Subscription, staff: Client
) -> None:
    theirs = f.subscription_with_order()
    keys = {"product": theirs.product_id, "payment": theirs.payment_id, "address": theirs.shipping_address_id}
    before = read_all_rows()
    answer = staff.post(address_of(subscription, verb), {field: keys[field]})
    assert answer.status_code == 200 and answer.context["form"].errors
    assert read_all_rows() == before


def test_a_skip_leaves_what_else_is_in_the_order(subscription: Subscription, staff: Client) -> None:
    order = row_of(Order, subscription)
    item_verbs.add(order, actor=f.STAFF, product=Product.objects.get(name="Dark roast"))
    assert press(staff, subscription, "skip").startswith("Skipped House blend once.")
    order.refresh_from_db()
    assert (order.is_open, order.items.get().product.name) == (True, "Dark roast")


def test_an_order_of_one_time_items_is_cancelled_instead_of_skipped(subscription: Subscription, staff: Client) -> None:
    order, product = row_of(Order, subscription), Product.objects.get(name="Dark roast")
    added = item_verbs.add(order, actor=f.STAFF, product=product).result
    verbs.cancel(subscription, actor=f.STAFF)
    page = staff.get(address_of(order, "change")).content.decode()
    assert address_of(order, "cancel") in page and address_of(order, "skip") not in page
    assert press(staff, added, "subscribe", every=1, every_period=3).startswith("Subscribed to 1 × Dark roast")
    page = staff.get(address_of(order, "change")).content.decode()
    assert address_of(order, "skip") in page and address_of(order, "cancel") not in page


def test_an_order_that_lost_its_last_item_leads_to_its_customer(subscription: Subscription, staff: Client) -> None:
    item = row_of(Item, subscription)
    Item.objects.update(subscription=None, one_time=True)
    answer = staff.post(address_of(item, "remove"))
    assert answer["Location"] == f"/admin/subscriptions/customer/{subscription.customer_id}/change/"
    assert staff.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test/admin/", "/elsewhere/"])
def test_a_button_never_leads_elsewhere(back: str, subscription: Subscription, staff: Client) -> None:
    answer = staff.post(f"{address_of(subscription, 'change-quantity')}?back={back}", {"quantity": 3})
    assert answer["Location"] == address_of(subscription, "change")


def test_the_search_for_a_product_keeps_the_chosen_one(subscription: Subscription, staff: Client) -> None:
    for number in range(8):
        f.ProductFactory(merchant=subscription.merchant, name=f"Roast {number}", autoship_enabled=True)
    dialog = visible_text(staff.get(f"{address_of(subscription, 'swap')}?search=roast+7"))
    assert "Roast 7" in dialog and "Dark roast" not in dialog
    kept = dark()["product"]
    page = staff.get(f"{address_of(subscription, 'swap')}?search=roast+7&product={kept}").content.decode()
    assert f'value="{kept}" required checked' in page
