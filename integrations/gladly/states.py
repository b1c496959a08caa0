"""How Gladly's own requests go, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from integrations.connection_states import clock_time
from integrations.gladly.credentials import has_credentials
from integrations.models import Connection, GladlyAccount, GladlyRequest

TEST_ID = "reprise-signature-test"
"""The correlation ID of requests that staff sent to try the credentials."""
LABELS = {
    "Not set up": "default",
    "Not asked yet": "info",
    "Answering": "success",
    "Refused": "danger",
    "Failed": "danger",
}


@dataclass(frozen=True, slots=True)
class LookupState:
    """`latest` is Gladly's last request; None before the first one."""

    name: str
    sentence: str
    latest: GladlyRequest | None = None

    @property
    def label(self) -> str:
        return LABELS[self.name]


def describe_lookups(connections: Iterable[Connection]) -> dict[int, LookupState]:
    """The state of each Gladly connection, by key, in two queries; other connections are left out."""
    keys = [row.pk for row in connections if row.integration == Connection.Integration.GLADLY]
    if not keys:
        return {}
    requests = GladlyRequest.objects.filter(connection=OuterRef("connection")).exclude(correlation_id=TEST_ID)
    # One entry of the index for each; DISTINCT ON would read all requests of a month.
    newest = Subquery(requests.order_by("-id").values("pk")[:1])
    accounts = list(GladlyAccount.objects.filter(connection__in=keys).annotate(newest=newest))
    latest = GladlyRequest.objects.in_bulk([each.newest for each in accounts if each.newest])
    return {each.connection_id: _describe(each, latest.get(each.newest)) for each in accounts}


def _describe(account: GladlyAccount, latest: GladlyRequest | None) -> LookupState:
    if not has_credentials(account):
        return LookupState("Not set up", "Make a signing key, and enter it in Gladly.", latest)
    if latest is None:
        return LookupState("Not asked yet", "Gladly has never asked. Enter the address and the key there.")
    at = clock_time(latest.at, timezone.now())
    if latest.outcome == GladlyRequest.Outcome.UNAUTHORIZED:
        return LookupState("Refused", f"Gladly's request at {at} was refused because: {latest.found}", latest)
    if latest.outcome == GladlyRequest.Outcome.FAULT:
        return LookupState("Failed", f"The portal failed at Gladly's request at {at}.", latest)
    what = latest.found or latest.get_outcome_display()
    return LookupState("Answering", f"Last request at {at}. {latest.get_kind_display()}: {what.rstrip('.')}.", latest)
