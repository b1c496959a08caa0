"""Watches every statement of the tests: only actions may write customer data."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from subscriptions.actions import customer_erasure, customer_lock, merchant_deletion
from subscriptions.models import (
    Activity,
    Address,
    Customer,
    Entitlement,
    Event,
    Item,
    Order,
    Payment,
    Subscription,
)

DOMAIN = [Activity, Address, Customer, Entitlement, Event, Item, Order, Payment, Subscription]
NAMES = "|".join(model._meta.db_table for model in DOMAIN)
WRITE = re.compile(rf'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?:{NAMES})"?\b', re.IGNORECASE)
SURFACES = [
    str(Path(settings.BASE_DIR) / name) + "/"
    for name in ("subscriptions/api", "subscriptions/admin", "subscriptions/jobs", "oneclick", "integrations")
]
found_writes: list[str] = []  # statements of surfaces outside an action


def watch_statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    if WRITE.match(str(sql)) and not customer_lock._held.get() and _from_a_surface():
        found_writes.append(str(sql)[:200])
    return execute(sql, params, many, context)


def attach_watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if watch_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch_statement)


def _from_a_surface() -> bool:
    frame = sys._getframe(1)
    while frame:
        if frame.f_code.co_filename in (customer_erasure.__file__, merchant_deletion.__file__):
            return False  # they are actions, on all rows of a customer or a merchant
        if any(frame.f_code.co_filename.startswith(folder) for folder in SURFACES):
            return True
        frame = frame.f_back  # type: ignore[assignment]  # ends with None
    return False
