"""Connections: a new key is tried on the other side before it is stored."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from integrations.models import Connection
from subscriptions.events.catalogue import KINDS, ORDER_REMINDER, SUBSCRIPTION_CANCEL
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.pages import fill, visible_text
from tests.integrations.attentive.server import AttentiveServer, running_attentive
from tests.integrations.deliveries import make_delivery
from tests.integrations.receiver import ACCOUNT, Receiver, running_receiver

Login = Callable[..., Client]
ADD = "/admin/integrations/connection/add/?integration=klaviyo"
NEW = {"name": "Shop", "secret": "pk_1", "enabled": "on", "kinds": list(KINDS)}
UNKNOWN_KEY = "Klaviyo does not know this key. Copy the private key from Klaviyo's settings, under API keys."
WEAK_KEY = "The key lacks the scope accounts:read. Make a key that has it, and enter it."
NOT_KLAVIYO = "Something answers at this address, but it is not Klaviyo."


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


@pytest.fixture
def klaviyo(settings: Any) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_receiver() as server:
        settings.KLAVIYO_BASE_URL = server.url
        yield server


def page_of(connection: Connection) -> str:
    return f"/admin/integrations/connection/{connection.pk}/change/"


def told(answer: Any) -> list[str]:
    return [f"{message.level_tag}: {message}" for message in get_messages(answer.wsgi_request)]


def errors_of(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    return found


def test_a_new_connection_has_a_name_that_is_free(merchant: Merchant, client: Client) -> None:
    def offered_name() -> str:
        return str(client.get(ADD).context["adminform"].form["name"].value())

    assert offered_name() == "Klaviyo"
    f.ConnectionFactory(name="Klaviyo")
    assert offered_name() == "Klaviyo"
    first = f.ConnectionFactory(merchant=merchant, name="Klaviyo")
    f.ConnectionFactory(merchant=merchant, name="Klaviyo 2")
    assert offered_name() == "Klaviyo 3"
    Connection.objects.filter(pk=first.pk).update(removed_at=timezone.now())
    assert offered_name() == "Klaviyo"


def test_a_new_key_is_tried_and_the_account_is_shown(merchant: Merchant, client: Client, klaviyo: Receiver) -> None:
    answer = client.post(ADD, NEW | {"secret": " pk_1 "})
    assert told(answer)[0] == "success: Shop works: Bean & Co (XyZ123)."
    assert klaviyo.keys == ["Klaviyo-API-Key pk_1"] * 2
    connection = Connection.objects.get()
    assert (connection.merchant, connection.secret, connection.account) == (merchant, "pk_1", "XyZ123")
    assert (connection.integration, connection.switched_off_kinds) == ("klaviyo", [])


def test_a_connection_needs_a_key(client: Client, klaviyo: Receiver) -> None:
    assert errors_of(client.post(ADD, NEW | {"secret": " "})) == {"secret": ["Enter the private key."]}
    assert (Connection.objects.count(), klaviyo.keys) == (0, [])


@pytest.mark.parametrize(("stored", "shown"), [("", False), ("pk_stored", True)])
def test_the_form_says_whether_a_key_is_stored(merchant: Merchant, client: Client, stored: str, shown: bool) -> None:
    page = client.get(page_of(f.ConnectionFactory(merchant=merchant, secret=stored))).text
    assert ("••••••••" in page) is ("Leave empty to keep the stored one." in page) is shown
    answer = fill(client, page_of(Connection.objects.get()), name="New name")
    assert ("Enter the private key." in answer) is not shown


@pytest.mark.parametrize(
    ("status", "body", "errors"),
    [
        (401, {}, {"secret": [UNKNOWN_KEY]}),
        (403, {}, {"secret": [WEAK_KEY]}),
        (200, {"hello": "world"}, {"base_url": [NOT_KLAVIYO]}),
        (404, {}, {"base_url": ["HTTP 404, without a reason from Klaviyo."]}),
        (302, {}, {"base_url": ["HTTP 302, without a reason from Klaviyo."]}),
    ],
)
def test_what_klaviyo_refuses_is_not_stored(
    client: Client, klaviyo: Receiver, status: int, body: Any, errors: dict[str, list[str]]
) -> None:
    klaviyo.account = (status, body)
    assert errors_of(client.post(ADD, NEW)) == errors
    assert Connection.objects.count() == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_key_is_stored_with_a_warning_while_klaviyo_cannot_say(
    client: Client, klaviyo: Receiver, status: int
) -> None:
    klaviyo.account = (status, {})
    warning = f"warning: Shop could not be tested: HTTP {status}, without a reason from Klaviyo. Press Test in a while."
    assert told(client.post(ADD, NEW))[0] == warning
    assert Connection.objects.get().secret == "pk_1"


def test_a_key_is_stored_with_a_warning_while_nothing_answers(client: Client, klaviyo: Receiver, settings: Any) -> None:
    settings.KLAVIYO_BASE_URL = "http://127.0.0.1:9"
    warning = "warning: Shop could not be tested: Nothing answers at this address. Press Test in a while."
    assert told(client.post(ADD, NEW))[0] == warning
    assert Connection.objects.get().secret == "pk_1"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://169.254.169.254/", "169.254.169.254 is at a private address; only public ones may be called."),
        ("http://93.184.216.34/", "The address must begin with https://."),
        ("http://127.0.0.1:8000/sandbox/../admin/", "The address must begin with https://."),
    ],
)
def test_an_address_that_may_not_be_called_is_not_stored(
    client: Client, settings: Any, url: str, sentence: str
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert errors_of(client.post(ADD, NEW | {"base_url": url})) == {"base_url": [sentence]}
    assert Connection.objects.count() == 0


def test_the_own_sandbox_needs_no_test(client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert client.post(ADD, NEW | {"base_url": "http://127.0.0.1:9/sandbox/klaviyo"}).status_code == 302
    assert Connection.objects.count() == 1


def test_a_change_that_is_not_about_key_or_address_tests_nothing(
    merchant: Merchant, client: Client, klaviyo: Receiver
) -> None:
    connection = f.ConnectionFactory(merchant=merchant, failures=3)
    assert fill(client, page_of(connection), name="New name") == ""
    connection.refresh_from_db()
    assert (connection.name, connection.secret, klaviyo.keys) == ("New name", "pk_test", [])


def test_saving_a_connection_keeps_what_a_worker_wrote_meanwhile(
    merchant: Merchant, client: Client, klaviyo: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = f.ConnectionFactory(merchant=merchant)

    def pause(*_: Any) -> None:  # as a worker does while the key is tried
        Connection.objects.update(paused_reason="The key is wrong.", failures=2)

    monkeypatch.setattr("integrations.admin.connection_forms.ConnectionForm._check_setup", pause)
    assert fill(client, page_of(connection), secret="pk_2") == ""
    connection.refresh_from_db()
    assert (connection.secret, connection.paused_reason, connection.failures) == ("pk_2", "The key is wrong.", 2)


@pytest.mark.parametrize("by", ["test", "a new key"])
def test_a_test_that_passes_ends_a_pause(merchant: Merchant, client: Client, klaviyo: Receiver, by: str) -> None:
    connection = f.ConnectionFactory(merchant=merchant, paused_reason="The key is wrong.")
    if by == "test":
        answer = client.post(f"/admin/integrations/connection/{connection.pk}/test/")
        passed = ["success: Klaviyo works: Bean & Co (XyZ123).", "success: Klaviyo is sending again."]
        assert told(answer) == passed
    else:
        assert fill(client, page_of(connection), secret="pk_2") == ""
    connection.refresh_from_db()
    assert connection.paused_reason == ""


def test_a_test_that_fails_leaves_a_pause(merchant: Merchant, client: Client, klaviyo: Receiver) -> None:
    klaviyo.account = (401, {})
    connection = f.ConnectionFactory(merchant=merchant, paused_reason="The key is wrong.")
    answer = client.post(f"/admin/integrations/connection/{connection.pk}/test/")
    assert told(answer) == [f"error: Klaviyo does not work: {UNKNOWN_KEY}"]
    connection.refresh_from_db()
    assert connection.paused_reason == "The key is wrong."


def test_a_test_without_an_answer_says_so_in_words(merchant: Merchant, client: Client, klaviyo: Receiver) -> None:
    connection = f.ConnectionFactory(merchant=merchant, base_url="http://127.0.0.1:9")
    answer = client.post(f"/admin/integrations/connection/{connection.pk}/test/")
    sentence = "Klaviyo could not be tested: Nothing answers at this address. Press Test in a while."
    assert told(answer) == [f"warning: {sentence}"]


@pytest.mark.parametrize("kind", ["", "nonsense"])
def test_a_connection_can_be_created_only_for_an_installed_integration(client: Client, kind: str) -> None:
    answer = client.post(f"/admin/integrations/connection/add/?integration={kind}", NEW)
    assert "What do you want to connect?" in answer.text and "?integration=klaviyo" in answer.text
    assert Connection.objects.count() == 0


@pytest.fixture
def attentive(settings: Any) -> Iterator[AttentiveServer]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_attentive() as server:
        settings.ATTENTIVE_BASE_URL = server.url
        yield server


def test_a_key_for_attentive_is_tried_there(client: Client, attentive: AttentiveServer) -> None:
    answer = client.post(ADD.replace("klaviyo", "attentive"), NEW)
    assert told(answer)[0] == "success: Shop works: Bean & Co (beans.attn.tv), app “Reprise”."
    assert attentive.keys == ["Bearer pk_1"]


def test_each_integration_has_its_own_words_about_the_key(client: Client) -> None:
    pages = [client.get(ADD.replace("klaviyo", kind)).text for kind in ("klaviyo", "attentive")]
    assert [("In Klaviyo under" in page, "In Attentive under" in page) for page in pages] == [
        (True, False),
        (False, True),
    ]


def test_a_new_key_for_attentive_warns_that_it_must_be_the_same_apps(
    merchant: Merchant, client: Client, attentive: AttentiveServer
) -> None:
    page = page_of(f.ConnectionFactory(merchant=merchant, integration="attentive"))
    assert "Use a key of the same app in Attentive." in client.get(page).text
    for changes in ({"secret": "pk_2"}, {"secret": "", "name": "New"}):
        answer = client.post(page, NEW | changes)
    warnings = [text for text in told(answer) if text.startswith("warning: Use a key of the same app in Attentive.")]
    assert len(warnings) == 1


def test_a_new_key_is_tested_before_the_old_one_is_replaced(
    merchant: Merchant, client: Client, klaviyo: Receiver
) -> None:
    connection = f.ConnectionFactory(merchant=merchant, secret="pk_old")
    klaviyo.account = (401, {})
    assert "Klaviyo does not know this key." in fill(client, page_of(connection), secret="pk_wrong")
    klaviyo.account = (503, {})
    kept = "The new key could not be tested, so the stored one stays"
    assert kept in fill(client, page_of(connection), secret="pk_new")
    connection.refresh_from_db()
    assert connection.secret == "pk_old"
    klaviyo.account = (200, ACCOUNT)
    assert fill(client, page_of(connection), secret="pk_new") == ""
    connection.refresh_from_db()
    assert connection.secret == "pk_new"


def test_a_key_of_another_account_is_taken_with_a_warning(
    merchant: Merchant, client: Client, klaviyo: Receiver
) -> None:
    connection = f.ConnectionFactory(merchant=merchant, account="OldOne")
    answer = client.post(f"/admin/integrations/connection/{connection.pk}/test/")
    assert told(answer)[1] == (
        "warning: The key belongs to another account than before: what was sent so far stays in account OldOne."
    )
    connection.refresh_from_db()
    assert connection.account == "XyZ123"


@pytest.mark.parametrize(
    ("detail", "named"),
    [
        ("The API key specified does not have the required permissions/scopes.", "lists:read and profiles:read"),
        ("Missing required scopes: lists:read", "lists:read"),
    ],
)
def test_scopes_that_only_imports_need_are_named_in_a_warning(
    client: Client, klaviyo: Receiver, detail: str, named: str
) -> None:
    klaviyo.others["/api/profile-bulk-import-jobs"] = (403, {"errors": [{"id": "e1", "detail": detail}]})
    success, warning = told(client.post(ADD, NEW))[:2]
    assert success == "success: Shop works: Bean & Co (XyZ123)."
    assert warning.startswith(f"warning: The key lacks {named}. Events are sent, but the status of customers")
    assert Connection.objects.count() == 1


def test_the_ticked_kinds_go_out(merchant: Merchant, client: Client, klaviyo: Receiver) -> None:
    connection = f.ConnectionFactory(merchant=merchant, switched_off_kinds=[SUBSCRIPTION_CANCEL])
    page = client.get(page_of(connection)).text
    assert f'value="{SUBSCRIPTION_CANCEL}" checked' not in page.replace("\n", " ")
    assert fill(client, page_of(connection), kinds=[SUBSCRIPTION_CANCEL, ORDER_REMINDER]) == ""
    connection.refresh_from_db()
    assert connection.switched_off_kinds == [k for k in KINDS if k not in (SUBSCRIPTION_CANCEL, ORDER_REMINDER)]


def test_a_removed_connection_has_no_page(merchant: Merchant, client: Client) -> None:
    connection = f.ConnectionFactory(merchant=merchant, name="Gone", removed_at=timezone.now())
    assert "Gone" not in client.get("/admin/integrations/connection/").text
    assert client.get(page_of(connection)).status_code == 302
    assert client.get(f"/admin/integrations/connection/{connection.pk}/test/").status_code == 404


def test_the_page_says_what_the_connection_does(merchant: Merchant, client: Client) -> None:
    connection = f.ConnectionFactory(merchant=merchant, quota_left=2750, account="XyZ123")
    make_delivery(connection, state="dead", error="No.")
    shown = visible_text(client.get(page_of(connection)))
    assert "Healthy Nothing was sent yet. Waiting 0 Delivered in the last 24 hours 0 Failed 1" in shown
    assert "Account XyZ123 Requests left in the quota, at the last answer 2,750" in shown
