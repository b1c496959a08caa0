"""Every address of the portal with an id of another merchant, called with each credential of this one."""

import json
from typing import Any

import pytest

from subscriptions.models import Role
from tests.scale import scaled
from tests.wall.addresses import PUBLIC, TEMPLATES, fill, parts_of, start_of, text_of
from tests.wall.callers import CALLERS
from tests.wall.worlds import MARK, World, rows_of

EACH = [(start, name) for start, callers in CALLERS.items() for name in callers]
METHODS = {"/admin/": ("GET", "POST")}
OTHER_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
CLOSED = {401, 403, 404, 405, 406}  # 406: what Gladly is told of an act that is not possible
# Parts that are the same for all merchants.
COMMON = {"app_label", "url", "action", "content_type_id", "kind"}
JOBS = "/admin/jobs/{name}/run/"


SENT_HOME = "/admin/"


def templates_of(start: str, name: str) -> list[str]:
    """Those with an id. Other staff than owners, who may do less, try a third of them, each role another one."""
    found = [each for each in TEMPLATES if each.startswith(start) and parts_of(each) - COMMON and each != JOBS]
    lesser = [role for role in Role.values if role != Role.OWNER]
    place = lesser.index(name) if start == "/admin/" and name in lesser else None
    return found if place is None else found[scaled(place, full=0) :: scaled(len(lesser), full=1)]


def foreign_addresses(template: str, own: World, foreign: World) -> list[str]:
    """With ids of the other merchant alone, and below the own connection to Gladly."""
    address = fill(template, foreign)
    theirs, ours = (text_of(world.find("GladlyAccount").connection.public_id) for world in (foreign, own))
    below_own = address.replace(theirs, ours)
    return [address, below_own] if "{connection}/" in template and below_own != fill(template, own) else [address]


def is_closed(answer: Any, address: str) -> bool:
    """Whether the answer is that of a row that does not exist."""
    if answer.status_code == 302:
        return answer["Location"] in (SENT_HOME, f"{address}change/")
    return answer.status_code in CLOSED


def test_every_address_is_tried_with_credentials_or_is_known_to_need_none() -> None:
    for each in TEMPLATES:
        if parts_of(each):
            assert start_of(each) in PUBLIC or any(each.startswith(start) for start in CALLERS), each


@pytest.mark.parametrize(("start", "name"), EACH)
def test_an_id_of_another_merchant_opens_nothing_and_changes_nothing(
    start: str, name: str, own: World, foreign: World
) -> None:
    client = CALLERS[start][name](own)
    body = json.dumps({"subscription": own.find("Subscription").public_id.hex})
    before, faults = rows_of(foreign.merchant), []
    for template in templates_of(start, name):
        tried = [
            (method, address)
            for address in foreign_addresses(template, own, foreign)
            for method in METHODS.get(start, OTHER_METHODS)
        ]
        for method, address in tried:
            answer = client.generic(method, address, body, "application/json")
            if not is_closed(answer, address) or MARK in answer.content.decode(errors="replace"):
                faults.append((method, template, answer.status_code, answer.get("Location")))
    assert faults == []
    after = rows_of(foreign.merchant)
    del after["GladlyRequest"], before["GladlyRequest"]  # the log of the connection that somebody tried to call
    assert after == before
