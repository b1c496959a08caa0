"""Owners look after the team, and one of them always stays."""

from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.models import Membership, Merchant
from tests import factories as f
from tests.races import run_at_once

Login = Callable[..., Client]


def press_at_once(merchant: Merchant, login: Login, page: str, answers: dict[str, str]) -> list[int]:
    """Each of two owners does it to the other; the statuses."""
    staff = [login(merchant), login(merchant)]
    members = merchant.memberships.order_by("-pk").values_list("pk", flat=True)
    others = iter([*zip(staff, members, strict=True)])

    def press() -> int:
        client, other = next(others)
        return client.post(f"/admin/subscriptions/membership/{other}/{page}/", answers).status_code

    return run_at_once(2, press)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("page", "answers"), [("change", {"role": "support"}), ("delete", {"post": "yes"})])
def test_of_two_owners_who_remove_each_other_at_once_one_stays(
    page: str, answers: dict[str, str], login: Login
) -> None:
    for _ in range(3):
        merchant = f.MerchantFactory()
        statuses = press_at_once(merchant, login, page, answers)
        assert set(statuses) <= {200, 302, 403, 404}, statuses
        assert Membership.objects.filter(merchant=merchant, role="owner").count() == 1
        Membership.objects.filter(merchant=merchant).delete()
