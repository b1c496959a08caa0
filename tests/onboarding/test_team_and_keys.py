"""What a new merchant's team and programs need beside the owner: `add_team_member` and `create_api_key`."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from subscriptions.models import ApiKey, Membership, Merchant
from tests import factories as f
from tests.rows import read_all_rows


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(name="Harbour Coffee")
    f.MerchantFactory(name="Foreign Inc")
    return made


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, "--merchant", "Harbour Coffee", stdout=out)
    return out.getvalue()


def add(login: str, role: str = "support") -> str:
    return run("add_team_member", login, "--role", role)


def test_a_new_member_logs_in_with_the_shown_password_to_this_merchant_only(merchant: Merchant) -> None:
    said = add("ben@harbour.example")
    assert said.startswith("ben@harbour.example is on the team of Harbour Coffee as Support. The password, shown only")
    client = Client()
    client.post("/admin/login/", {"username": "ben@harbour.example", "password": said.split()[-1]})
    home = client.get("/admin/")
    assert home.status_code == 200 and "Harbour Coffee" in home.text and "Foreign Inc" not in home.text
    assert client.get("/admin/subscriptions/apikey/").status_code == 403
    member = Membership.objects.get()
    assert (member.merchant, member.role, member.user.is_superuser) == (merchant, "support", False)


def test_a_login_that_exists_joins_and_keeps_its_password(merchant: Merchant) -> None:
    user = f.UserFactory(username="ben")
    assert add("ben", "owner") == "ben is on the team of Harbour Coffee as Owner. The password stays as it is.\n"
    assert User.objects.get().password == user.password


def test_added_again_a_member_stays_as_they_are(merchant: Merchant) -> None:
    add("ben")
    before = read_all_rows()
    assert add("ben") == "ben is on the team of Harbour Coffee already. Nothing was changed.\n"
    with pytest.raises(CommandError, match="ben is on the team already; an owner changes roles under Settings, Team."):
        add("ben", "owner")
    assert read_all_rows() == before


def test_a_login_that_cannot_be_used_is_refused(merchant: Merchant) -> None:
    f.UserFactory(username="ben", is_staff=False)
    with pytest.raises(CommandError, match="ben exists, but may not use the staff pages. Choose another login."):
        add("ben")
    with pytest.raises(CommandError, match="Enter a valid username."):
        add("two words")
    assert not Membership.objects.exists()


def test_a_new_key_opens_the_api_of_its_merchant(merchant: Merchant) -> None:
    key = run("create_api_key", "Checkout", "--scopes", "read", "bulk").splitlines()[0]
    f.CustomerFactory(merchant=merchant, merchant_user_id="C-1")
    f.CustomerFactory(merchant_user_id="C-2")
    answer = Client().get("/api/customers/", headers={"x-api-key": key})
    assert (answer.status_code, answer.text.count("C-1"), answer.text.count("C-2")) == (200, 1, 0)
    assert (ApiKey.objects.get().name, ApiKey.objects.get().scopes) == ("Checkout", ["read", "bulk"])
    assert key not in str(read_all_rows())


def test_a_key_has_a_name_of_at_most_100_characters_and_known_scopes(merchant: Merchant) -> None:
    for name in ("", " ", "x" * 101):
        with pytest.raises(CommandError, match="Give the key a name of at most 100 characters."):
            run("create_api_key", name)
    with pytest.raises(CommandError, match="invalid choice: 'all'"):
        run("create_api_key", "Checkout", "--scopes", "all")
    assert not ApiKey.objects.exists()
    run("create_api_key", "x" * 100)
    assert ApiKey.objects.get().scopes == ["read", "write"]
    for number in range(9):
        run("create_api_key", f"Key {number}")
    with pytest.raises(CommandError, match="10 keys are active; revoke one first."):
        run("create_api_key", "Eleventh")
    assert ApiKey.objects.count() == 10
