"""A second factor at the login: set up, asked for, required, lost."""

import re
from base64 import b32decode
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from django_otp.oath import totp

from subscriptions.models import AuditEntry, Membership, Merchant, SecondFactor
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]
PAGE, CODE = "/admin/two-factor/", "/admin/login/code/"
KEY = "3132333435363738393031323334353637383930"
SAM = {"username": "sam", "password": "correct horse"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(name="Home Inc")


@pytest.fixture
def sam(merchant: Merchant) -> Membership:
    return f.MembershipFactory(merchant=merchant, user__username="sam")


def code_now(key: str = KEY) -> str:
    return f"{totp(bytes.fromhex(key)):06}"


def set_up(client: Client) -> tuple[str, list[str]]:
    """The key and the recovery codes."""
    page = client.get(PAGE).content.decode()
    (signed,) = re.findall(r'name="key" value="([^"]*)"', page)
    key = shown_key(page)
    shown = client.post(PAGE, {"key": signed, "code": code_now(key)})
    assert shown.status_code == 200
    return key, re.findall(r"\b[0-9a-f]{5}-[0-9a-f]{5}\b", visible_text(shown))


def shown_key(page: str) -> str:
    (text,) = re.findall(r">((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})<", page)
    return b32decode(text.replace(" ", "")).hex()


def come_in(code: str) -> int:
    """The status of the second step, after the right password."""
    client = Client()
    answer = client.post("/admin/login/?next=/admin/jobs/", SAM)
    assert answer["location"].startswith(CODE)
    assert client.get("/admin/").status_code == 302, "the password alone lets nobody in"
    return client.post(answer["location"], {"code": code}).status_code


def test_a_code_is_asked_for_after_the_password_and_each_works_once(
    sam: Membership, clock: time_machine.Traveller
) -> None:
    desk = Client()
    desk.post("/admin/login/", SAM)
    key, recovery = set_up(desk)
    assert len(recovery) == len(set(recovery)) == 10
    assert come_in(code_now(key)) == 200, "the code of the set-up is used up"
    clock.shift(60)
    client = Client()
    step = client.post("/admin/login/?next=/admin/jobs/", SAM)["location"]
    assert client.post(step, {"code": code_now(key)})["location"] == "/admin/jobs/"
    assert client.get("/admin/").status_code == 200
    assert come_in(code_now(key)) == 200
    said = AuditEntry.objects.order_by("pk").values_list("sentence", flat=True)
    assert [*said] == [
        "Logged in.",
        "Turned two-factor on.",
        "Gave a wrong code.",
        "Logged in with a code.",
        "Gave a wrong code.",
    ]


@pytest.mark.usefixtures("sam")
def test_a_recovery_code_works_once_and_nothing_is_stored_in_the_clear(clock: time_machine.Traveller) -> None:
    desk = Client()
    desk.post("/admin/login/", SAM)
    key, recovery = set_up(desk)
    clock.shift(60)
    assert come_in(recovery[0].upper()) == 302
    assert come_in(recovery[0]) == 200
    clock.shift(60)
    assert come_in(recovery[1]) == 302
    row = SecondFactor.objects.values().get()
    assert len(row["recovery"]) == 8 and not {code.replace("-", "") for code in recovery} & set(row["recovery"])
    assert key not in str(row)


@pytest.mark.parametrize("code", ["000000", "", "12345", "1234567", "٠١٢٣٤٥", "-00001", "abc"])
def test_a_wrong_code_lets_nobody_in(code: str, sam: Membership) -> None:
    SecondFactor.objects.create(user=sam.user, key=KEY)
    assert come_in(code) == 200


def test_wrong_codes_slow_guessing_down(sam: Membership, clock: time_machine.Traveller) -> None:
    SecondFactor.objects.create(user=sam.user, key=KEY)
    for _ in range(5):
        come_in("000000")
        clock.shift(20)
    come_in("000000")
    assert come_in(code_now()) == 200, "the right code has to wait, too"
    clock.shift(60)
    assert come_in(code_now()) == 302


def test_the_half_login_ends_after_ten_minutes(sam: Membership, clock: time_machine.Traveller) -> None:
    SecondFactor.objects.create(user=sam.user, key=KEY)
    client = Client()
    step = client.post("/admin/login/", SAM)["location"]
    clock.shift(10 * 60)
    assert client.post(step, {"code": code_now()})["location"] == "/admin/login/"
    assert client.get("/admin/").status_code == 302


def test_the_code_leads_to_no_foreign_page(sam: Membership) -> None:
    SecondFactor.objects.create(user=sam.user, key=KEY)
    client = Client()
    client.post("/admin/login/", SAM)
    assert client.post(f"{CODE}?next=https://evil.example/", {"code": code_now()})["location"] == "/admin/"


def test_setting_it_up_ends_the_logins_without_it(merchant: Merchant, sam: Membership) -> None:
    phone, desk = Client(), Client()
    for client in (phone, desk):
        client.post("/admin/login/", SAM)
    set_up(desk)
    assert [client.get("/admin/").status_code for client in (phone, desk)] == [302, 200]


def test_a_wrong_or_foreign_key_sets_nothing_up(merchant: Merchant, sam: Membership, login: Login) -> None:
    eve = login(merchant, username="eve")
    (signed,) = re.findall(r'name="key" value="([^"]*)"', eve.get(PAGE).content.decode())
    desk = Client()
    desk.post("/admin/login/", SAM)
    for key in (signed, "", "x"):
        assert "This is not the code of this picture." in visible_text(desk.post(PAGE, {"key": key, "code": "123456"}))
    assert not SecondFactor.objects.exists()


def test_a_merchant_that_requires_it_shows_nothing_before(merchant: Merchant, sam: Membership) -> None:
    merchant.requires_two_factor = True
    merchant.save()
    second = f.MembershipFactory(user=sam.user)
    client = Client()
    client.post("/admin/login/", SAM)
    for address in ("/admin/", "/admin/subscriptions/customer/", "/admin/two-factor/x/"):
        assert client.get(address, follow=False).headers.get("location", PAGE) == PAGE
    assert "Home Inc requires two-factor" in visible_text(client.get(PAGE))
    # The other merchant does not.
    client.post("/admin/merchant/switch/", {"merchant": second.merchant_id})
    assert client.get("/admin/").status_code == 200
    client.post("/admin/merchant/switch/", {"merchant": merchant.pk})
    set_up(client)
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("is_on_a_team", [True, False])
def test_one_can_always_log_out(is_on_a_team: bool, merchant: Merchant, sam: Membership) -> None:
    client = Client()
    client.post("/admin/login/", SAM)
    Merchant.objects.update(requires_two_factor=True)
    if not is_on_a_team:
        sam.delete()
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session


def test_it_is_turned_off_with_a_code_unless_a_merchant_requires_it(
    merchant: Merchant, sam: Membership, clock: time_machine.Traveller
) -> None:
    client = Client()
    client.post("/admin/login/", SAM)
    key, recovery = set_up(client)
    assert client.post(PAGE, {"act": "off", "code": "000000"}).status_code == 200
    clock.shift(60)
    Merchant.objects.update(requires_two_factor=True)
    assert "Home Inc requires it." in visible_text(client.post(PAGE, {"act": "off", "code": code_now(key)}))
    Merchant.objects.update(requires_two_factor=False)
    other = Client()
    other.post("/admin/login/", SAM)
    assert other.post(CODE, {"code": recovery[0]}).status_code == 302
    assert client.post(PAGE, {"act": "off", "code": code_now(key)}).status_code == 302
    assert not SecondFactor.objects.exists()
    # A login made with a code would still count as such.
    assert [one.get("/admin/").status_code for one in (client, other)] == [200, 302]


def test_new_recovery_codes_replace_the_old_ones(sam: Membership, clock: time_machine.Traveller) -> None:
    client = Client()
    client.post("/admin/login/", SAM)
    key, old = set_up(client)
    clock.shift(60)
    page = visible_text(client.post(PAGE, {"act": "codes", "code": code_now(key)}))
    new = re.findall(r"[0-9a-f]{5}-[0-9a-f]{5}", page)
    assert len(new) == 10 and come_in(old[0]) == 200
    clock.shift(60)
    assert come_in(new[0]) == 302


def test_an_owner_helps_with_a_lost_device(merchant: Merchant, sam: Membership, login: Login) -> None:
    client = Client()
    client.post("/admin/login/", SAM)
    set_up(client)
    owner = login(merchant, username="ann")
    assert owner.post(f"/admin/subscriptions/membership/{sam.pk}/lost-device/").status_code == 302
    assert client.get("/admin/").status_code == 302
    again = Client()
    assert again.post("/admin/login/", SAM)["location"] == "/admin/"
    assert AuditEntry.objects.filter(who="ann", sentence__startswith="Turned two-factor off, as the device").exists()


def test_the_picture_is_made_here_and_says_what_the_text_says(sam: Membership) -> None:
    client = Client()
    client.post("/admin/login/", SAM)
    page = client.get(PAGE)
    assert "<svg" in page.content.decode() and "no-store" in page["Cache-Control"]
    assert page.context["address"] == (
        f"otpauth://totp/Reprise%3Asam?secret={page.context['key'].replace(' ', '')}&issuer=Reprise"
    )
