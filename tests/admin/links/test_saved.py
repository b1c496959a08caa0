"""Saved links: the list, copies, the archive, and who may change them."""

import html

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from oneclick.links import link_urls
from oneclick.models import SavedLink
from subscriptions.actions import subscription as verbs
from subscriptions.models import Customer, Merchant, Product, Role
from tests import factories as f
from tests.admin.links.conftest import (
    ADD,
    LIST,
    PLAIN,
    REMINDER,
    Login,
    create_link,
    create_subscriber,
    link_page,
    save_link,
    shown_url,
)
from tests.races import run_at_once
from tests.rows import read_all_rows


def test_a_copied_link_has_its_own_id_and_is_attached_to_no_event(staff: Client, merchant: Merchant) -> None:
    link = create_link(merchant, parameters={"days": "9"}, event_kinds=[REMINDER], property_name="later_url")
    create_link(merchant, "Later copy")
    answer = staff.post(link_page(link, "duplicate"))
    copy = SavedLink.objects.latest("id")
    assert answer["Location"] == link_page(copy)
    assert (copy.name, copy.parameters, copy.event_kinds, copy.property_name) == ("Later copy 2", {"days": "9"}, [], "")
    assert copy.public_id != link.public_id
    assert SavedLink.objects.get(pk=link.pk).event_kinds == [REMINDER]


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_saves_of_a_new_link_one_is_refused_with_a_message(staff: Client) -> None:
    for _ in range(5):
        SavedLink.objects.all().delete()
        assert sorted(run_at_once(3, lambda: save_link(staff).status_code)) == [200, 200, 302]
        assert SavedLink.objects.count() == 1


def test_an_archived_link_leaves_the_list_and_comes_back(staff: Client, merchant: Merchant) -> None:
    link = create_link(merchant, event_kinds=[REMINDER], property_name="later_url")
    assert staff.post(link_page(link, "archive"))["Location"] == LIST
    assert b">Later<" not in staff.get(LIST).content
    assert link_page(link).encode() in staff.get(f"{LIST}?state=archived").content
    other = create_link(merchant, event_kinds=[REMINDER], property_name="later_url")
    assert link_page(other).encode() in staff.get(LIST).content
    staff.post(link_page(link, "restore"))
    link.refresh_from_db()
    assert (link.archived, link.name, link.event_kinds, link.property_name) == (False, "Later 2", [], "")


def test_the_list_says_what_each_link_does(staff: Client, merchant: Merchant, product: Product) -> None:
    assert b"Build a link, test it" in staff.get(LIST).content
    create_link(merchant, "One", parameters={"days": "9"})
    create_link(
        merchant,
        "Two",
        action="upsell",
        esp="api",
        parameters={"og_product_id": "HON-1", "og_every": "1", "og_every_period": "3"},
    )
    create_link(
        merchant, "Three", action="reactivate", parameters={"winback_id": "0" * 32}, page_url="https://shop.test/x"
    )
    create_link(merchant, "Four", action="upsell", parameters={"og_product_id": "GONE"})
    create_link(f.MerchantFactory(), "Foreign")
    page = html.unescape(staff.get(LIST).content.decode())
    for text in ("By 9 days", "Honey & co, every month", "With a discount", "GONE", "shop.test/x", "The API"):
        assert text in page
    assert "Foreign" not in page
    assert b">One<" in staff.get(f"{LIST}?q=one").content and b">Two<" not in staff.get(f"{LIST}?q=one").content


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READ_ONLY])
def test_other_roles_can_read_the_link_but_not_change_or_test_it(merchant: Merchant, login: Login, role: str) -> None:
    link, client = create_link(merchant), login(merchant, role)
    order = create_subscriber(merchant, is_test=True).items.get().order_id
    before = read_all_rows()
    page = client.get(link_page(link))
    assert shown_url(page) == link_urls.email_url(link, link_urls.merge_tag_of(link))
    assert b"<fieldset disabled" in page.content and b"_test" not in page.content and b"hx-post" not in page.content
    assert client.get(ADD).status_code == 403
    for fields in ({"_save": "1"}, {"_test": "1", "test_order": order}, {"_part": "link"}):
        assert client.post(link_page(link), {**PLAIN, **fields}).status_code == 403
        assert client.post(ADD, {**PLAIN, **fields}).status_code == 403
    assert read_all_rows() == before


def test_the_number_of_queries_does_not_grow(staff: Client, merchant: Merchant) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(address).status_code == 200
        return len(captured)

    def more(number: int) -> None:
        for n in range(number):
            product = f.ProductFactory(merchant=merchant)
            link = {"action": "upsell", "parameters": {"og_product_id": product.external_product_id}}
            create_link(merchant, f"{number} {n}", **link)
            verbs.cancel(create_subscriber(merchant), actor=f.STAFF)
            create_subscriber(merchant)

    more(1)
    few = [queries(LIST), queries(ADD)]
    more(9)
    assert [queries(LIST), queries(ADD)] == few
    assert max(few) <= 17
    assert Customer.objects.count() == 20
