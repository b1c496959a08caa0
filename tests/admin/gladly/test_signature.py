"""The test of the signature on Gladly's page."""

from typing import Any

from django.test import Client

from integrations.models import Connection, GladlyAccount
from tests.admin.gladly.calls import press


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
