"""Every act of staff that is no activity of a customer is one line of the audit, at the right merchant."""

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client

from oneclick.models import ActionToken, LandingPage
from subscriptions.actions import subscription as verbs
from subscriptions.models import ApiKey, AuditEntry, Membership, Merchant
from tests import factories as f
from tests.admin.pages import fill, visible_text
from tests.queued import run_tasks

Login = Callable[..., Client]
AUDIT = "/admin/subscriptions/auditentry/"


@pytest.fixture
def merchant(db: None) -> Merchant:
    return f.MerchantFactory(name="Home Inc", storefront_key="0" * 32)


def lines(merchant: Merchant) -> list[tuple[str, str, str, str]]:
    rows = AuditEntry.objects.filter(merchant=merchant).order_by("pk")
    return [(row.kind, row.who, row.about, row.sentence) for row in rows]


def test_a_login_is_a_line_at_each_merchant_of_the_person_with_the_address(merchant: Merchant) -> None:
    member = f.MembershipFactory(merchant=merchant, user__username="sam")
    second = f.MembershipFactory(user=member.user)
    stranger = f.MembershipFactory()
    Client().post("/admin/login/", {"username": "sam", "password": "wrong"}, REMOTE_ADDR="192.0.2.7")
    Client().post("/admin/login/", {"username": "nobody", "password": "wrong"}, REMOTE_ADDR="192.0.2.7")
    run_tasks()
    Client().post("/admin/login/", {"username": "sam", "password": "correct horse"}, REMOTE_ADDR="192.0.2.8")
    expected = [
        ("failed_login", "sam", "sam (Owner)", "Gave a wrong password."),
        ("login", "sam", "sam (Owner)", "Logged in."),
    ]
    assert lines(merchant) == lines(second.merchant) == expected
    assert lines(stranger.merchant) == []
    assert [*AuditEntry.objects.order_by("pk").values_list("address", flat=True)] == ["192.0.2.7"] * 2 + [
        "192.0.2.8"
    ] * 2


def test_that_a_name_has_to_wait_is_one_line_however_often_it_is_tried(merchant: Merchant) -> None:
    f.MembershipFactory(merchant=merchant, user__username="sam")
    for password in ["wrong"] * 12 + ["correct horse"]:
        Client().post("/admin/login/", {"username": "sam", "password": password}, REMOTE_ADDR="192.0.2.9")
    run_tasks()
    wrong = ["Gave a wrong password."] * 9
    assert [line[-1] for line in lines(merchant)] == [*wrong, "Gave a wrong password too often, and has to wait."]


def test_settings_say_from_what_to_what_and_no_secret(merchant: Merchant, login: Login) -> None:
    client = login(merchant, username="ann")
    address = f"/admin/subscriptions/merchant/{merchant.pk}/change/"
    assert not fill(client, address, name="Away Inc", reminder_hour=9, is_shopify=True, storefront_key="s3cret" * 5)
    ((_, who, about, sentence),) = lines(merchant)
    assert (who, about) == ("ann", "Away Inc")
    assert sentence == (
        "Changed name from “Home Inc” to “Away Inc”; shopify store from no to yes; "
        "reminder time from “10:00” to “09:00”; storefront key (not shown)."
    )


def test_rows_made_changed_and_deleted_are_lines(merchant: Merchant, login: Login) -> None:
    client = login(merchant, username="ann")
    pages = "/admin/oneclick/landingpage/"
    colours = {"accent_color": "#112233", "success_color": "#14693f", "error_color": "#b3261e"}
    values = {"name": "Spring", "slug": "spring", "title": "Spring", "heading": "Hi", **colours}
    client.post(f"{pages}add/", values)
    page = LandingPage.objects.get(slug="spring")
    client.post(f"{pages}{page.pk}/change/", {**values, "heading": "Hello"})
    client.post(f"{pages}{page.pk}/delete/", {"post": "yes"})
    assert lines(merchant) == [
        ("change", "ann", "Spring", "Added."),
        ("change", "ann", "Spring", "Changed heading from “Hi” to “Hello”."),
        ("change", "ann", "Spring", "Deleted."),
    ]


def test_a_new_role_is_a_line_about_the_person(merchant: Merchant, login: Login) -> None:
    client = login(merchant, username="ann")
    kim = f.MembershipFactory(merchant=merchant, role="support", user__username="kim")
    client.post(f"/admin/subscriptions/membership/{kim.pk}/change/", {"role": "marketing"})
    expected = "Changed role from “Support” to “Marketing”."
    assert lines(merchant) == [("access", "ann", "kim (Marketing)", expected)]


@pytest.mark.parametrize(
    ("path", "answers", "sentence"),
    [
        ("apikey/add/", {"name": "Till", "scopes": ["read"]}, "Made the key, and showed it: read."),
        ("merchant/{pk}/rotate-key/", {}, "Rotated the storefront key, and showed the new one."),
    ],
)
def test_a_secret_that_was_shown_is_a_line(
    path: str, answers: dict[str, str], sentence: str, merchant: Merchant, login: Login
) -> None:
    login(merchant).post(f"/admin/subscriptions/{path.format(pk=merchant.pk)}", answers)
    assert [(kind, said) for kind, _, _, said in lines(merchant)] == [("secret", sentence)]


def test_who_showed_a_key_is_found_by_a_tab_although_the_person_is_gone(merchant: Merchant, login: Login) -> None:
    login(merchant, username="kim").post("/admin/subscriptions/apikey/add/", {"name": "Till", "scopes": ["read"]})
    User.objects.get(username="kim").delete()
    client = login(merchant)
    text = visible_text(client.get(f"{AUDIT}?kind=secret"))
    assert "kim" in text and "Made the key, and showed it: read." in text
    assert f"/admin/subscriptions/apikey/{ApiKey.objects.get().pk}/change/" in client.get(AUDIT).content.decode()
    assert "Made the key" not in visible_text(client.get(f"{AUDIT}?kind=login"))


@pytest.mark.parametrize("role", ["marketing", "support", "read_only"])
def test_only_owners_read_the_audit(role: str, merchant: Merchant, login: Login) -> None:
    assert login(merchant, role).get(AUDIT).status_code == 403


def test_nobody_changes_the_audit(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    line = AuditEntry.objects.create(merchant=merchant, kind="login", who="kim", sentence="Logged in.")
    for page in ("change", "delete"):
        assert client.post(f"{AUDIT}{line.pk}/{page}/", {"who": "ann", "post": "yes"}).status_code == 403
    assert client.get(f"{AUDIT}add/").status_code == 403
    assert AuditEntry.objects.get() == line


def test_the_audit_itself_is_taken_as_a_file(merchant: Merchant, login: Login) -> None:
    AuditEntry.objects.create(merchant=merchant, kind="login", who="=kim", sentence="Logged in.", address="192.0.2.1")
    answer = login(merchant, username="ann").get(f"{AUDIT}export/")
    assert "'=kim,Login,,Logged in.,192.0.2.1" in b"".join(answer.streaming_content).decode()
    assert lines(merchant)[-1] == ("export", "ann", "audit", "Took the list of audit as a file: all.")


def test_a_members_own_new_password_is_a_line(merchant: Merchant, login: Login) -> None:
    client = login(merchant, username="ann")
    Membership.objects.get(user__username="ann").user.set_password("x")
    answers = {"old_password": "correct horse", "new_password1": "four grey geese", "new_password2": "four grey geese"}
    assert client.post("/admin/password_change/", answers).status_code == 302
    assert [said for *_, said in lines(merchant)] == ["Changed their own password."]


def test_djangos_log_is_copied_as_far_as_its_rows_say_whose_they_are(merchant: Merchant) -> None:
    user = f.MembershipFactory(merchant=merchant, user__username="ann").user
    page = LandingPage.objects.get(merchant=merchant)
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    entries = [
        (LandingPage, page.pk, ADDITION, '[{"added": {}}]'),
        (LandingPage, page.pk, CHANGE, '[{"changed": {"fields": ["Name"]}}]'),
        (Merchant, merchant.pk, CHANGE, "Rotated the storefront key."),
        (ActionToken, ActionToken.objects.get().pk, CHANGE, "Showed the usable token."),
        (LandingPage, page.pk + 1, DELETION, ""),
        (User, user.pk, CHANGE, "[]"),
    ]
    for model, key, flag, message in entries:
        kind = ContentType.objects.get_for_model(model)
        LogEntry.objects.create(
            user=user,
            content_type=kind,
            object_id=key,
            object_repr="Its name",
            action_flag=flag,
            change_message=message,
        )
    migration = import_module("subscriptions.migrations.0046_copy_admin_log")
    migration.copy_entries(apps, SimpleNamespace(connection=connection))
    found = AuditEntry.objects.order_by("model", "pk").values_list(
        "merchant", "who", "kind", "model", "sentence", "about"
    )
    assert [*found] == [
        (merchant.pk, "ann", "secret", "oneclick.actiontoken", "Showed the usable token.", "Its name"),
        (merchant.pk, "ann", "change", "oneclick.landingpage", "Added.", "Its name"),
        (merchant.pk, "ann", "change", "oneclick.landingpage", "Changed.", "Its name"),
        (merchant.pk, "ann", "change", "subscriptions.merchant", "Rotated the storefront key.", "Its name"),
    ]
