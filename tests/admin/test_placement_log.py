"""The placement log: search, filters, and the request and reply of an attempt."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from subscriptions.models import Merchant, Order, PlacementAttempt, Role
from subscriptions.staff.display import pretty_body
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
PAGE = "/admin/subscriptions/placementattempt/"


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    return login(merchant, Role.READ_ONLY)


def create_attempt(merchant: Merchant, name: str, days: int = 0, **fields: Any) -> Order:
    """An order of a customer called `name`, attempted `days` days ago."""
    order: Order = f.OrderFactory(customer__merchant=merchant, customer__first_name=name, customer__last_name="Lee")
    started = timezone.now() - timedelta(days=days, hours=1)
    PlacementAttempt.objects.create(merchant=merchant, order=order, tries=1, started=started, **fields)
    return order


def find_orders(staff: Client, **query: str) -> set[str]:
    shown = visible_text(staff.get(PAGE, query))
    return {name for name in ("Ana", "Bo", "Cy", "Foreign") if f"{name} Lee" in shown}


def test_the_log_is_searched_and_filtered(staff: Client, merchant: Merchant) -> None:
    ana = create_attempt(merchant, "Ana", effect="declined", code="140")
    create_attempt(merchant, "Bo", 3, effect="placed", code="000")
    create_attempt(merchant, "Cy", 40)
    foreign = create_attempt(f.MerchantFactory(), "Foreign", effect="declined", code="140")
    assert find_orders(staff) == {"Ana", "Bo", "Cy"}
    assert find_orders(staff, q=ana.public_id.hex) == find_orders(staff, q=str(ana.public_id)) == {"Ana"}
    assert find_orders(staff, q=foreign.public_id.hex) == set()
    assert find_orders(staff, q="bo lee") == {"Bo"}
    assert find_orders(staff, effect__exact="placed") == {"Bo"}
    assert find_orders(staff, period="1") == {"Ana"}
    assert find_orders(staff, period="7") == {"Ana", "Bo"}
    assert find_orders(staff, period="7", effect__exact="declined") == {"Ana"}
    assert find_orders(staff, period="nonsense") == {"Ana", "Bo", "Cy"}


def test_an_attempt_shows_its_request_and_its_reply(staff: Client, merchant: Merchant) -> None:
    order = create_attempt(
        merchant,
        "Ana",
        effect="refused",
        code="110",
        message="Wrong number <b>",
        http_status=200,
        request="<order><head><orderOgId><![CDATA[7]]></orderOgId></head></order>",
        answer='{"code": "ERROR", "errorCode": "110"}',
    )
    PlacementAttempt.objects.update(finished=F("started") + timedelta(hours=1))
    shown = visible_text(staff.get(f"{PAGE}{PlacementAttempt.objects.get().pk}/change/"))
    assert f"Order ID {order.public_id.hex}" in shown
    assert "Refused" in shown and "Wrong number <b>" in shown and "3600.0 s" in shown
    assert "<orderOgId><![CDATA[7]]></orderOgId>" in shown and '"errorCode": "110"' in shown


def test_an_attempt_in_progress_shows_no_reply_yet(staff: Client, merchant: Merchant) -> None:
    create_attempt(merchant, "Ana")
    shown = visible_text(staff.get(f"{PAGE}{PlacementAttempt.objects.get().pk}/change/"))
    assert "Result In progress" in shown and "HTTP status No answer" in shown


def test_xml_is_shown_with_one_value_per_line() -> None:
    assert str(pretty_body("<a><b>1</b><c/><d><e>2</e></d></a>")) == (
        '<pre class="staff-json">&lt;a&gt;\n  &lt;b&gt;1&lt;/b&gt;\n  &lt;c/&gt;\n  &lt;d&gt;\n'
        "    &lt;e&gt;2&lt;/e&gt;\n  &lt;/d&gt;\n&lt;/a&gt;</pre>"
    )
    assert "&lt;a&gt;&lt;b&gt;cut o" in str(pretty_body("<a><b>cut o")).replace("\n  ", "")
    assert pretty_body("") == "-"
