"""What the page of a Gladly connection shows besides its form: its state, what to type where, the last requests."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from integrations.admin.gladly.signature_test import lookup_url
from integrations.gladly.credentials import has_credentials
from integrations.gladly.states import TEST_ID, LookupState, describe_lookups
from integrations.models import Connection, GladlyAccount, GladlyRequest
from subscriptions.staff.roles import Right, may

APP_NAME = "Reprise"
SHOWN = 25
ASK_SUPPORT = (
    f"Please switch on the subscriptions card (transaction type {{kind}}) for our custom app “{APP_NAME}”, "
    "with its action buttons."
)
OUTCOME_LABELS = {
    GladlyRequest.Outcome.ANSWERED: "success",
    GladlyRequest.Outcome.DONE: "success",
    GladlyRequest.Outcome.REPEATED: "info",
    GladlyRequest.Outcome.NOTHING: "default",
    GladlyRequest.Outcome.STAYS: "warning",
    GladlyRequest.Outcome.REFUSED: "warning",
    GladlyRequest.Outcome.UNAUTHORIZED: "danger",
    GladlyRequest.Outcome.FAULT: "danger",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`template` shows what to do; `is_done` is None for a step that the portal cannot see."""

    title: str
    template: str
    is_done: bool | None = None

    @property
    def path(self) -> str:
        return f"admin/connections/gladly/steps/{self.template}.html"


@dataclass(frozen=True, slots=True)
class LogLine:
    row: GladlyRequest

    @property
    def label(self) -> str:
        return OUTCOME_LABELS[GladlyRequest.Outcome(self.row.outcome)]

    @property
    def is_test(self) -> bool:
        return self.row.correlation_id == TEST_ID


def page_context(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    (state,) = describe_lookups([connection]).values()
    steps = list_steps(connection, connection.gladly, state)
    rows = GladlyRequest.objects.filter(merchant=connection.merchant, connection=connection).order_by("-pk")[:SHOWN]
    return {
        "lookups": state,
        "steps": steps,
        "is_set_up": all(step.is_done is not False for step in steps),
        "log": [LogLine(row) for row in rows],
        "lookup_url": lookup_url(connection),
        "portal_url": settings.PUBLIC_URL,
        "app_name": APP_NAME,
        "ask_support": ASK_SUPPORT.format(kind=settings.GLADLY_TRANSACTION_TYPE),
        "has_key": bool(connection.gladly.signing_key),
        "basic_user": connection.gladly.basic_user,
        "header_name": connection.gladly.header_name,
        "may_make_keys": may(request, Right.SETTINGS),
    }


def list_steps(connection: Connection, account: GladlyAccount, state: LookupState) -> list[Step]:
    has_timeline = connection.enabled and bool(connection.base_url and connection.secret and account.api_user)
    was_answered = GladlyRequest.objects.filter(
        merchant=connection.merchant, connection=connection, kind=GladlyRequest.Kind.DETAILED
    ).exclude(correlation_id=TEST_ID)
    return [
        Step("Choose what agents may do", "actions", bool(account.actions_enabled)),
        Step("Make the signing key", "key", has_credentials(account)),
        Step("Add the app in Gladly", "app", state.latest is not None and state.name != "Refused"),
        Step("Ask Gladly for the subscriptions card", "card"),
        Step("Open a customer in Gladly", "profile", was_answered.exists()),
        Step("Write changes to the timeline, if you like", "timeline", has_timeline or None),
        Step("Or install the app package", "package"),
    ]
