"""The page of the checkouts that the shop reported."""

from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.models import CheckoutRequest
from tests.admin.conftest import World
from tests.admin.pages import visible_text

PAGE = "/admin/subscriptions/checkoutrequest/"
DONE = {"customer": "C-1001", "errors": {"products": [], "subscriptions": []}}


@pytest.fixture
def staff(own: World, login: Callable[..., Client]) -> Client:
    return login(own.merchant)


@pytest.fixture
def failed(own: World) -> CheckoutRequest:
    return CheckoutRequest.objects.get(merchant=own.merchant)


def test_a_failed_checkout_is_shown_with_its_reason(staff: Client, failed: CheckoutRequest) -> None:
    listed = visible_text(staff.get(PAGE))
    assert "Home-1224" in listed and "Failed Home fault" in listed
    shown = visible_text(staff.get(f"{PAGE}{failed.pk}/change/"))
    assert "Reason Home fault" in shown and "Sent by Sam Staff" in shown and "Home sentence" in shown


def test_a_failed_checkout_can_be_tried_again_once(staff: Client, failed: CheckoutRequest) -> None:
    address = f"{PAGE}{failed.pk}/try-again/"
    answer = staff.post(address, follow=True)
    assert "The checkout will be tried again within a minute." in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.answer, failed.attempts, failed.reason) == (None, 0, "Home fault")
    assert "Will be tried again" in visible_text(staff.get(PAGE))


@pytest.mark.parametrize(
    ("columns", "state"),
    [({}, "Failed"), ({"answer": DONE, "reason": "", "body": {}}, "Done"), ({"answer": None}, "Will be tried again")]
    + [({"answer": None, "reason": ""}, "In progress")],
)
def test_the_list_is_filtered_by_state(staff: Client, failed: CheckoutRequest, columns: dict, state: str) -> None:
    for name, value in columns.items():
        setattr(failed, name, value)
    failed.save()
    titles = {"Failed": "failed", "Done": "done"}
    found = {
        name for name in ("failed", "waiting", "done") if "Home-1224" in visible_text(staff.get(f"{PAGE}?state={name}"))
    }
    assert found == {titles.get(state, "waiting")}
    page = visible_text(staff.get(f"{PAGE}{failed.pk}/change/"))
    assert f"State {state}" in page
    assert ("Customer C-1001" in page) is (state == "Done")
    can_try = f"{PAGE}{failed.pk}/try-again/".encode() in staff.get(f"{PAGE}{failed.pk}/change/").content
    assert can_try is (state in ("Failed", "Will be tried again"))


def test_a_checkout_is_found_by_the_shops_order_id(staff: Client, failed: CheckoutRequest) -> None:
    assert "Home-1224" in visible_text(staff.get(f"{PAGE}?q=Home-1224"))
    assert "Home-1224" not in visible_text(staff.get(f"{PAGE}?q=Home-12"))
