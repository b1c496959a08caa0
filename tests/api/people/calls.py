"""Each operation on customers, addresses and payments, as the tables of the contract list them."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

CUSTOMER = "C-1001"
PERSON = {"merchant_user_id": "C-new", "first_name": "Bo", "last_name": "Li", "email": "bo@shop.test"}
PLACE = {
    "customer": CUSTOMER,
    "address_type": "shipping_address",
    "first_name": "Ana",
    "last_name": "Ruiz",
    "address": "2 Side Street",
    "city": "Little Rock",
    "state_province_code": "AR",
    "zip_postal_code": "72201",
    "country_code": "US",
    "phone": "5015550100",
}
CARD = {"customer": CUSTOMER, "cc_number_ending": "4242", "token_id": "tok_9"}


@dataclass(frozen=True)
class Call:
    """`path` has the place of an id as `{customer}`, `{address}` or `{payment}`; `required` are keys of the body."""

    method: str
    path: str
    scopes: str
    body: dict[str, Any] | None = None
    required: tuple[str, ...] = ()
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def send(self, client: Client, ids: dict[str, str], body: object = "its own", slash: str = "/", **headers: str):
        sent = self.body if body == "its own" else body
        text = "" if sent is None else json.dumps(sent)
        address = f"/api{self.path.format(**ids)}{slash}"
        return client.generic(self.method, address, text, content_type="application/json", headers=headers)


CALLS = [
    Call("GET", "/customers", "AS"),
    Call("GET", "/customers/{customer}", "AS"),
    Call("POST", "/customers/create", "AS", PERSON, tuple(PERSON)),
    Call("PATCH", "/customers/{customer}/update", "AS", {"locale": "fr-ca"}),
    Call(
        "PATCH",
        "/customers/{customer}/set_contact_details",
        "AS",
        {"email": "new@shop.test", "phone_number": "5015550111"},
        ("email", "phone_number"),
    ),
    Call("GET", "/addresses", "ASR"),
    Call("GET", "/addresses/{address}", "ASR"),
    Call("POST", "/addresses/create", "ASR", PLACE, tuple(PLACE)),
    Call("PATCH", "/addresses/{address}/update", "ASR", {"label": "Home"}),
    Call("POST", "/addresses/{address}/use_for_all", "AS", status=204),
    Call("GET", "/payments", "AS"),
    Call("GET", "/payments/{payment}", "AS"),
    Call("POST", "/payments/create", "AS", CARD, tuple(CARD)),
    Call("PATCH", "/payments/{payment}/update", "AS", {"live": False}, ("live",)),
    Call("POST", "/payments/{payment}/use_for_all", "AS"),
]
WRITES = [call for call in CALLS if call.method != "GET"]
ON_ONE = [call for call in CALLS if "{" in call.path]


def find_call(text: str) -> Call:
    return next(call for call in CALLS if str(call) == text)
