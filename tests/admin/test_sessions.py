"""Staff see where they are logged in, and end it; owners do so for their team."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from subscriptions.models import AuditEntry, Merchant, StaffSession
from subscriptions.staff.sessions import describe_browser
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
OWN = "/admin/logins/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"


@pytest.fixture
def merchant(db: None) -> Merchant:
    merchant = f.MerchantFactory(name="Home Inc", time_zone="UTC")
    f.MembershipFactory(merchant=merchant, user__username="sam")
    return merchant


def come_in(agent: str, name: str = "sam", address: str = "192.0.2.1") -> Client:
    client = Client(headers={"user-agent": agent})
    form = {"username": name, "password": "correct horse"}
    assert client.post("/admin/login/", form, REMOTE_ADDR=address).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/password_change/").status_code == 200


@pytest.mark.usefixtures("merchant")
def test_one_sees_all_of_ones_own_logins_and_no_key() -> None:
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as clock:
        phone, desk = come_in(SAFARI, address="192.0.2.9"), come_in(FIREFOX)
        clock.shift(3600)
        assert is_in(desk)
        page = desk.get(OWN)
    assert (
        "Firefox on Windows This one 127.0.0.1 Logged in Nov. 20, 2026, 5:00 PM Last seen Nov. 20, 2026, 6:00 PM"
        in visible_text(page)
    )
    assert "Safari on iPhone 192.0.2.9" in visible_text(page)
    for client in (phone, desk):
        assert str(client.session.session_key) not in page.content.decode()


@pytest.mark.usefixtures("merchant")
@pytest.mark.parametrize(("used", "end"), [([], 7), ([6, 12, 18, 24], 30)], ids=["unused", "used"])
def test_a_login_ends_after_a_week_without_use_and_after_a_month_in_any_case(used: list[int], end: int) -> None:
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as clock:
        desk, began = come_in(FIREFOX), timezone.now()
        for day in used:
            clock.move_to(began + timedelta(days=day))
            assert is_in(desk)
        clock.move_to(began + timedelta(days=end, seconds=-1))
        assert StaffSession.objects.filter(expire_date__gt=timezone.now()).count() == 1
        clock.move_to(began + timedelta(days=end))
        assert not is_in(desk)


@pytest.mark.usefixtures("merchant")
def test_ending_a_login_ends_it_at_once_and_only_that() -> None:
    phone, old, desk = come_in(SAFARI), come_in("curl"), come_in(FIREFOX)
    row = StaffSession.objects.get(browser="Safari on iPhone")
    assert desk.post(f"{OWN}end/", {"session": row.public_id.hex}).status_code == 302
    assert [is_in(client) for client in (phone, old, desk)] == [False, True, True]
    desk.post(f"{OWN}end/")
    assert [is_in(client) for client in (old, desk)] == [False, True]
    said = AuditEntry.objects.filter(kind="access").values_list("sentence", flat=True)
    assert [*said] == ["Ended 1 login.", "Ended 1 login."]


@pytest.mark.parametrize("name", ["", "x", "0" * 32])
@pytest.mark.usefixtures("merchant")
def test_a_name_that_no_login_has_ends_none(name: str) -> None:
    phone, desk = come_in(SAFARI), come_in(FIREFOX)
    foreign = StaffSession.objects.filter(browser="Safari on iPhone")
    desk.post(f"{OWN}end/", {"session": name})
    assert is_in(phone) and foreign.exists()


def test_nobody_ends_anothers_login_under_their_own_name(merchant: Merchant, login: Login) -> None:
    sam = come_in(FIREFOX)
    row = StaffSession.objects.get(browser="Firefox on Windows")
    login(merchant).post(f"{OWN}end/", {"session": row.public_id.hex})
    assert is_in(sam)


def test_an_owner_ends_the_logins_of_the_team_only(merchant: Merchant, login: Login) -> None:
    sam, owner = come_in(FIREFOX), login(merchant, username="ann")
    member = merchant.memberships.get(user__username="sam")
    page = f"/admin/team/{member.pk}/logins/"
    assert "Firefox on Windows" in visible_text(owner.get(page))
    for stranger, status in ((login(f.MerchantFactory()), 404), (login(merchant, "support"), 403)):
        assert stranger.get(page).status_code == stranger.post(f"{page}end/").status_code == status
    assert is_in(sam)
    owner.post(f"{page}end/")
    assert not is_in(sam) and is_in(owner)
    line = AuditEntry.objects.get(kind="access")
    assert (line.who, line.about, line.sentence) == ("ann", "sam (Owner)", "Ended 1 login.")


@pytest.mark.usefixtures("merchant")
def test_a_new_password_ends_the_other_logins() -> None:
    phone, desk = come_in(SAFARI), come_in(FIREFOX)
    new = {"old_password": "correct horse", "new_password1": "four grey geese", "new_password2": "four grey geese"}
    assert desk.post("/admin/password_change/", new).status_code == 302
    # Django deletes the row of the other browser only when that one comes back.
    assert "Safari" not in visible_text(desk.get(OWN))
    assert (is_in(phone), is_in(desk)) == (False, True)


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        ("curl/8", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, shown: str) -> None:
    assert describe_browser(agent) == shown
