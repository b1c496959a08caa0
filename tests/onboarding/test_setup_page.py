"""The first-run page: who may use it, once, and what it makes."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from onboarding.setup_link import VALID_FOR, setup_link
from subscriptions.models import Membership, Merchant, Role
from tests import factories as f
from tests.rows import read_all_rows

ANSWERS = {
    "name": "Harbour Coffee",
    "shop_url": "https://harbour.example",
    "time_zone": "Europe/Berlin",
    "currency_code": "EUR",
    "country_code": "DE",
    "locale": "de-de",
    "username": "ana@harbour.example",
    "email": "ana@harbour.example",
    "password1": "four green herons",
    "password2": "four green herons",
}


def link() -> str:
    return urlsplit(setup_link()).path


def test_whoever_has_the_link_becomes_the_owner_of_a_live_merchant(db: None) -> None:
    client = Client()
    page = client.get(link())
    assert page.status_code == 200
    # The address is the credential, so no other site may read it.
    assert (page["Referrer-Policy"], "no-store" in page["Cache-Control"]) == ("same-origin", True)
    done = client.post(link(), ANSWERS)
    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.is_test, merchant.time_zone) == ("Harbour Coffee", False, "Europe/Berlin")
    owner = Membership.objects.get(merchant=merchant)
    assert (owner.role, owner.user.username, owner.user.email) == (Role.OWNER, *["ana@harbour.example"] * 2)
    assert (owner.user.is_staff, owner.user.is_superuser) == (True, False)
    assert owner.user.check_password("four green herons")
    assert merchant.public_id.hex in done.text
    assert str.__str__(merchant.storefront_key) in done.text
    home = client.get("/admin/")
    assert home.status_code == 200 and "Harbour Coffee" in home.text and "TEST MODE" not in home.text


def test_the_demo_beside_it_stays_the_demos(db: None) -> None:
    demo = f.MembershipFactory(merchant__name="Demo shop")
    client = Client()
    client.force_login(demo.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(link(), ANSWERS).status_code == 200
    assert "Demo shop" not in client.get("/admin/").text
    assert client.post("/admin/merchant/switch/", {"merchant": demo.merchant.pk}).status_code == 404
    assert list(demo.user.memberships.values_list("merchant__name", flat=True)) == ["Demo shop"]


def test_the_link_works_once(db: None) -> None:
    found = link()
    Client().post(found, ANSWERS)
    before = read_all_rows()
    for method in (Client().get, Client().post):
        again = method(found, ANSWERS | {"name": "Other", "username": "ben"})
        assert again.status_code == 410
        assert "This portal is already set up" in again.text
    assert read_all_rows() == before
    assert User.objects.count() == 1


def test_the_link_works_for_a_day(db: None) -> None:
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as clock:
        found = link()
        clock.shift(VALID_FOR)
        assert Client().get(found).status_code == 200
        clock.shift(timedelta(seconds=1))
        late = Client().post(found, ANSWERS)
    assert late.status_code == 403
    assert "A setup link works for 24 hours" in late.text
    assert not Merchant.objects.exists()


@pytest.mark.parametrize("token", ["x", "first", "first:1wPZ3c:AAAA", "second:1wPZ3c:AAAA"])
def test_a_made_up_link_is_refused(token: str, db: None) -> None:
    answer = Client().post(f"/setup/{token}/", ANSWERS)
    assert answer.status_code == 403
    assert not Merchant.objects.exists() and not User.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"shop_url": "nonsense at all"}, "Enter a valid URL."),
        ({"password2": "another"}, "The two password fields didn’t match."),
        ({"password1": "12345678", "password2": "12345678"}, "This password is too common."),
        ({"username": "TAKEN"}, "A user with that username already exists."),
    ],
)
def test_a_wrong_answer_is_explained_and_creates_nothing(changes: dict[str, str], said: str, db: None) -> None:
    f.UserFactory(username="taken")
    before = read_all_rows()
    answer = Client().post(link(), ANSWERS | changes)
    assert answer.status_code == 200
    errors = {**answer.context["forms"][0].errors, **answer.context["forms"][1].errors}
    assert len(errors) == 1 and said in str(errors)
    assert (read_all_rows(), User.objects.count()) == (before, 1)


def test_nothing_is_chosen_beforehand(db: None) -> None:
    html = Client().get(link()).text
    assert not re.search(r"<option [^>]*value=\"[^\"]+\"[^>]* selected", html)
    assert not re.search(r"<input [^>]*type=\"text\"[^>]* value=\"[^\"]", html)


def test_the_login_says_how_to_begin_while_nobody_can_log_in(db: None) -> None:
    client = Client()
    page = client.get("/admin/", follow=True)
    assert [to for to, _ in page.redirect_chain] == ["/admin/login/?next=/admin/", "/setup/"]
    assert "Nobody can log in yet" in page.text and "manage.py create_merchant" in page.text
    assert setup_link().rsplit(":", 1)[1] not in page.text
    f.MembershipFactory()
    assert "Log in" in client.get("/admin/login/").text
