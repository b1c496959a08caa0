"""Bulk changes on the lists: ticked rows or all that match, a preview, the page of the run, and who may."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from subscriptions import calendar
from subscriptions.jobs.bulk_runs import continue_run
from subscriptions.models import BulkRun, Customer, CustomerTag, Merchant, Order, Role
from tests import factories as f
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
ORDERS = "/admin/subscriptions/order/"
CUSTOMERS = "/admin/subscriptions/customer/"


@pytest.fixture
def merchant(db: None) -> Merchant:
    merchant: Merchant = f.MerchantFactory()
    for days in (1, 1, 4):
        day = calendar.today(merchant.time_zone) + timedelta(days=days)
        f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant), place_date=day)
    return merchant


def press(name: str, *rows: object, **more: object) -> dict[str, object]:
    """What the list posts when a button of the selection is pressed."""
    return {"index": 0, "action": name, "select_across": 0, "_selected_action": [row.pk for row in rows], **more}


def test_the_preview_changes_nothing_and_says_what_would_happen(merchant: Merchant, login: Login) -> None:
    first, second, third = Order.objects.order_by("pk")
    Order.objects.filter(pk=second.pk).update(locked=True)
    client = login(merchant)
    before = read_all_rows()
    text = visible_text(client.post(ORDERS, press("order.move", first, second)))
    assert "1 of 2 orders can be changed: move dates 1 week later. Together they come to USD 25.00." in text
    assert "You can undo this afterwards" in text
    assert "1 stays as it is: This order can no longer be changed." in text
    assert read_all_rows() == before


def test_ticked_rows_are_changed_in_the_background_and_listed(merchant: Merchant, login: Login) -> None:
    first, second, third = Order.objects.order_by("pk")
    client = login(merchant)
    asked = press("order.move", first, second, asked=1, start=1, number=2, unit="days", day="")
    page = client.post(ORDERS, asked)["Location"]
    run = BulkRun.objects.get()
    assert page == f"/admin/subscriptions/bulkrun/{run.pk}/change/"
    assert "0 of 2 rows processed." in visible_text(client.get(page))
    continue_run(run.pk)
    text = visible_text(client.get(page))
    assert "2 of 2 were changed." in text
    assert "Changed (2)" in text
    assert "Cannot be undone" not in text
    days = list(Order.objects.order_by("pk").values_list("place_date", flat=True))
    two = timedelta(days=2)
    assert days == [first.place_date + two, second.place_date + two, third.place_date]
    client.post(f"/admin/subscriptions/bulkrun/{run.pk}/undo/")
    continue_run(run.pk)
    assert "2 of 2 changes were taken back." in visible_text(client.get(page))
    assert Order.objects.get(pk=first.pk).place_date == first.place_date


def test_all_that_match_the_tab_are_changed(merchant: Merchant, login: Login) -> None:
    login(merchant).post(
        f"{ORDERS}?tab=tomorrow", press("order.skip", Order.objects.first(), select_across=1, asked=1, start=1)
    )
    assert BulkRun.objects.get().total == 2


def test_an_answer_that_is_missing_or_wrong_begins_nothing(merchant: Merchant, login: Login) -> None:
    client, order = login(merchant), Order.objects.first()
    for answers in ({"number": "", "unit": "days", "day": ""}, {"number": 400, "unit": "days"}, {"day": "x"}):
        answer = client.post(ORDERS, press("order.move", order, asked=1, start=1, **answers))
        assert answer.context["form"].errors
    assert not BulkRun.objects.exists()


def test_customers_are_tagged_shown_with_the_tag_and_found_by_it(merchant: Merchant, login: Login) -> None:
    client, (first, *_) = login(merchant), Customer.objects.order_by("pk")
    client.post(CUSTOMERS, press("customer.tag", first, asked=1, start=1, tag="VIP"))
    continue_run(BulkRun.objects.get().pk)
    tag = CustomerTag.objects.get().tag
    (found,) = client.get(f"{CUSTOMERS}?tag={tag.pk}").context["cl"].result_list
    assert (found, found.tag_names) == (first, ["VIP"])
    assert client.get(f"{CUSTOMERS}?tag=987654").context["cl"].result_list == []


def test_another_merchants_rows_are_not_among_the_ticked(merchant: Merchant, login: Login) -> None:
    theirs = f.subscription_with_order().items.get().order
    login(merchant).post(ORDERS, press("order.skip", theirs, asked=1, start=1))
    assert not BulkRun.objects.exists()
    theirs.refresh_from_db()
    assert theirs.status == 1


@pytest.mark.parametrize("role", Role.values)
def test_only_owners_may_change_many_rows(role: str, merchant: Merchant, login: Login) -> None:
    client, order = login(merchant, role), Order.objects.first()
    page = client.get(ORDERS).content
    assert (b'value="order.move"' in page, b'name="_selected_action"' in page) == (
        role == Role.OWNER,
        role == Role.OWNER,
    )
    client.post(ORDERS, press("order.skip", order, asked=1, start=1))
    assert BulkRun.objects.exists() is (role == Role.OWNER)
