"""A merchant's webhook targets: made, changed and removed.

A target is a connection with a `WebhookTarget` row. All changes hold the merchant's lock, because the number of targets
and the kinds of events that they ask for belong to the merchant.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils import timezone

from common.web.outbound_address import AddressRefused, check_outbound_url
from common.work import call_after_commit
from integrations.models import Connection, Delivery, WebhookTarget
from integrations.outbox import notify_connections
from integrations.webhooks.deliveries import cancel_deliveries
from integrations.webhooks.patterns import UnknownTypes, matching_kinds, parse_pattern
from integrations.webhooks.signature import new_signing_key
from subscriptions.actions.webhook_kinds import request_webhook_kinds
from subscriptions.errors import NotFound, Refused, refused
from subscriptions.importing.importer import lock_merchant
from subscriptions.models import Merchant

MOST_TARGETS = 10
LONGEST_NAME = 100


def targets_of(merchant: Merchant) -> QuerySet[Connection]:
    """The merchant's targets, without those that were removed, with their `target`."""
    rows = Connection.objects.filter(merchant=merchant, integration=Connection.Integration.WEBHOOK, removed_at=None)
    return rows.select_related("target")


def create_target(
    merchant: Merchant,
    target_url: str,
    *,
    name: str = "",
    enabled: bool = True,
    pattern: str = "",
    snapshots: Collection[str] = (),
) -> Connection:
    """A new target with a signing key. It sends nothing before it has a pattern.

    Refused for an address that may not be called, an unknown type, a name that is taken, and an eleventh target.
    """
    check_address(merchant, target_url)
    pattern = read_pattern(pattern)
    with lock_merchant(merchant):
        if targets_of(merchant).count() >= MOST_TARGETS:
            raise refused("too_many_targets", n=MOST_TARGETS)
        connection = Connection.objects.create(
            merchant=merchant,
            integration=Connection.Integration.WEBHOOK,
            name=_free_name(merchant, name, target_url),
            base_url=target_url,
            secret=new_signing_key(),
            enabled=enabled,
        )
        connection.target = WebhookTarget.objects.create(
            connection=connection, pattern=pattern, snapshots=list(snapshots)
        )
        _request_kinds(merchant)
    return connection


def change_target(target: Connection, **changes: Any) -> None:
    """Change `name`, `target_url` or `enabled`, as far as they are given and differ. Refused as by `create_target`.

    What waits for a target that is switched off is canceled.
    """
    if "target_url" in changes:
        check_address(target.merchant, changes["target_url"])
        changes["base_url"] = changes.pop("target_url")
    with locked_target(target) as row:
        changes = {name: value for name, value in changes.items() if getattr(row, name) != value}
        if "name" in changes:
            changes["name"] = _free_name(row.merchant, changes["name"], row.base_url, besides=row)
        if changes.keys() & {"base_url", "enabled"}:
            changes |= {"not_before": None, "failures": 0}  # what waits is tried at once
        _write_connection(row, **changes)
        if not row.enabled:
            cancel_deliveries(Delivery.objects.filter(connection=row))
    call_after_commit(notify_connections, target.merchant_id)


def set_filter(target: Connection, pattern: str, snapshots: Collection[str] | None = None) -> str:
    """Say which types of events are sent, and with which snapshots; the pattern in its normal form.

    Refused for an unknown type.
    """
    pattern = read_pattern(pattern)
    with locked_target(target) as row:
        settings = row.target
        wanted = sorted(settings.snapshots if snapshots is None else snapshots)
        if (pattern, wanted) != (settings.pattern, settings.snapshots):
            settings.pattern, settings.snapshots, settings.updated = pattern, wanted, timezone.now()
            settings.save(update_fields=["pattern", "snapshots", "updated"])
    return pattern


def remove_target(target: Connection) -> None:
    """The target is gone for good. What waits for it is canceled; what was sent stays in the log."""
    with locked_target(target) as row:
        _write_connection(row, enabled=False, removed_at=timezone.now(), secret="")
        WebhookTarget.objects.filter(connection=row).update(old_secret="")
        cancel_deliveries(Delivery.objects.filter(connection=row))


@contextmanager
def locked_target(target: Connection) -> Iterator[Any]:
    """The target as it is now. At the end of the block, the merchant knows the kinds that its targets ask for."""
    merchant = target.merchant
    with lock_merchant(merchant):
        # Locked itself, too: a worker writes to the same row.
        row = targets_of(merchant).select_for_update(of=("self",), no_key=True).filter(pk=target.pk).first()
        if row is None:
            raise NotFound("not_found", "There is no such target.")
        row.merchant = merchant
        yield row
        _request_kinds(merchant)


def check_address(merchant: Merchant, url: str) -> None:
    """Refused if `url` may not be called."""
    try:
        check_outbound_url(url, own_sandbox=merchant.is_test)
    except AddressRefused as refusal:
        raise Refused("address_refused", str(refusal)) from refusal


def read_pattern(text: str) -> str:
    """The pattern in its normal form; refused for an unknown type."""
    try:
        return parse_pattern(text)
    except UnknownTypes as error:
        raise Refused("unknown_event_type", str(error)) from error


def _write_connection(row: Any, **changes: Any) -> None:
    if not changes:
        return
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))
    WebhookTarget.objects.filter(connection=row).update(updated=timezone.now())


def _request_kinds(merchant: Merchant) -> None:
    patterns = targets_of(merchant).filter(enabled=True).values_list("target__pattern", flat=True)
    request_webhook_kinds(merchant, frozenset().union(*map(matching_kinds, patterns)))


def _free_name(merchant: Merchant, name: str, url: str, besides: Connection | None = None) -> str:
    """`name`, or one made of the address; refused if another connection has it."""
    others = Connection.objects.filter(merchant=merchant, removed_at=None)
    if besides:
        others = others.exclude(pk=besides.pk)
    taken = set(others.values_list("name", flat=True))
    if name:
        if name in taken:
            raise refused("name_taken", name=name)
        return name
    host = (urlsplit(url).hostname or "Webhook")[: LONGEST_NAME - 5]
    return next(free for free in (host, *(f"{host} {n}" for n in range(2, 1000))) if free not in taken)
