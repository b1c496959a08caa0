"""Tries a private key at Klaviyo, with requests that change nothing."""

from dataclasses import replace

from integrations.base import Answer, Outcome
from integrations.esp.calls import answer_of
from integrations.esp.replies import parse_body
from integrations.http import Reply
from integrations.klaviyo import answers, client
from integrations.klaviyo.scopes import BULK_SCOPES, find_missing_scopes
from integrations.models import Connection


def test_account(connection: Connection) -> Answer:
    """DONE with the account's name and id, and the scopes that imports of profiles would lack.

    Klaviyo says what a key may write only when something is written, so those scopes are not among them.
    """
    answer = answer_of(lambda: client.get_accounts(connection), _read_account)
    if answer.outcome is not Outcome.DONE:
        return answer
    imports = answer_of(lambda: client.get_import_jobs(connection), _read_imports)
    return replace(answer, lacking=imports.lacking)


def _read_account(reply: Reply) -> Answer:
    if reply.status != 200:
        return answers.read_reply(reply, needed=("accounts:read",))
    try:
        account = parse_body(reply)["data"][0]
        attributes = account["attributes"]
        name = attributes["contact_information"]["organization_name"]
        kind = ", a test account" if attributes["test_account"] else ""
        account_id = str(account["id"])
    except (KeyError, IndexError, TypeError):
        return Answer(Outcome.PAUSE, 200, answers.NOT_KLAVIYO)
    return Answer(Outcome.DONE, 200, f"{name} ({account_id}){kind}", remote_id=account_id)


def _read_imports(reply: Reply) -> Answer:
    answer = answers.read_reply(reply, needed=BULK_SCOPES)
    lacking = find_missing_scopes(answers.join_details(reply), BULK_SCOPES) if reply.status == 403 else ()
    return replace(answer, lacking=lacking)
