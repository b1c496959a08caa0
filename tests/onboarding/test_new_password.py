"""A new password without the old one: by an owner's link, by e-mail, and by the operator's command."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from subscriptions.models import AuditEntry, Membership, Merchant, SecondFactor, StaffSession
from tests import factories as f
from tests.admin.conftest import login  # noqa: F401  a fixture
from tests.queued import run_tasks

Login = Callable[..., Client]
NEW = {"new_password1": "four grey geese", "new_password2": "four grey geese"}


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(name="Home Inc")


@pytest.fixture
def kim(merchant: Merchant) -> Membership:
    return f.MembershipFactory(merchant=merchant, role="support", user__username="kim@home.test")


def ask_owner(owner: Client, member: Membership) -> str:
    page = owner.post(f"/admin/subscriptions/membership/{member.pk}/reset-link/").content.decode()
    return "".join(set(re.findall(r"(/password/[\w-]+/[\w-]+/)", page)))


def use(link: str, **changes: str) -> int:
    client = Client()
    form = client.get(link, follow=True).redirect_chain
    return client.post(form[-1][0] if form else link, {**NEW, **changes}).status_code


def log_in(password: str) -> int:
    return Client().post("/admin/login/", {"username": "kim@home.test", "password": password}).status_code


def test_an_owners_link_sets_a_password_once_and_ends_all_logins(
    merchant: Merchant,
    kim: Membership,
    login: Login,  # noqa: F811
) -> None:
    assert log_in("correct horse") == 302
    link = ask_owner(login(merchant, username="ann"), kim)
    assert StaffSession.objects.filter(user=kim.user).exists()
    assert use(link) == 302
    assert not StaffSession.objects.filter(user=kim.user).exists()
    assert (log_in("correct horse"), log_in("four grey geese")) == (200, 302)
    assert use(link, new_password1="other grey geese", new_password2="other grey geese") == 200
    assert log_in("other grey geese") == 200
    said = AuditEntry.objects.filter(kind="access").order_by("pk").values_list("who", "about", "sentence")
    assert [*said] == [
        ("ann", "kim@home.test (Support)", "Made a link to set a new password."),
        ("kim@home.test", "kim@home.test (Support)", "Set a new password by a link."),
    ]


@pytest.mark.usefixtures("kim")
def test_the_link_ends_after_a_day_and_with_the_next_login(
    merchant: Merchant,
    kim: Membership,
    login: Login,  # noqa: F811
) -> None:
    owner = login(merchant)
    link = ask_owner(owner, kim)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, seconds=2), tick=False):
        assert "This link is not valid" in Client().get(link).content.decode()
    log_in("correct horse")
    assert "This link is not valid" in Client().get(link).content.decode()


def test_whoever_guessed_ten_times_comes_in_after_setting_a_new_password(
    merchant: Merchant,
    kim: Membership,
    login: Login,  # noqa: F811
) -> None:
    assert [log_in("wrong") for _ in range(10)] == [200] * 9 + [429]
    link, client = ask_owner(login(merchant), kim), Client()
    assert client.post(client.get(link)["location"], NEW).status_code == 302
    form = {"username": "kim@home.test", "password": "four grey geese"}
    assert client.post("/admin/login/", form).status_code == 302
    assert Client().post("/admin/login/", form).status_code == 429, "elsewhere the name waits on"


@pytest.mark.parametrize("verb", ["reset-link", "lost-device"])
def test_an_owner_takes_over_nobody_who_works_for_another_merchant_too(
    verb: str,
    merchant: Merchant,
    kim: Membership,
    login: Login,  # noqa: F811
) -> None:
    second = f.MembershipFactory(user=kim.user, role="read_only")
    SecondFactor.objects.create(user=kim.user, key="00" * 20)
    owner = login(merchant, username="ann")
    answer = owner.post(f"/admin/subscriptions/membership/{kim.pk}/{verb}/", follow=True)
    assert "also works for a merchant whose owner you are not" in answer.content.decode()
    assert "/password/" not in answer.content.decode() and SecondFactor.objects.exists()
    # With both merchants one's own, nobody else can lose anything.
    f.MembershipFactory(merchant=second.merchant, user=User.objects.get(username="ann"))
    answer = owner.post(f"/admin/subscriptions/membership/{kim.pk}/{verb}/", follow=True)
    assert "also works for" not in answer.content.decode()


@pytest.mark.parametrize(("role", "status"), [("support", 403), ("marketing", 403)])
def test_only_owners_make_links(
    role: str,
    status: int,
    merchant: Merchant,
    kim: Membership,
    login: Login,  # noqa: F811
) -> None:
    assert login(merchant, role).post(f"/admin/subscriptions/membership/{kim.pk}/reset-link/").status_code == status
    stranger = login(f.MerchantFactory())
    assert stranger.post(f"/admin/subscriptions/membership/{kim.pk}/reset-link/").status_code == 404


@pytest.mark.usefixtures("kim")
def test_without_a_mail_server_the_page_says_who_can_help() -> None:
    page = Client().get("/admin/login/").content.decode()
    assert 'href="/password/"' in page
    assert "manage.py reset_link" in Client().get("/password/").content.decode()
    Client().post("/password/", {"email": "kim@home.test"})
    assert not mail.outbox


@pytest.mark.usefixtures("kim")
@pytest.mark.parametrize(("typed", "sent"), [("KIM@home.test", 1), ("eve@home.test", 0)])
def test_with_a_mail_server_the_link_is_sent_and_nobody_learns_who_has_a_login(typed: str, sent: int, settings) -> None:
    settings.CAN_SEND_MAIL = True
    answer = Client().post("/password/", {"email": typed})
    assert "If there is a login with this address" in answer.content.decode()
    # Who has a login is looked up after the answer, so its time says nothing either.
    assert not mail.outbox
    run_tasks()
    assert len(mail.outbox) == sent
    lines = AuditEntry.objects.values_list("who", "sentence", "address")
    assert [*lines] == [("kim@home.test", "Asked for a link to set a new password.", "127.0.0.1")] * sent
    if sent:
        (link,) = re.findall(r"(/password/[\w-]+/[\w-]+/)", mail.outbox[0].body)
        assert use(link) == 302


@pytest.mark.usefixtures("kim")
def test_an_address_may_ask_only_a_few_times_a_minute(settings) -> None:
    settings.CAN_SEND_MAIL = True
    answers = [Client().post("/password/", {"email": "kim@home.test"}, REMOTE_ADDR="192.0.2.77") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


def test_the_operators_command_helps_an_owner_who_lost_everything(kim: Membership) -> None:
    SecondFactor.objects.create(user=kim.user, key="00" * 20)
    said = StringIO()
    call_command("reset_link", "kim@home.test", "--lost-device", stdout=said)
    (link,) = re.findall(r"(/password/[\w-]+/[\w-]+/)", said.getvalue())
    assert use(link) == 302
    assert not SecondFactor.objects.exists()
    assert log_in("four grey geese") == 302
    assert AuditEntry.objects.filter(who="Operator of the portal").count() == 2
    with pytest.raises(CommandError, match="There is no login eve"):
        call_command("reset_link", "eve")
