"""The form of a Gladly connection, and its credentials."""

from typing import Any

import pytest
from django.test import Client

from integrations.gladly.timeline.answers import NOT_GLADLY, REFUSED_SETUPS
from integrations.gladly.timeline.integration import DEFAULT_KINDS
from integrations.models import Connection, GladlyAccount, SandboxProfile
from integrations.webhooks import deliveries
from subscriptions.api_keys import create_api_key
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.gladly.calls import Login, errors_of, page_of, press, told
from tests.admin.pages import fill, visible_text
from tests.integrations.attentive.server import Reply
from tests.integrations.deliveries import make_delivery
from tests.integrations.gladly.timeline.server import PROFILES, GladlyServer

ADD = "/admin/integrations/connection/add/?integration=gladly"
NEW = {"name": "Gladly", "agent_actions": ["cancel", "skip"], "place": "live", "kinds": list(DEFAULT_KINDS)}
TIMELINE = {"enabled": "on", "organization": "acme", "api_user": "api@acme.test", "secret": "token_1"}


def test_gladly_is_set_up_without_a_timeline(merchant: Merchant, client: Client) -> None:
    assert client.post(ADD, NEW).status_code == 302
    made = Connection.objects.get()
    assert (made.merchant, made.enabled, made.base_url, made.secret) == (merchant, False, "", "")
    assert made.gladly.actions_enabled == ["cancel", "skip"]
    assert set(KINDS) - set(made.switched_off_kinds) == set(DEFAULT_KINDS)


def test_a_new_form_offers_both_actions_and_the_four_usual_events(client: Client) -> None:
    form = client.get(ADD).context["adminform"].form
    assert form["agent_actions"].value() == ["cancel", "skip"]
    assert (form["enabled"].value(), sorted(form["kinds"].value())) == (False, sorted(DEFAULT_KINDS))
    assert [key for key, _ in form.fields["place"].choices] == ["live", "sandbox"]


def test_a_timeline_is_tried_before_it_is_stored(client: Client, server: GladlyServer) -> None:
    answer = client.post(ADD, NEW | TIMELINE)
    assert told(answer)[0] == "success: Gladly works: 127.0.0.1."
    assert (server.users, server.asked) == ({"api@acme.test:token_1"}, [f"{PROFILES}?email=api%40acme.test"])
    made = Connection.objects.get()
    assert (made.secret, made.account, made.gladly.api_user) == ("token_1", "127.0.0.1", "api@acme.test")


@pytest.mark.parametrize("missing", ["organization", "api_user", "secret"])
def test_the_timeline_cannot_be_switched_on_before_all_is_given(client: Client, missing: str) -> None:
    answer = client.post(ADD, NEW | TIMELINE | {missing: ""})
    assert [list(errors_of(answer)), Connection.objects.count()] == [[missing], 0]
    off = {name: value for name, value in TIMELINE.items() if name != "enabled"}
    assert client.post(ADD, NEW | off | {missing: ""}).status_code == 302


@pytest.mark.parametrize(
    ("reply", "errors"),
    [
        (Reply(401), {"secret": [REFUSED_SETUPS[401]]}),
        (Reply(403), {"secret": [REFUSED_SETUPS[403]]}),
        (Reply(404), {"organization": [NOT_GLADLY]}),
        (Reply(200, "{}"), {"organization": [NOT_GLADLY]}),
    ],
)
def test_what_gladly_refuses_is_not_stored(
    client: Client, server: GladlyServer, reply: Reply, errors: dict[str, list[str]]
) -> None:
    server.script[PROFILES] = [reply]
    assert (errors_of(client.post(ADD, NEW | TIMELINE)), Connection.objects.count()) == (errors, 0)


def test_a_new_token_that_cannot_be_tried_leaves_the_old_one(
    connection: Connection, client: Client, server: GladlyServer
) -> None:
    Connection.objects.update(secret="token_0", base_url="https://acme.gladly.com/api/v1")
    server.script[PROFILES] = [Reply(503)]
    assert "so the stored one stays" in fill(client, page_of(connection), **TIMELINE)
    connection.refresh_from_db()
    assert (connection.secret, connection.enabled) == ("token_0", False)


@pytest.mark.parametrize(
    ("typed", "place", "url"),
    [
        ("acme", "live", "https://acme.gladly.com/api/v1"),
        (" https://Acme.gladly.com/inbox ", "live", "https://acme.gladly.com/api/v1"),
        ("acme", "sandbox", "https://acme.gladly.qa/api/v1"),
    ],
)
def test_the_organization_leads_to_its_own_host(
    connection: Connection, client: Client, typed: str, place: str, url: str
) -> None:
    assert fill(client, page_of(connection), organization=typed, place=place) == ""
    connection.refresh_from_db()
    assert (connection.base_url, connection.account) == (url, url.split("/")[2])
    form = client.get(page_of(connection)).context["adminform"].form
    assert (form["organization"].value(), form["place"].value()) == ("acme", place)


def test_a_refused_form_leaves_the_state_as_it_is(connection: Connection, client: Client) -> None:
    answer = client.post(page_of(connection), NEW | {"enabled": "on"})
    assert "The timeline needs the name of your organization." in answer.text
    assert (answer.context["shows_sending"], answer.context["row"].connection.enabled) == (False, False)


@pytest.mark.parametrize("typed", ["acme.example", "a/b", "a@b", "-acme", "x" * 60])
def test_what_is_no_organization_is_refused(connection: Connection, client: Client, typed: str) -> None:
    assert "Enter only the name" in fill(client, page_of(connection), organization=typed)


@pytest.mark.django_db
def test_a_test_merchant_may_write_to_the_sandbox_of_the_portal(login: Login, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    merchant = f.MerchantFactory(is_test=True)
    client = login(merchant)
    assert client.post(ADD, NEW | {"enabled": "on", "place": "own"}).status_code == 302
    made = Connection.objects.get()
    assert (made.base_url, made.account) == ("http://127.0.0.1:9/sandbox/gladly/api/v1", merchant.public_id.hex)
    assert made.secret.startswith(f"sandbox_{merchant.public_id.hex}_")
    customer = f.CustomerFactory(merchant=merchant, email=" Ana@shop.test", first_name="Ana")
    f.CustomerFactory(email="foreign@shop.test")
    assert told(press(client, made, "add-customers"))[-1] == "success: The sandbox's Gladly knows 1 customer."
    assert told(press(client, made, "add-customers"))[-1] == "success: The sandbox's Gladly knows 1 customer."
    [profile] = SandboxProfile.objects.all()
    assert (profile.integration, profile.email, profile.first_name) == ("gladly", "ana@shop.test", customer.first_name)


def test_only_a_test_merchant_may_choose_the_sandbox_of_the_portal(client: Client) -> None:
    assert list(errors_of(client.post(ADD, NEW | {"place": "own"}))) == ["place"]


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"basic_user": "gladly"}, "basic_password"),
        ({"basic_password": "pw"}, "basic_user"),
        ({"header_name": "X-Key"}, "header_value"),
        ({"header_value": "v"}, "header_name"),
        ({"header_name": "X Key:", "header_value": "v"}, "header_name"),
        ({"header_name": "X-Key", "header_value": "schlüssel"}, "header_value"),
    ],
)
def test_half_of_a_credential_is_refused(
    connection: Connection, client: Client, given: dict[str, str], lacking: str
) -> None:
    answer = client.post(page_of(connection), NEW | given)
    assert list(errors_of(answer)) == [lacking]


def test_passwords_are_kept_never_shown_and_go_with_their_user(connection: Connection, client: Client) -> None:
    assert fill(client, page_of(connection), basic_user="gladly", basic_password="pw_clear_4711") == ""
    page = client.get(page_of(connection)).content.decode()
    assert "pw_clear_4711" not in page and "sk_1" not in page
    assert fill(client, page_of(connection), name="New name") == ""
    account = GladlyAccount.objects.get()
    assert (account.basic_user, account.basic_password, account.signing_key) == ("gladly", "pw_clear_4711", "sk_1")
    assert fill(client, page_of(connection), basic_user="") == ""
    assert GladlyAccount.objects.get().basic_password == ""


def test_actions_are_switched_on_and_off(connection: Connection, client: Client) -> None:
    assert fill(client, page_of(connection), agent_actions=["skip"]) == ""
    assert GladlyAccount.objects.get().actions_enabled == ["skip"]
    assert fill(client, page_of(connection), agent_actions=[]) == ""
    assert GladlyAccount.objects.get().actions_enabled == []


# Keys


def test_the_signing_key_is_shown_once(merchant: Merchant, client: Client) -> None:
    client.post(ADD, NEW)
    made = Connection.objects.get()
    assert "make-signing-key/" in client.get(page_of(made)).text
    page = press(client, made, "make-signing-key").content.decode()
    key = GladlyAccount.objects.get().signing_key + ""
    assert len(key) == 64 and key in page
    again = client.get(page_of(made)).text
    assert key not in again and "make-signing-key/" not in again and "replace-signing-key/" in again
    assert key not in press(client, made, "replace-signing-key").content.decode()
    assert GladlyAccount.objects.get().signing_key != key


def test_disconnecting_forgets_the_credentials_and_cancels_what_waits(connection: Connection, client: Client) -> None:
    Connection.objects.update(secret="token_1", enabled=True)
    waiting = make_delivery(connection)
    assert told(press(client, connection, "disconnect")) == [
        "success: Gladly is disconnected. Remove the app in Gladly, too."
    ]
    connection.refresh_from_db()
    waiting.refresh_from_db()
    account = GladlyAccount.objects.get()
    assert (connection.removed_at is None, connection.enabled, connection.secret) == (False, False, "")
    assert (account.signing_key, waiting.state) == ("", "canceled")
    late = make_delivery(connection)
    deliveries.cancel_leftovers()
    late.refresh_from_db()
    assert (late.state, late.error) == ("canceled", deliveries.SWITCHED_OFF)
    assert client.get(page_of(connection)).status_code == 302


def test_before_disconnecting_one_reads_what_the_app_package_may_still_do(
    connection: Connection, client: Client
) -> None:
    def read_dialog() -> str:
        return visible_text(client.get(page_of(connection).replace("change", "disconnect")))

    assert "The app package goes on" not in read_dialog()
    key, _ = create_api_key(connection.merchant, "Agents", ["gladly:act"])
    create_api_key(connection.merchant, "Shop", ["read"])
    create_api_key(f.MerchantFactory(), "Foreign", ["gladly:act"])
    assert (
        f"The app package goes on with {key}: agents can use Cancel Order and Skip Next Order there, "
        "also Skip Next Order, which is off now." in read_dialog()
    )
    other = f.ConnectionFactory(merchant=connection.merchant, integration="gladly", name="Other")
    GladlyAccount.objects.create(connection=other, actions_enabled=[])
    assert "agents can still look, and do nothing." in read_dialog()


@pytest.mark.parametrize(
    "verb", ["make-signing-key", "replace-signing-key", "test-signature", "add-customers", "disconnect"]
)
def test_the_buttons_do_nothing_to_another_kind_of_connection(merchant: Merchant, client: Client, verb: str) -> None:
    klaviyo = f.ConnectionFactory(merchant=merchant)
    assert told(press(client, klaviyo, verb)) == ["error: This is no connection to Gladly."]
    klaviyo.refresh_from_db()
    assert (klaviyo.removed_at, klaviyo.secret) == (None, "pk_test")
