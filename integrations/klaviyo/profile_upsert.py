"""One profile's own request: `POST /api/profile-import`, which makes a profile or changes the one it finds."""

from typing import Any

from integrations import http
from integrations.base import Answer, Outcome, Road
from integrations.esp.calls import answer_of
from integrations.esp.replies import parse_body
from integrations.klaviyo import answers, bodies, client
from integrations.models import Connection

# 80 % of what Klaviyo allows for an account: other programs send under the same quota.
ROAD = Road("profile-import", 60, 600)
SAVED = (200, 201)


def roads_of_move(remote_id: str) -> tuple[Road, ...]:
    """One for each request that `move_profile` may make."""
    return (ROAD,) if remote_id else (ROAD, ROAD)


def upsert_profile(connection: Connection, attributes: dict[str, Any], remote_id: str = "") -> Answer:
    """DONE with the profile's ID. Without `remote_id`, the profile is found by the identifier in `attributes`.

    A phone number beside an e-mail address could be another profile's, so the attributes name one of the two.
    """
    profile = {"type": "profile", "attributes": attributes} | ({"id": remote_id} if remote_id else {})
    content = bodies.encode_json({"data": profile})
    return answer_of(lambda: client.call_api(connection, "POST", "/api/profile-import", content), read_upsert)


def move_profile(connection: Connection, old_email: str, remote_id: str, new_email: str, **attributes: Any) -> Answer:
    """Give the profile that has `old_email` the new address, so that the next event makes no second profile.

    `attributes` are changed with it. DONE with the profile's ID; two requests if `remote_id` is "". No database.
    """
    is_new = False
    if not remote_id:
        found = upsert_profile(connection, {"email": old_email})
        if found.outcome is not Outcome.DONE:
            return found
        remote_id, is_new = found.remote_id, found.status == 201
    answer = upsert_profile(connection, {"email": new_email, **attributes}, remote_id)
    # Klaviyo no longer has the profile, or it was moved by a worker that died before it could note that.
    is_gone = answer.status == 404 or (is_new and answer.status == 409)
    return upsert_profile(connection, {"email": new_email, **attributes}) if is_gone else answer


def read_upsert(reply: http.Reply) -> Answer:
    quota = answers.read_reply(reply)
    if reply.status not in SAVED:
        return quota
    try:
        remote_id = str(parse_body(reply)["data"]["id"])
    except (KeyError, TypeError):
        return Answer(Outcome.PAUSE, reply.status, answers.NOT_KLAVIYO)
    return Answer(Outcome.DONE, reply.status, remote_id=remote_id)
