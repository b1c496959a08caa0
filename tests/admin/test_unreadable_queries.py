"""An address that asks for what is not there is refused in words, and nothing is logged as a fault."""

from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.models import Product
from tests.admin.conftest import World

Login = Callable[..., Client]
SENTENCE = "There is no such product at this merchant; choose another replacement."
ORDERS, CUSTOMERS = "/admin/subscriptions/order/", "/admin/subscriptions/customer/"


@pytest.mark.parametrize(
    "address",
    [
        f"{ORDERS}?status=%00",
        f"{ORDERS}?%00=1",
        f"{CUSTOMERS}?first_placed__year={'9' * 30}",
        f"{CUSTOMERS}?created__range=1",
        f"{ORDERS}?customer__email__startswith=a",
        f"{ORDERS}?status__exact=x",
        f"{ORDERS}?p=0",
        f"{ORDERS}?p=1000001",
        f"{ORDERS}?p={'9' * 5000}",
        f"{ORDERS}?_to_field=customer",
        "/admin/inbox/?metric=%00",
        "/admin/inbox/?page=-1",
        "/admin/search/?s=a&page=0",
        "/admin/search/?s=a&page=x",
    ],
)
def test_a_query_that_no_page_can_answer_is_refused_in_words(
    own: World, login: Login, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    answer = login(own.merchant).get(address)
    assert answer.status_code == 400
    assert "The address asks for a filter, a search or a page that there is not." in answer.content.decode()
    assert (
        f'<a class="text-link" href="{address.split("?")[0]}">Open the page without it</a>' in answer.content.decode()
    )
    assert [record for record in caplog.records if record.exc_info and record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"{ORDERS}?status__exact=1", 1),
        (f"{ORDERS}?status__exact=5&p=1", 1),
        (f"{ORDERS}?p=2", 0),
        (f"{ORDERS}?p=1000000", 0),
        ("/admin/integrations/delivery/?state=dead&connection={connection}", 1),
        (f"/admin/integrations/delivery/?state=dead&connection={'9' * 5000}", 0),
        ("/admin/subscriptions/jobrun/?job=reminders&state__exact=failed", 1),
        (f"{CUSTOMERS}?test=only", 0),
    ],
)
def test_the_filters_of_a_list_work_alone_and_together(own: World, login: Login, address: str, found: int) -> None:
    connection = next(row for model, row in own.rows.items() if model.__name__ == "Connection")
    answer = login(own.merchant).get(address.format(connection=connection.pk))
    assert (answer.status_code, len(answer.context["cl"].result_list)) == (200, found)


@pytest.mark.parametrize("choice", ["9" * 5000, "9" * 30, "\0", "٣", ""])
def test_a_replacement_by_what_is_no_key_is_refused(own: World, login: Login, choice: str) -> None:
    product = own.rows[Product]
    page = f"/admin/subscriptions/product/{product.pk}/discontinue/"
    client = login(own.merchant)
    answer = client.post(page, {"choice": choice}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [SENTENCE]
    product.refresh_from_db()
    assert not product.discontinued


def test_the_login_page_leads_nowhere_odd(own: World) -> None:
    assert Client().get("/admin/login/?next=%00").status_code == 200
