from django.test import Client

from tests import factories as f


def log_in(client: Client, password: str) -> int:
    return client.post("/admin/login/", {"username": "sam", "password": password}).status_code


def test_ten_wrong_passwords_lock_the_account_out(db: None) -> None:
    f.MembershipFactory(user__username="sam")
    client = Client()
    for _ in range(10):
        log_in(client, "wrong")
    assert log_in(client, "correct horse") == 429
    assert "_auth_user_id" not in client.session


def test_the_login_leads_home(db: None) -> None:
    f.MembershipFactory(user__username="sam")
    client = Client()
    assert log_in(client, "correct horse") == 302
    assert client.get("/admin/").status_code == 200


def test_users_who_are_not_staff_cannot_enter(db: None) -> None:
    f.MembershipFactory(user=f.UserFactory(username="sam", is_staff=False))
    client = Client()
    assert log_in(client, "correct horse") == 200
    assert client.get("/admin/").status_code == 302


def test_the_bare_address_leads_to_the_staff_pages(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
