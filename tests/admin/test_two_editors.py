"""Two people edit one row: the later save is told, and neither loses anything."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from oneclick.models import LandingPage, SavedLink
from subscriptions.actions.offer import create_offer
from subscriptions.actions.offer_terms import Gives, Orders, Terms, read_terms
from subscriptions.models import Customer, Membership, Merchant, OfferProfile, Product
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(name="Home Inc", reminder_hour=10, storefront_key="0" * 32)


def open_form(client: Client, address: str) -> dict[str, Any]:
    """What the browser would send back from the page."""
    answer = client.get(address)
    context: Any = answer.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    values = {form.add_prefix(name): form[name].value() for name in form.fields}
    (shown,) = re.findall(r'name="shown_values" value="([^"]*)"', answer.content.decode())
    sent = {name: value for name, value in values.items() if value is not None and value is not False}
    return {**sent, "shown_values": shown.replace("&quot;", '"')}


def send_again(client: Client, address: str, refused: HttpResponse) -> HttpResponse:
    """Press Save on the page that came back."""
    context: Any = refused.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    (shown,) = re.findall(r'name="shown_values" value="([^"]*)"', refused.content.decode())
    values = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in values.items() if value is not None and value is not False}
    return client.post(address, {**sent, "shown_values": shown.replace("&quot;", '"')})


def test_the_later_save_is_told_and_keeps_both_peoples_work(merchant: Merchant, login: Login) -> None:
    ann, kim = login(merchant, username="ann"), login(merchant, username="kim")
    address = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    of_ann, of_kim = open_form(ann, address), open_form(kim, address)
    assert ann.post(address, {**of_ann, "name": "Ann Inc", "reminder_hour": "8"}).status_code == 302
    refused = kim.post(address, {**of_kim, "name": "Kim Inc", "shop_url": "https://kim.example"})
    text = visible_text(refused)
    assert "ann changed Name, Reminder time at " in text
    assert "ann changed this to “Ann Inc”. Save again to put yours in its place." in text
    merchant.refresh_from_db()
    assert (merchant.name, merchant.reminder_hour) == ("Ann Inc", 8)
    assert send_again(kim, address, refused).status_code == 302
    merchant.refresh_from_db()
    assert (merchant.name, merchant.reminder_hour, merchant.shop_url) == ("Kim Inc", 8, "https://kim.example")


def test_both_may_choose_the_same(merchant: Merchant, login: Login) -> None:
    address = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    client = login(merchant)
    first, second = open_form(client, address), open_form(client, address)
    for sent in (first, second):
        assert client.post(address, {**sent, "name": "Ann Inc"}).status_code == 302


def test_a_secret_that_somebody_changed_is_neither_shown_nor_put_back(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    address = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    sent = open_form(client, address)
    merchant.set_storefront_key("n3w-secret")
    refused = client.post(address, {**sent, "storefront_key": "my-own-key"})
    assert "n3w-secret" not in refused.content.decode()
    assert "Storefront key" in visible_text(refused)
    merchant.refresh_from_db()
    assert merchant.storefront_key == "n3w-secret"


def test_a_role_that_another_owner_has_changed_is_not_put_back(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    kim = f.MembershipFactory(merchant=merchant, role="support")
    address = f"/admin/subscriptions/membership/{kim.pk}/change/"
    sent = open_form(client, address)
    Membership.objects.filter(pk=kim.pk).update(role="read_only")
    assert client.post(address, {**sent, "role": "owner"}).status_code == 200
    kim.refresh_from_db()
    assert kim.role == "read_only"


TEN, TWENTY = (Terms(Gives.PERCENT_ITEM, Decimal(percent), Orders.EVERY) for percent in ("10.00", "20.00"))


def test_the_form_of_an_offer_tells_of_its_name_and_its_discounts(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    offer = create_offer(merchant, name="Welcome", terms=[TEN], usable_in_links=True)
    address = f"/admin/subscriptions/offerprofile/{offer.pk}/edit/"
    lines = {"discount-0-gives": "percent_item", "discount-0-value": "10", "discount-0-orders": "every"}
    lines |= {
        f"discount-{n}-{name}": text for n in (1, 2) for name, text in {"gives": "none", "orders": "every"}.items()
    }
    sent = {**open_form(client, address), **lines}
    assert client.post(address, {**sent, "discount-0-value": "20"}).status_code == 302
    refused = client.post(address, {**sent, "name": "Thirty", "discount-0-value": "30"})
    assert "changed what it gives to: 20 % off the item on every order" in visible_text(refused)
    assert [terms for terms, _ in read_terms(offer)] == [TWENTY]
    OfferProfile.objects.filter(pk=offer.pk).update(name="Hello")
    assert "changed this to “Hello”." in visible_text(client.post(address, {**sent, "name": "Thirty"}))
    offer.refresh_from_db()
    assert offer.name == "Hello"


def test_a_dialog_does_not_put_back_a_colleagues_change(merchant: Merchant, login: Login) -> None:
    client = login(merchant, "support")
    customer = f.CustomerFactory(merchant=merchant, email="old@shop.test", phone_number="")
    address = f"/admin/subscriptions/customer/{customer.pk}/change-contact/"
    sent = open_form(client, address)
    Customer.objects.filter(pk=customer.pk).update(email="new@shop.test")
    refused = client.post(address, {**sent, "phone_number": "+12025550123"})
    assert "Somebody else changed E-mail" in visible_text(refused)
    assert send_again(client, address, refused).status_code == 302
    customer.refresh_from_db()
    assert (customer.email, customer.phone_number) == ("new@shop.test", "+12025550123")


def test_the_link_builder_tells_on_saving_only(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    link = SavedLink.objects.create(merchant=merchant, name="Winter", action="reactivate")
    address = f"/admin/oneclick/savedlink/{link.pk}/change/"
    sent = open_form(client, address)
    SavedLink.objects.filter(pk=link.pk).update(name="Summer")
    part = client.post(address, {**sent, "name": "Spring", "_part": "link"})
    assert "Summer" not in part.content.decode()
    assert "Somebody else changed this to “Summer”." in visible_text(
        client.post(address, {**sent, "name": "Spring", "_save": "1"})
    )
    assert SavedLink.objects.get().name == "Summer"


def test_a_forged_list_of_digests_is_as_good_as_none(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    address = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    for forged in ("", "[]", "{", '{"nothing": 1}', '{"name": null}'):
        sent = {**open_form(client, address), "name": "Ann Inc", "shown_values": forged}
        assert client.post(address, sent).status_code in (200, 302)
    assert Product.objects.count() == 0


@pytest.mark.parametrize(
    ("role", "is_own", "locks"), [("owner", True, True), ("read_only", True, False), ("owner", False, False)]
)
def test_only_who_may_save_a_row_locks_it(
    role: str, is_own: bool, locks: bool, merchant: Merchant, login: Login
) -> None:
    client = login(merchant, role)
    page = LandingPage.objects.get(merchant=merchant if is_own else f.MerchantFactory())
    with CaptureQueriesContext(connection) as queries:
        client.post(f"/admin/oneclick/landingpage/{page.pk}/change/", {"name": ""})
    (lock,) = [each["sql"] for each in queries if "FOR NO KEY UPDATE" in each["sql"]] or [""]
    with connection.cursor() as cursor:
        assert bool(lock and cursor.execute(lock).fetchone()) == locks
