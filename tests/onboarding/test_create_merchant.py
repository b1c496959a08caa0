"""`manage.py create_merchant`: by options, by asking, twice, and with wrong values."""

import builtins
import getpass
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from onboarding.management.commands.create_merchant import PASSWORD
from onboarding.new_merchant import CANCEL_REASONS
from subscriptions.models import Membership, Merchant, Role
from subscriptions.placement.http_gateway import NoGateway
from subscriptions.placement.registry import gateway_of
from tests import factories as f
from tests.races import run_at_once
from tests.rows import read_all_rows

OPTIONS = {
    "name": "Harbour Coffee",
    "shop_url": "https://Harbour.example/shop",
    "time_zone": "Europe/Berlin",
    "currency_code": "EUR",
    "country_code": "DE",
    "locale": "de-de",
    "username": "ana@harbour.example",
}


def create(**changes: Any) -> str:
    out = StringIO()
    call_command("create_merchant", **{**OPTIONS, "no_input": True, **changes}, stdout=out)
    return out.getvalue()


def test_it_makes_a_live_merchant_with_everything_a_merchant_has(db: None, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    said = create()
    merchant = Merchant.objects.get()
    assert {name: getattr(merchant, name) for name in OPTIONS if name != "username"} == {
        name: text for name, text in OPTIONS.items() if name != "username"
    }
    assert merchant.is_test is False
    assert merchant.one_click.shop_origins == ["https://harbour.example"]
    assert [(page.slug, page.is_default) for page in merchant.landing_pages.all()] == [("welcome-back", True)]
    assert dict(merchant.cancel_reasons.values_list("code", "label")) == CANCEL_REASONS
    assert len(merchant.storefront_key) == 32
    assert isinstance(gateway_of(f.OrderFactory(customer__merchant=merchant)), NoGateway)
    for shown in (merchant.public_id.hex, merchant.storefront_key[:], "https://portal.example/admin/", "live merchant"):
        assert shown in said


def test_the_owner_logs_in_with_the_generated_password_and_sees_this_merchant_only(db: None) -> None:
    f.MerchantFactory(name="Foreign Inc")
    said = create()
    owner = User.objects.get()
    assert (owner.username, owner.is_staff, owner.is_superuser) == ("ana@harbour.example", True, False)
    assert [(one.merchant.name, one.role) for one in owner.memberships.all()] == [("Harbour Coffee", Role.OWNER)]
    password = said.partition("ana@harbour.example  ")[2].split()[0]
    client = Client()
    client.post("/admin/login/", {"username": owner.username, "password": password})
    home = client.get("/admin/").content
    assert b"Harbour Coffee" in home and b"Foreign Inc" not in home
    foreign = Merchant.objects.get(name="Foreign Inc")
    assert client.post("/admin/merchant/switch/", {"merchant": foreign.pk}).status_code == 404
    assert client.get(f"/admin/subscriptions/merchant/{foreign.pk}/change/").status_code == 302


def test_the_password_from_the_environment_is_used_and_not_shown(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "four green herons")
    assert "four green herons" not in create()
    assert User.objects.get().check_password("four green herons")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_zone": "Mars/Base"}, "--time-zone: "),
        ({"shop_url": "nonsense at all"}, "--shop-url: Enter a valid URL."),
        ({"shop_url": "ftp://shop.example"}, "--shop-url: Enter the whole address of your shop, for example https"),
        ({"name": "x" * 256}, "--name: Ensure this value has at most 255 characters (it has 256)."),
        ({"username": "two words"}, "--owner: Enter a valid username."),
        ({"name": "", "time_zone": ""}, "Missing: --name, --time-zone."),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_created(changes: dict[str, str], said: str, db: None) -> None:
    before = read_all_rows()
    with pytest.raises(CommandError) as raised:
        create(**changes)
    assert str(raised.value).startswith(said)
    assert (read_all_rows(), User.objects.count()) == (before, 0)


def test_all_wrong_values_are_named_at_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "12345678")
    with pytest.raises(CommandError) as raised:
        create(time_zone="Mars/Base", shop_url="nonsense at all")
    options = [line.partition(":")[0] for line in str(raised.value).splitlines()]
    assert options == ["--shop-url", "--time-zone", PASSWORD]
    assert "too common" in str(raised.value)


def test_run_again_it_changes_nothing(db: None) -> None:
    create()
    before = read_all_rows()
    password = User.objects.get().password
    said = create(name="harbour coffee", currency_code="USD")
    assert said == "ana@harbour.example has the merchant harbour coffee already. Nothing was changed.\n"
    assert read_all_rows() == before
    assert User.objects.get().password == password


def test_the_name_of_another_owners_merchant_is_refused(db: None) -> None:
    create()
    with pytest.raises(CommandError, match="--name: There is already a merchant with this name. Choose another name."):
        create(username="ben", name="HARBOUR COFFEE")
    assert (Merchant.objects.count(), User.objects.count()) == (1, 1)


def test_an_existing_login_becomes_the_owner_of_a_further_merchant_and_keeps_its_password(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    create()
    monkeypatch.setenv(PASSWORD, "four green herons")
    password = User.objects.get().password
    assert "(with the password that you know)" in create(name="Harbour Tea", test=True)
    assert User.objects.get().password == password
    roles = Membership.objects.order_by("pk").values_list("merchant__name", "merchant__is_test", "role")
    assert list(roles) == [("Harbour Coffee", False, "owner"), ("Harbour Tea", True, "owner")]


@pytest.mark.parametrize("changes", [{"is_staff": False}, {"is_active": False}])
def test_a_login_that_may_not_use_the_staff_pages_is_refused(changes: dict[str, bool], db: None) -> None:
    f.UserFactory(username="ana@harbour.example", **changes)
    with pytest.raises(CommandError, match="exists, but may not use the staff pages. Choose another login."):
        create()
    assert not Merchant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_creates_the_merchant_and_the_other_changes_nothing() -> None:
    answers = run_at_once(2, create)
    assert Merchant.objects.count() == User.objects.count() == Membership.objects.count() == 1
    assert sorted("Nothing was changed." in answer for answer in answers) == [False, True]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Answer the questions with these texts; returns the questions that were asked."""

    def install(*texts: str) -> list[str]:
        asked: list[str] = []
        waiting = iter(texts)

        def answer(question: str = "") -> str:
            asked.append(question)
            return next(waiting)

        monkeypatch.setattr(builtins, "input", answer)
        monkeypatch.setattr(getpass, "getpass", answer)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        return asked

    return install


def test_at_a_terminal_it_asks_for_what_is_missing_until_it_is_right(db: None, typed: Callable[..., Any]) -> None:
    passwords = ("12345678", "four green herons", "another one", "four green herons", "four green herons")
    asked = typed("Mars/Base", "Europe/Berlin", "", "ana", *passwords)
    errors = StringIO()
    create(time_zone="", username="", no_input=False, stderr=errors)
    assert [question.partition(",")[0].partition(" (")[0] for question in asked] == [
        *["Time zone"] * 2,
        *["Login of the owner"] * 2,
        "Password",
        "Password",
        "Password again: ",
        "Password",
        "Password again: ",
    ]
    assert "too common" in errors.getvalue() and "The two passwords differ." in errors.getvalue()
    assert User.objects.get(username="ana").check_password("four green herons")


def test_an_empty_answer_has_a_password_generated(db: None, typed: Callable[..., Any]) -> None:
    typed("")
    said = create(no_input=False)
    assert "(shown only now)" in said.splitlines()[-1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth_user")
        assert cursor.fetchone() == (1,)
