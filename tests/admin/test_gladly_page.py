"""The set-up page of Gladly: its form, its credentials, its guide, its tests and the log of requests."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from integrations.gladly.states import TEST_ID
from integrations.gladly.timeline import organizations
from integrations.gladly.timeline.answers import NOT_GLADLY, REFUSED_SETUPS
from integrations.gladly.timeline.integration import DEFAULT_KINDS
from integrations.models import Connection, GladlyAccount, GladlyRequest, SandboxProfile
from integrations.webhooks import deliveries
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.pages import fill, visible_text
from tests.integrations.attentive.server import Reply, running_attentive
from tests.integrations.deliveries import make_delivery
from tests.integrations.gladly.timeline.server import PROFILES, GladlyServer

Login = Callable[..., Client]
Kind, Outcome = GladlyRequest.Kind, GladlyRequest.Outcome
ADD = "/admin/integrations/connection/add/?integration=gladly"
NEW = {"name": "Gladly", "agent_actions": ["cancel", "skip"], "place": "live", "kinds": list(DEFAULT_KINDS)}
TIMELINE = {"enabled": "on", "organization": "acme", "api_user": "api@acme.test", "secret": "token_1"}


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(is_test=False)
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


@pytest.fixture
def connection(merchant: Merchant) -> Connection:
    made: Connection = f.ConnectionFactory(
        merchant=merchant, integration="gladly", name="Gladly", enabled=False, secret=""
    )
    GladlyAccount.objects.create(connection=made, signing_key="sk_1", actions_enabled=["cancel"])
    return made


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[GladlyServer]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_attentive(GladlyServer) as running:
        monkeypatch.setattr(
            "integrations.admin.gladly.form.organization_url", lambda organization: f"{running.url}/api/v1"
        )
        yield running


def page_of(connection: Connection) -> str:
    return f"/admin/integrations/connection/{connection.pk}/change/"


def press(client: Client, connection: Connection, verb: str, **answers: str) -> Any:
    return client.post(f"/admin/integrations/connection/{connection.pk}/{verb}/", answers)


def told(answer: Any) -> list[str]:
    return [f"{message.level_tag}: {message}" for message in get_messages(answer.wsgi_request)]


def errors_of(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    return found


def note(connection: Connection, kind: str, outcome: str, found: str = "", **fields: Any) -> GladlyRequest:
    return GladlyRequest.objects.create(
        merchant=connection.merchant,
        connection=connection,
        kind=kind,
        outcome=outcome,
        found=found,
        milliseconds=12,
        **fields,
    )


# The form


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


@pytest.mark.parametrize(
    "verb", ["make-signing-key", "replace-signing-key", "test-signature", "add-customers", "disconnect"]
)
def test_the_buttons_do_nothing_to_another_kind_of_connection(merchant: Merchant, client: Client, verb: str) -> None:
    klaviyo = f.ConnectionFactory(merchant=merchant)
    assert told(press(client, klaviyo, verb)) == ["error: This is no connection to Gladly."]
    klaviyo.refresh_from_db()
    assert (klaviyo.removed_at, klaviyo.secret) == (None, "pk_test")


# Signature test


def checks_of(answer: Any) -> list[tuple[str, bool]]:
    return [(check.sentence, check.is_fine) for check in answer.context["checks"]]


REFUSED = "Refused, as it should be: "


def test_a_portal_at_a_private_address_says_that_gladly_cannot_reach_it(
    connection: Connection, client: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://127.0.0.1:9"
    sample, *others = checks_of(press(client, connection, "test-signature"))
    assert sample == (
        "Gladly cannot reach this portal: 127.0.0.1 is at a private address; only public ones may be called.",
        False,
    )
    assert others == [
        (f"{REFUSED}The signature does not fit the request and the signing key.", True),
        (f"{REFUSED}The signature does not fit the request and the signing key.", True),
        (f"{REFUSED}The request is more than 300 seconds old, or from the future.", True),
        (f"{REFUSED}This header was signed, but is missing.", True),
    ]


def test_a_pasted_request_is_judged_as_of_its_own_time(connection: Connection, client: Client) -> None:
    GladlyAccount.objects.update(signing_key="test-apikey-1")
    [right] = checks_of(press(client, connection, "test-signature", pasted=VECTOR))
    assert right == ("Its credentials are right. It is too old to be sent again now.", True)
    [wrong] = checks_of(press(client, connection, "test-signature", pasted=VECTOR.replace("abc", "abd")))
    assert wrong == (
        "Refused: Gladly-Authorization: The signature does not fit the request and the signing key.",
        False,
    )
    answer = press(client, connection, "test-signature", pasted="hello")
    assert "Begin with a line such as" in answer.text


VECTOR = """POST /api/v2/customer/lookup HTTP/1.1
Content-Type: application/json
Accept: application/json
Gladly-Correlation-Id: vXmSEPjVSWCaCMzvjufxZg
X-B3-Traceid: bd799210f8d549609a08ccef8ee7f166
Gladly-Time: 20190213T214016Z
Gladly-Authorization: SigningAlgorithm=hmac-sha256, SignedHeaders=accept;content-type;gladly-correlation-id;\
gladly-time;x-b3-traceid, Signature=4c633fca4914f51df04c9ec40f4545d66d653e771c6634e33eed52a242bc278c

{"lookupLevel":"DETAILED","query":{"emails":["martha.williams@gmail.com"],"externalCustomerId":"abc",\
"favoriteDate":"2018-08-19T07:00:00.000Z","favoriteFood":"Apple Pie","id":"o2sg-TMTSD2rTwMuxzewbA",\
"name":"Martha Williams","phones":["+15013299800"]},"uniqueMatchRequired":true}"""


# States and the log


def state_of(client: Client, connection: Connection) -> str:
    return visible_text(client.get(page_of(connection))).partition("Agents in Gladly")[2].partition("Gladly's last")[0]


def test_the_page_says_in_words_how_gladlys_requests_go(connection: Connection, client: Client) -> None:
    assert "Not asked yet Gladly has never asked." in state_of(client, connection)
    note(connection, Kind.DETAILED, Outcome.ANSWERED, "1 customer")
    assert "Answering Last request at " in (shown := state_of(client, connection))
    assert "Profile: 1 customer." in shown
    note(connection, Kind.OTHER, Outcome.UNAUTHORIZED, "The signature does not fit the request and the signing key.")
    assert "was refused because: The signature does not fit" in state_of(client, connection)
    note(connection, Kind.BASIC, Outcome.NOTHING, correlation_id=TEST_ID)
    assert "was refused because" in state_of(client, connection)
    note(connection, Kind.BASIC, Outcome.NOTHING)
    assert "Search: Nothing found." in state_of(client, connection)
    note(connection, Kind.CANCEL, Outcome.FAULT)
    assert "Failed The portal failed at Gladly's request" in state_of(client, connection)
    GladlyAccount.objects.update(signing_key="")
    assert "Not set up Make a signing key" in state_of(client, connection)


def test_the_log_shows_the_latest_requests_of_this_connection(
    merchant: Merchant, connection: Connection, client: Client
) -> None:
    assert "Gladly has never asked." in visible_text(client.get(page_of(connection)))
    other = f.ConnectionFactory(merchant=merchant, integration="gladly", name="Other")
    GladlyAccount.objects.create(connection=other)
    note(other, Kind.BASIC, Outcome.ANSWERED, "7 customers")
    for number in range(27):
        note(connection, Kind.SKIP, Outcome.REFUSED, f"Reason {number}.", correlation_id=f"id-{number}")
    shown = visible_text(client.get(page_of(connection)))
    assert "Skip Refused Reason 26. 12 ms id-26" in shown and "Reason 2. " in shown
    assert "Reason 1. " not in shown and "7 customers" not in shown


def test_the_steps_are_ticked_as_they_are_done(connection: Connection, client: Client) -> None:
    def done() -> list[bool | None]:
        return [step.is_done for step in client.get(page_of(connection)).context["steps"]]

    assert done() == [True, True, False, None, False, None, None]
    note(connection, Kind.OTHER, Outcome.UNAUTHORIZED)
    assert done()[2] is False
    note(connection, Kind.BASIC, Outcome.NOTHING)
    assert done()[2:5] == [True, None, False]
    note(connection, Kind.DETAILED, Outcome.ANSWERED)
    assert done()[4] is True
    GladlyAccount.objects.update(actions_enabled=[], signing_key="", api_user="api@acme.test")
    Connection.objects.update(enabled=True, secret="t", base_url="https://acme.gladly.com/api/v1")
    assert done() == [False, False, True, None, True, True, None]


def test_the_page_says_what_to_type_in_gladly(connection: Connection, client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://portal.example.com"
    page = client.get(page_of(connection)).text
    url = f"https://portal.example.com/gladly/lookup/{connection.public_id.hex}"
    for text in ("Reprise", url, "https://portal.example.com"):
        assert f'data-copy="{text}"' in page


def test_the_app_package_is_downloaded(client: Client, login: Login, merchant: Merchant) -> None:
    answer = client.get("/admin/gladly/package/")
    assert answer.headers["Content-Type"] == "application/zip"
    with ZipFile(BytesIO(answer.content)) as package:
        assert "manifest.json" in package.namelist()
    assert login(merchant, "support").get("/admin/gladly/package/").status_code == 403


# Where else it is seen


def test_the_list_of_connections_says_how_agents_and_timeline_do(connection: Connection, client: Client) -> None:
    def shown() -> str:
        return visible_text(client.get("/admin/integrations/connection/"))

    assert "Not asked yet Gladly has never asked." in shown()
    note(connection, Kind.BASIC, Outcome.UNAUTHORIZED, "No signature.")
    assert "was refused because: No signature." in shown()
    Connection.objects.update(enabled=True, paused_reason="The token is wrong.")
    assert "Paused Paused because: The token is wrong." in shown()


def test_home_asks_for_help_when_gladlys_requests_are_refused(connection: Connection, client: Client) -> None:
    f.subscription_with_order(customer__merchant=connection.merchant)
    assert "are refused" not in visible_text(client.get("/admin/"))
    note(connection, Kind.BASIC, Outcome.UNAUTHORIZED, "No signature.")
    shown = visible_text(client.get("/admin/"))
    assert "Gladly: requests of agents are refused" in shown and "because: No signature." in shown
    note(connection, Kind.BASIC, Outcome.ANSWERED, "1 customer")
    assert "are refused" not in visible_text(client.get("/admin/"))


def test_a_timeline_that_is_off_is_no_trouble_for_delivery_health(connection: Connection, client: Client) -> None:
    shown = visible_text(client.get("/admin/delivery/"))
    assert "The timeline is off; agents see subscriptions in Gladly all the same." in shown


def test_an_organization_is_read_from_its_address() -> None:
    for url in ("https://acme.gladly.com/api/v1", "https://acme.gladly.qa/api/v1"):
        found = organizations.read_organization(url)
        assert found and organizations.organization_url(found) == url
    assert organizations.read_organization("") is organizations.read_organization("https://shop.example/") is None
