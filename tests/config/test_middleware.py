import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import MembershipFactory, MerchantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(MembershipFactory().user)
    return client


@pytest.mark.parametrize("path", ["/l/{}/", "/one_click/reactivate/", "/api/orders/", "/api/nothing/"])
def test_answers_to_customers_and_clients_use_no_session_even_in_a_staff_browser(staff, path):
    with CaptureQueriesContext(connection) as context:
        answer = staff.get(path.format(MerchantFactory().public_id.hex))
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.cookies
    assert not [query for query in context if "session" in query["sql"] or "auth_user" in query["sql"]]


def test_staff_pages_know_who_is_logged_in(staff):
    assert staff.get("/admin/").wsgi_request.user.is_authenticated
    assert Client().get("/admin/").status_code == 302
