"""A bad key stops one connection, and nothing is lost or out of order once staff have replaced it."""

import pytest

from integrations import outbox
from integrations.base import Answer, Outcome
from integrations.models import Delivery
from tests.factories import ConnectionFactory, MerchantFactory
from tests.integrations.outbox.sending import Scripted, drain, write_events

pytestmark = pytest.mark.django_db
BAD_KEY = Answer(Outcome.PAUSE, 401, "Klaviyo does not know this key.")


def waiting(connection) -> list[str]:
    rows = Delivery.objects.filter(connection=connection, state="pending").order_by("id")
    return list(rows.values_list("event__payload__name", flat=True))


@pytest.fixture
def shops(clock):
    return [ConnectionFactory(merchant=MerchantFactory()) for _ in range(2)]


def test_a_bad_key_pauses_its_connection_alone(shops):
    bad, good = shops
    for shop in shops:
        write_events(shop.merchant, *(f"person{n}" for n in range(10)))
    drain(bad, Scripted(lambda names: BAD_KEY))
    sent = Scripted()
    drain(good, sent)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.paused_reason, good.paused_reason) == (BAD_KEY.detail, "")
    assert (len(waiting(bad)), waiting(good)) == (10, [])
    assert [len(names) for names in sent.requests] == [10], "at full speed: in bulk, and at once"


def test_after_a_new_key_all_that_waits_goes_out_with_the_oldest_of_each_customer_first(shops, clock):
    connection, _ = shops
    write_events(connection.merchant, "ana-1", "ben-1")
    drain(connection, Scripted(lambda names: BAD_KEY))
    for n in (2, 3):  # they come while the connection is paused
        clock.shift(3600)
        write_events(connection.merchant, f"ana-{n}", f"ben-{n}")
    assert len(waiting(connection)) == 6

    outbox.resume_connection(connection)
    sent = Scripted()
    drain(connection, sent)
    assert waiting(connection) == []
    names = [name for request in sent.requests for name in request]
    assert [name for name in names if name.startswith("ana")] == ["ana-1", "ana-2", "ana-3"]
    assert [name for name in names if name.startswith("ben")] == ["ben-1", "ben-2", "ben-3"]
