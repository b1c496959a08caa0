"""What Gladly's page shows beside its form, and where else it is seen."""

import re
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.gladly.states import TEST_ID, describe_lookups
from integrations.gladly.timeline import organizations
from integrations.models import Connection, GladlyAccount, GladlyRequest
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.gladly.calls import Kind, Login, Outcome, note, page_of
from tests.admin.pages import visible_text


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


def test_the_states_are_read_without_going_through_the_log(connection: Connection) -> None:
    other = f.ConnectionFactory(merchant=connection.merchant, integration="gladly", name="Other")
    GladlyAccount.objects.create(connection=other, signing_key="sk_2")
    columns = {"merchant": connection.merchant, "kind": Kind.BASIC, "outcome": Outcome.NOTHING, "milliseconds": 12}
    rows = [GladlyRequest(connection=row, **columns) for _ in range(500) for row in (connection, other)]
    GladlyRequest.objects.bulk_create(rows)
    with CaptureQueriesContext(database) as context:
        states = describe_lookups([connection, other])
    assert [states[row.pk].latest for row in (connection, other)] == rows[-2:]
    plans = "\n".join(explain_analyze(query["sql"]) for query in context)
    read = re.findall(r" on integrations_gladlyrequest.*actual.*rows=(\d+)", plans)
    assert read and max(map(int, read)) <= 2, plans


def explain_analyze(statement: str) -> str:
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN ANALYZE {statement}")
        return "\n".join(line for (line,) in cursor)


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
