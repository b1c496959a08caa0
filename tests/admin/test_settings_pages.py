from collections.abc import Callable
from itertools import count

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.base import Answer, Outcome
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Delivery
from oneclick.models import LandingPage, OneClickSettings
from subscriptions.actions import subscription as verbs
from subscriptions.actions.cancel_reasons import offered_reasons, reason_labels
from subscriptions.models import CancelReason, Membership, Merchant, Role
from subscriptions.staff.audit import list_changes
from tests import factories as f
from tests.admin.pages import fill, visible_text
from tests.races import run_at_once

Login = Callable[..., Client]


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(storefront_key="storefront-secret")


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


def test_secrets_are_written_and_never_shown(
    merchant: Merchant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Klaviyo, "test", lambda *_: Answer(Outcome.DONE, 200, "Bean & Co"))
    connection = f.ConnectionFactory(merchant=merchant, secret="pk_very_secret")
    settings = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    keys = f"/admin/integrations/connection/{connection.pk}/change/"
    assert "storefront-secret" not in client.get(settings).content.decode()
    assert "pk_very_secret" not in client.get(keys).content.decode()

    assert fill(client, settings, name="New name") == ""
    assert fill(client, keys, name="New name") == ""
    merchant.refresh_from_db()
    connection.refresh_from_db()
    assert (merchant.name, merchant.storefront_key) == ("New name", "storefront-secret")
    assert (connection.name, connection.secret) == ("New name", "pk_very_secret")

    assert fill(client, keys, secret="pk_other") == ""
    connection.refresh_from_db()
    assert connection.secret == "pk_other"


def test_a_new_row_belongs_to_the_current_merchant(merchant: Merchant, client: Client) -> None:
    client.post("/admin/subscriptions/cancelreason/add/", {"application": "msi", "code": 7, "label": "Moved"})
    assert CancelReason.objects.get().merchant == merchant


@pytest.mark.parametrize(
    ("page", "offered"),
    [
        ("subscriptions/cancelreason/add/", True),
        ("subscriptions/simulatedoutcome/add/", True),
        ("oneclick/landingpage/add/", False),
        ("integrations/connection/add/?integration=webhook", False),
        ("subscriptions/cancelreason/{reason}/change/", False),
    ],
)
def test_another_row_is_offered_where_one_adds_several(
    merchant: Merchant, client: Client, page: str, offered: bool
) -> None:
    reason = f.CancelReasonFactory(merchant=merchant).pk
    assert ("Save and add another" in client.get(f"/admin/{page.format(reason=reason)}").text) is offered


def test_a_refused_form_leads_to_its_errors(merchant: Merchant, client: Client) -> None:
    answer = client.post(
        "/admin/subscriptions/cancelreason/add/", {"application": "msi", "code": "x", "label": "Moved"}
    )
    assert '<a href="#id_code" class="font-semibold underline">Code</a>: Enter a whole number.' in answer.text
    assert 'aria-describedby="id_code_helptext id_code_error"' in answer.text
    assert 'id="id_code_helptext"' in answer.text and 'id="id_code_error"' in answer.text


def test_the_form_says_which_value_is_taken(merchant: Merchant, client: Client) -> None:
    f.CancelReasonFactory(merchant=merchant, code=7)
    f.CancelReasonFactory(code=8)
    values = {"application": "msi", "label": "Moved"}
    answer = client.post("/admin/subscriptions/cancelreason/add/", {**values, "code": 7})
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()
    assert client.post("/admin/subscriptions/cancelreason/add/", {**values, "code": 8}).status_code == 302


def test_reasons_stand_in_the_order_that_was_chosen(merchant: Merchant, client: Client) -> None:
    first, second, third = (f.CancelReasonFactory(merchant=merchant, code=code, label=f"R{code}") for code in (3, 4, 8))
    foreign = f.CancelReasonFactory(label="Foreign")

    def list_codes() -> list[int]:
        return [reason.code for reason in offered_reasons(merchant)]

    page = "/admin/subscriptions/cancelreason/{}/change/"
    assert fill(client, page.format(third.pk), before=first.pk) == "" and list_codes() == [3, 8, 4]
    assert fill(client, page.format(second.pk), before="") == "" and list_codes() == [4, 3, 8]
    assert "Select a valid choice" in fill(client, page.format(second.pk), before=foreign.pk)
    assert fill(client, "/admin/subscriptions/cancelreason/add/", label="Moved") == ""
    assert list_codes() == [4, 3, 8, 9]  # the next free code, at the end of the list
    assert fill(client, page.format(second.pk), label="Too much") == "" and list_codes() == [4, 3, 8, 9]
    assert [line.sentence for line in list_changes(second)] == [
        "Changed text from “R4” to “Too much”.",
        "Changed place in the list from “After: R8” to “First”.",
    ]


def test_the_merchant_is_locked_before_a_reason_so_that_two_who_place_reasons_do_not_block_each_other(
    merchant: Merchant, client: Client
) -> None:
    first, second = (f.CancelReasonFactory(merchant=merchant, code=code) for code in (3, 4))
    with CaptureQueriesContext(connection) as queries:
        assert fill(client, f"/admin/subscriptions/cancelreason/{first.pk}/change/", before=second.pk) == ""
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    tables = [sql.partition('FROM "')[2].partition('"')[0] for sql in locks]
    assert tables[:2] == ["subscriptions_merchant", "subscriptions_cancelreason"]


def test_an_archived_reason_is_not_offered_and_still_names_what_was_cancelled_for_it(
    merchant: Merchant, client: Client
) -> None:
    reason = f.CancelReasonFactory(merchant=merchant, code=4, label="Too much")
    subscription = f.subscription_with_order(customer__merchant=merchant)
    verbs.cancel(subscription, reason="4|", actor=f.STAFF)
    page = f"/admin/subscriptions/cancelreason/{reason.pk}/"
    client.post(f"{page}archive/")
    assert list(offered_reasons(merchant)) == []
    assert reason_labels(merchant) == {4: "Too much"}
    assert "Too much" in visible_text(client.get(f"/admin/subscriptions/customer/{subscription.customer_id}/change/"))
    assert client.get(f"{page}delete/").status_code == 403
    client.post(f"{page}restore/")
    assert list(offered_reasons(merchant)) == [reason]


def test_a_merchant_keeps_an_owner(merchant: Merchant, client: Client) -> None:
    mine = Membership.objects.get(merchant=merchant)
    address = f"/admin/subscriptions/membership/{mine.pk}/change/"
    assert "needs at least one owner" in fill(client, address, role=Role.SUPPORT)
    assert client.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
    f.MembershipFactory(merchant=merchant)
    assert fill(client, address, role=Role.SUPPORT) == ""
    mine.refresh_from_db()
    assert mine.role == Role.SUPPORT


def test_the_origins_of_the_shop_are_checked(merchant: Merchant, client: Client) -> None:
    address = f"/admin/oneclick/oneclicksettings/{merchant.pk}/change/"
    for wrong in ("/page", "?a", "#a", "#", ":port", ":99999", "\0", ";a"):
        assert "is not a valid origin" in fill(client, address, shop_origins=f"https://shop.test{wrong}"), wrong
    for wrong in (
        "shop.test",
        "ftp://shop.test",
        "https://",
        "https://*.shop.test",
        "https://a@shop.test",
        "https://[::1",
    ):
        assert "is not a valid origin" in fill(client, address, shop_origins=wrong), wrong
    origins = "https://shop.test/\nhttps://www.shop.test"
    assert fill(client, address, shop_origins=origins, confirm_actions=["skip"]) == ""
    rules = OneClickSettings.objects.get(merchant=merchant)
    assert rules.shop_origins == ["https://shop.test", "https://www.shop.test"]
    assert rules.confirm_actions == ["skip"]


def test_networks_of_machines_are_checked_and_kept_as_they_are_compared(merchant: Merchant, client: Client) -> None:
    address = f"/admin/oneclick/oneclicksettings/{merchant.pk}/change/"
    for wrong in ("192.0.2.0/33", "192.0.2", "a.test", "192.0.2.0-192.0.2.9", "\0", "::/200"):
        assert "is not a network, for example 192.0.2.0/24." in fill(client, address, machine_networks=wrong), wrong
    many = "\n".join(f"10.{number // 256}.{number % 256}.0/24" for number in range(1001))
    assert "Enter no more than 1000 networks." in fill(client, address, machine_networks=many)
    typed = "192.0.2.7/24 198.51.100.7 192.0.2.0/24 2001:DB8:1:2:3::/80"
    assert fill(client, address, machine_networks=typed) == ""
    kept = OneClickSettings.objects.get(merchant=merchant).machine_networks
    assert kept == ["192.0.2.0/24", "198.51.100.7/32", "2001:db8:1:2::/64"]


def test_origins_are_kept_as_browsers_name_them(merchant: Merchant, client: Client) -> None:
    address = f"/admin/oneclick/oneclicksettings/{merchant.pk}/change/"
    typed = (
        "HTTPS://Shop.Test https://shop.test:443 http://localhost:3000 http://127.0.0.1:80/ https://Kaffeerösterei.test"
    )
    assert fill(client, address, shop_origins=typed) == ""
    assert OneClickSettings.objects.get(merchant=merchant).shop_origins == [
        "https://shop.test",
        "http://localhost:3000",
        "http://127.0.0.1",
        "https://xn--kaffeersterei-omb.test",
    ]


def test_a_landing_page_is_made(merchant: Merchant, client: Client) -> None:
    values = {"name": "Spring", "slug": "spring", "title": "Spring", "heading": "Hi", "accent_color": "#112233"}
    assert client.post("/admin/oneclick/landingpage/add/", values).status_code == 302
    assert LandingPage.objects.get(slug="spring").merchant == merchant


def test_a_new_default_page_takes_the_place_of_the_old_one(merchant: Merchant, client: Client) -> None:
    others = f.MerchantFactory().landing_pages.get()
    values = {"name": "B", "slug": "b", "title": "B", "heading": "B", "accent_color": "#112233", "is_default": "on"}
    assert client.post("/admin/oneclick/landingpage/add/", values).status_code == 302
    assert LandingPage.objects.get(merchant=merchant, is_default=True).slug == "b"
    assert merchant.landing_pages.count() == 2
    others.refresh_from_db()
    assert others.is_default


@pytest.mark.django_db(transaction=True)
def test_of_two_default_pages_created_at_once_one_stays_default(login: Login) -> None:
    merchant = f.MerchantFactory()
    numbers = count()

    def save() -> int:
        slug = f"page-{next(numbers)}"
        values = {"name": slug, "slug": slug, "title": "B", "heading": "B", "accent_color": "#112233"}
        return staff.post("/admin/oneclick/landingpage/add/", {**values, "is_default": "on"}).status_code

    staff = login(merchant)
    assert run_at_once(4, save) == [302] * 4
    assert merchant.landing_pages.count() == 5
    assert merchant.landing_pages.filter(is_default=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_saves_of_a_new_page_one_is_refused_with_a_message(login: Login) -> None:
    merchant = f.MerchantFactory()
    values = {"name": "Spring", "slug": "spring", "title": "B", "heading": "B", "accent_color": "#112233"}
    staff = login(merchant)

    def save() -> tuple[int, bool]:
        answer = staff.post("/admin/oneclick/landingpage/add/", values)
        # Either of the form's two checks may find it.
        told = b"Another page has this name" in answer.content or b"already exists" in answer.content
        return answer.status_code, told

    for _ in range(5):
        merchant.landing_pages.filter(slug="spring").delete()
        assert sorted(run_at_once(3, save)) == [(200, True), (200, True), (302, False)]
        assert merchant.landing_pages.count() == 2


def test_two_pages_have_two_addresses(merchant: Merchant, client: Client) -> None:
    page = merchant.landing_pages.get()
    f.MerchantFactory().landing_pages.update(slug="spring")
    address = f"/admin/oneclick/landingpage/{page.pk}/change/"
    assert fill(client, address, slug="spring") == ""
    values = {"name": "B", "slug": "spring", "title": "B", "heading": "B", "accent_color": "#112233"}
    answer = client.post("/admin/oneclick/landingpage/add/", values)
    assert answer.context["adminform"].form.errors == {"slug": ["Another page has this name in its address."]}


def test_a_dead_delivery_is_sent_again_and_a_paused_connection_resumed(merchant: Merchant, client: Client) -> None:
    connection = f.ConnectionFactory(merchant=merchant, paused_reason="The key is wrong.", failures=3)
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    delivery = Delivery.objects.first()
    Delivery.objects.update(state=Delivery.State.DEAD, error="400")
    client.post(f"/admin/integrations/delivery/{delivery.pk}/send-again/")
    client.post(f"/admin/integrations/connection/{connection.pk}/resume/")
    delivery.refresh_from_db()
    connection.refresh_from_db()
    assert (delivery.state, delivery.error) == (Delivery.State.PENDING, "")
    assert (connection.paused_reason, connection.failures) == ("", 0)
