"""A lookup reads no table as a whole, however many customers there are."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.gladly.matching import find_customer, find_customers
from subscriptions.models import Customer, Merchant
from tests.factories import MerchantFactory

MANY = 3000


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = MerchantFactory()
    names = {"merchant": made, "first_name": "Ana", "last_name": "Ruiz"}
    Customer.objects.bulk_create(
        Customer(**names, merchant_user_id=f"N{n}", email=f"A{n}@x.test", phone_number=f"(501) 329-{n:04}")
        for n in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_customer")
    return made


def plans(run: Callable[[], object]) -> list[str]:
    """How the database answers each statement of `run`."""
    with CaptureQueriesContext(connection) as queries:
        run()
    found = []
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            found.append("\n".join(line for (line,) in cursor.fetchall()))
    return found


def test_addresses_and_numbers_go_by_their_indexes(merchant):
    emails, phones = [f"a{n}@X.test" for n in range(5)], [f"+1501329{n:04}" for n in range(5, 10)]
    by_email, by_phone = plans(lambda: find_customers(merchant, emails, phones))
    assert "customer_by_email" in by_email and "customer_by_phone" in by_phone
    assert "Seq Scan" not in by_email + by_phone
    assert [row.merchant_user_id for row in find_customers(merchant, emails, phones)] == [f"N{n}" for n in range(10)]


def test_an_id_goes_by_its_index(merchant):
    (plan,) = plans(lambda: find_customer(merchant, "N7"))
    assert "customer_merchant_user_id" in plan and "Seq Scan" not in plan
