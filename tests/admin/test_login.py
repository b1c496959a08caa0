import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from subscriptions.staff.logins import COOKIE
from tests import factories as f

LIMIT = 10
RIGHT, WRONG = "correct horse", "wrong"


@pytest.fixture(autouse=True)
def sam(db: None) -> None:
    f.MembershipFactory(user__username="sam")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as traveller:
        yield traveller


def log_in(client: Client, password: str, name: str = "sam", address: str = "192.0.2.1") -> int:
    form = {"username": name, "password": password}
    return client.post("/admin/login/", form, REMOTE_ADDR=address).status_code


def test_ten_wrong_passwords_for_a_name_make_it_wait_in_unknown_browsers() -> None:
    client = Client()
    tries = [log_in(client, WRONG, address=f"192.0.2.{number}") for number in range(LIMIT)]
    assert tries == [200] * (LIMIT - 1) + [429]
    assert log_in(client, RIGHT, address="198.51.100.1") == 429
    assert "_auth_user_id" not in client.session


def test_nine_wrong_passwords_lock_nobody_out() -> None:
    client = Client()
    assert [log_in(client, WRONG) for _ in range(LIMIT - 1)] == [200] * (LIMIT - 1)
    assert log_in(client, RIGHT) == 302


def test_ten_names_from_one_address_make_the_address_wait() -> None:
    tries = [log_in(Client(), WRONG, name=f"user{number}") for number in range(30)]
    assert tries == [200] * (LIMIT - 1) + [429] * 21
    assert log_in(Client(), RIGHT) == 429
    assert log_in(Client(), RIGHT, address="192.0.2.2") == 302


def test_an_address_of_ipv6_waits_with_its_whole_network() -> None:
    tries = [log_in(Client(), WRONG, f"user{number}", f"2001:db8:0:1::{number}") for number in range(LIMIT)]
    assert tries[-1] == 429
    assert log_in(Client(), RIGHT, address="2001:db8:0:1:ffff::1") == 429
    assert log_in(Client(), RIGHT, address="2001:db8:0:2::1") == 302


@pytest.mark.parametrize("attacker", ["198.51.100.1", "192.0.2.1"], ids=["from elsewhere", "from the same address"])
def test_guessing_does_not_lock_the_owner_out_of_a_known_browser(attacker: str) -> None:
    owner = Client()
    assert log_in(owner, RIGHT) == 302
    owner.post("/admin/logout/")
    for _ in range(2 * LIMIT):
        log_in(Client(), WRONG, address=attacker)
    assert log_in(Client(), RIGHT, address=attacker) == 429
    assert log_in(owner, WRONG) == 200
    assert log_in(owner, RIGHT) == 302


@pytest.mark.parametrize("address", ["/admin/logout/", "/admin/"], ids=["logged out", "logged in"])
def test_a_known_browser_may_guess_no_more_than_others(address: str) -> None:
    owner = Client()
    log_in(owner, RIGHT)
    owner.post(address)
    assert [log_in(owner, WRONG, address=f"192.0.2.{n}") for n in range(LIMIT)] == [200] * (LIMIT - 1) + [429]
    assert log_in(owner, RIGHT) == 429
    assert log_in(Client(), RIGHT) == 302


def test_a_browser_known_for_one_name_is_unknown_for_another() -> None:
    f.MembershipFactory(user__username="kim")
    client = Client()
    log_in(client, RIGHT, name="kim")
    assert [log_in(client, WRONG) for _ in range(LIMIT)][-1] == 429
    assert log_in(Client(), RIGHT) == 429


def test_a_forged_cookie_makes_no_browser_known() -> None:
    owner = Client()
    log_in(owner, RIGHT)
    cookie = owner.cookies[COOKIE]
    assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, "/admin/login/", "Lax")
    guesser = Client()
    guesser.cookies[COOKIE] = "0" * 32 + cookie.value[32:]
    for _ in range(LIMIT):
        log_in(guesser, WRONG)
    assert log_in(guesser, RIGHT) == 429


def test_the_wait_ends_after_15_minutes_although_the_tries_go_on(clock: time_machine.Traveller) -> None:
    client = Client()
    for _ in range(LIMIT):
        log_in(client, WRONG)
    clock.shift(14 * 60 + 59)
    assert log_in(client, WRONG) == 429
    answer = client.post("/admin/login/", {"username": "sam", "password": RIGHT}, REMOTE_ADDR="192.0.2.1")
    assert answer.status_code == 429
    assert "Try again in 15 minutes." in answer.content.decode()
    clock.shift(2)
    assert log_in(client, RIGHT) == 302


def test_behind_two_proxies_one_clients_failures_are_its_own(settings) -> None:
    settings.PROXIES = 2

    def log_in_by_proxy(client: str, password: str, name: str) -> int:
        headers = {"X-Forwarded-For": f"203.0.113.9, {client}, 10.0.0.2"}
        form = {"username": name, "password": password}
        return Client().post("/admin/login/", form, REMOTE_ADDR="10.0.0.1", headers=headers).status_code

    assert [log_in_by_proxy("192.0.2.1", WRONG, f"user{n}") for n in range(LIMIT)][-1] == 429
    assert log_in_by_proxy("192.0.2.1", RIGHT, "sam") == 429
    assert log_in_by_proxy("192.0.2.2", RIGHT, "sam") == 302


def test_the_login_leads_home() -> None:
    client = Client()
    assert log_in(client, RIGHT) == 302
    assert client.get("/admin/").status_code == 200


def test_users_who_are_not_staff_cannot_enter() -> None:
    f.MembershipFactory(user=f.UserFactory(username="kim", is_staff=False))
    client = Client()
    assert log_in(client, RIGHT, name="kim") == 200
    assert COOKIE not in client.cookies
    assert client.get("/admin/").status_code == 302


def test_the_bare_address_leads_to_the_staff_pages(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def statements_of(path: str, **answers: str) -> list[str]:
    """What the request asks of the database, without values."""
    seen: list[str] = []

    def note(execute: Any, sql: Any, *rest: Any) -> Any:
        seen.append(re.sub(r"s\d+_x\d+", "", str(sql)))
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        Client().post(path, answers)
    return seen


def test_a_failed_login_is_the_same_work_whether_there_is_such_a_login() -> None:
    f.MembershipFactory(user__username="gone", user__is_active=False)
    tried = [statements_of("/admin/login/", username=name, password="wrong") for name in ("sam", "gone", "nobody")]
    assert tried[0] == tried[1] == tried[2] and len(tried[0]) > 3


def test_asking_for_a_new_password_is_the_same_work_whether_there_is_such_a_login(settings: Any) -> None:
    settings.CAN_SEND_MAIL = True
    f.MembershipFactory(user__username="sam@home.test")
    tried = [statements_of("/password/", email=name) for name in ("sam@home.test", "nobody@home.test")]
    assert tried[0] == tried[1] != []
