"""An owner invites somebody by a link, which works once, for one team and role."""

import re
from collections.abc import Callable

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from subscriptions.models import AuditEntry, Invitation, Membership, Merchant
from tests import factories as f
from tests.admin.conftest import login  # noqa: F401  a fixture

Login = Callable[..., Client]
PAGES = "/admin/subscriptions/invitation/"
NEW = {
    "username": "kim@home.test",
    "first_name": "Kim",
    "last_name": "Low",
    "password1": "four grey geese",
    "password2": "four grey geese",
}


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(name="Home Inc")


def invite(owner: Client, email: str = "kim@home.test", role: str = "support") -> str:
    """The path of the link."""
    page = owner.post(f"{PAGES}add/", {"email": email, "role": role}).content.decode()
    (path,) = set(re.findall(r"http://[^/\s]+(/invitation/[\w-]+/)", page))
    return path


def test_an_invited_person_makes_a_login_and_is_on_the_team(merchant: Merchant, login: Login) -> None:  # noqa: F811
    link = invite(login(merchant, username="ann"))
    kim = Client()
    assert "kim@home.test" in kim.get(link).content.decode()
    assert kim.post(link, NEW).status_code == 302
    member = Membership.objects.get(user__username="kim@home.test")
    assert (member.merchant, member.role, member.user.email) == (merchant, "support", "kim@home.test")
    assert kim.get("/admin/").status_code == 200
    assert kim.get("/admin/subscriptions/apikey/").status_code == 403
    lines = AuditEntry.objects.filter(kind="access").values_list("who", "sentence").order_by("pk")
    assert [*lines] == [("ann", "Added."), ("Kim Low", "Joined by the invitation for kim@home.test.")]
    # The link is used up.
    other = Client()
    assert other.get(link).status_code == other.post(link, {**NEW, "username": "eve"}).status_code == 410
    assert not User.objects.filter(username="eve").exists()


def test_only_a_digest_of_the_link_is_stored(merchant: Merchant, login: Login) -> None:  # noqa: F811
    owner = login(merchant)
    token = invite(owner).split("/")[2]
    assert Invitation.objects.get().digest not in token
    assert token not in owner.get(PAGES).content.decode()


def test_a_link_ends_after_a_week_by_a_new_one_and_by_deletion(merchant: Merchant, login: Login) -> None:  # noqa: F811
    owner = login(merchant)
    link = invite(owner)
    row = Invitation.objects.get()
    with time_machine.travel(row.expires, tick=False):
        assert Client().get(link).status_code == 410
    page = owner.post(f"{PAGES}{row.pk}/new-link/").content.decode()
    (second,) = set(re.findall(r"http://[^/\s]+(/invitation/[\w-]+/)", page))
    assert (Client().get(link).status_code, Client().get(second).status_code) == (410, 200)
    owner.post(f"{PAGES}{row.pk}/delete/", {"post": "yes"})
    assert Client().get(second).status_code == 410


def test_an_owner_who_was_removed_does_not_come_back_by_an_invitation(merchant: Merchant, login: Login) -> None:  # noqa: F811
    eve, ann = login(merchant, username="eve"), login(merchant, username="ann")
    link, row = invite(eve, "other@home.test"), Invitation.objects.get()
    assert "Open" in ann.get(PAGES).content.decode()
    member = Membership.objects.get(user__username="eve")
    ann.post(f"/admin/subscriptions/membership/{member.pk}/change/", {"role": "support"})
    assert Client().get(link).status_code == 410
    assert "Ended" in ann.get(PAGES).content.decode()
    # Another owner may stand for it.
    page = ann.post(f"{PAGES}{row.pk}/new-link/").content.decode()
    (second,) = set(re.findall(r"http://[^/\s]+(/invitation/[\w-]+/)", page))
    assert Client().get(second).status_code == 200


def test_somebody_with_a_login_joins_with_it_and_keeps_both_merchants(
    merchant: Merchant,
    login: Login,  # noqa: F811
) -> None:
    other = f.MembershipFactory(user__username="kim", user__email="kim@home.test")
    link = invite(login(merchant))
    kim = Client()
    assert f"/admin/login/?next={link}" in kim.get(link).content.decode()
    assert kim.post(link, NEW).status_code == 200  # no second login of the same person
    assert User.objects.filter(email="kim@home.test").count() == 1
    answer = kim.post(f"/admin/login/?next={link}", {"username": "kim", "password": "correct horse"})
    assert answer["location"] == link
    assert "You are logged in as" in kim.get(link).content.decode()
    assert kim.post(link).status_code == 302
    teams = Membership.objects.filter(user=other.user).order_by("pk").values_list("merchant", "role")
    assert [*teams] == [(other.merchant_id, "owner"), (merchant.pk, "support")]


def test_a_member_who_follows_a_link_keeps_the_role(merchant: Merchant, login: Login) -> None:  # noqa: F811
    owner = login(merchant, username="ann")
    assert owner.post(invite(owner)).status_code == 302
    assert Membership.objects.get(user__username="ann").role == "owner"


@pytest.mark.parametrize("email", ["", "kim", "ann@home.test", "ANN@home.test"])
def test_no_invitation_without_an_address_or_for_a_member(
    email: str,
    merchant: Merchant,
    login: Login,  # noqa: F811
) -> None:
    owner = login(merchant, email="ann@home.test")
    assert owner.post(f"{PAGES}add/", {"email": email, "role": "support"}).status_code == 200
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", ["marketing", "support", "read_only"])
def test_only_owners_invite(role: str, merchant: Merchant, login: Login) -> None:  # noqa: F811
    assert login(merchant, role).post(f"{PAGES}add/", {"email": "kim@home.test", "role": "owner"}).status_code == 403


def test_with_a_mail_server_the_link_is_sent(merchant: Merchant, login: Login, settings) -> None:  # noqa: F811
    settings.CAN_SEND_MAIL = True
    link = invite(login(merchant))
    (sent,) = mail.outbox
    assert sent.to == ["kim@home.test"] and link in sent.body and "Home Inc" in sent.subject


@pytest.mark.parametrize("token", ["x", "x" * 200, "%00", "é"])
@pytest.mark.django_db
def test_a_link_that_was_never_made_is_over(token: str) -> None:
    assert Client().get(f"/invitation/{token}/").status_code == 410
