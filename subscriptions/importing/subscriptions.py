"""subscriptions.csv: live subscriptions with their upcoming orders, and cancelled ones."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Min, OuterRef, Q, Subquery
from django.utils import timezone

from subscriptions import calendar
from subscriptions.actions import bulk_upcoming
from subscriptions.actions.totals import LARGEST
from subscriptions.importing import cells, date_cells
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.stored_rows import change_row, split_in_chunks, write_rows
from subscriptions.importing.subscription_checks import (
    PREPAID,
    References,
    Status,
    check_row,
    is_cancelled,
    subscription_id,
)
from subscriptions.importing.table import KEEP, Column, Progress, Row, Table, model_column
from subscriptions.models import Customer, Merchant, Subscription

# A later import may change these. It ignores the columns of HISTORY, which Reprise itself keeps after the first import.
TERMS = (
    "quantity",
    "every",
    "every_period",
    "price",
    "reminder_days",
    "merchant_order_id",
    "session_id",
    "extra_data",
)
HISTORY = ("start_date", "created", "cancelled", "cancel_reason", *PREPAID)


def _columns(merchant: Merchant) -> list[Column]:
    moment, day = date_cells.past_moment_reader(merchant.time_zone), date_cells.day_reader(merchant.time_zone)
    return [
        model_column(Subscription, "external_id", cells.read_identifier, required=True),
        Column("merchant_user_id", cells.read_identifier, required=True),
        Column("external_product_id", cells.read_identifier, required=True),
        model_column(Subscription, "quantity", cells.number_reader(1, 999)),
        model_column(Subscription, "every", cells.number_reader(1, 999), required=True),
        model_column(Subscription, "every_period", cells.read_period, required=True),
        model_column(Subscription, "start_date", day, required=True),
        Column("status", cells.choice_reader(Status)),
        Column("next_order_date", day),
        model_column(Subscription, "cancelled", moment),
        model_column(Subscription, "cancel_reason"),
        model_column(Subscription, "price", cells.read_price),
        Column("reminder_days", cells.number_reader(5, 365), empty=merchant.reminder_days),
        model_column(Subscription, "prepaid_orders_per_billing", cells.number_reader(2, 99)),
        model_column(Subscription, "prepaid_orders_remaining", cells.number_reader(0, 99)),
        model_column(Subscription, "renewal_behavior", cells.choice_reader(Subscription.Renewal)),
        model_column(Subscription, "merchant_order_id"),
        model_column(Subscription, "session_id"),
        model_column(Subscription, "extra_data", cells.read_json_object),
        Column("created", moment, empty=KEEP),
    ]


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, progress: Progress) -> None:
    references = References(merchant, rows)
    for row in rows:
        check_row(row, references, merchant, report)
    if report.problems:
        return
    new: list[Subscription] = []
    changed: list[Subscription] = []
    planned: list[tuple[Subscription, date]] = []
    for row in rows:
        subscription = references.subscriptions.get(row.values["external_id"])
        if subscription is None:
            subscription = _new_subscription(merchant, row, references)
            new.append(subscription)
            if subscription.live:
                planned.append((subscription, _next_order_date(merchant, row)))
            report.count(Outcome.CREATED)
            continue
        outcome = change_row(subscription, _terms(row, references))
        report.count(outcome)
        if outcome is Outcome.UPDATED:
            subscription.updated = timezone.now()
            changed.append(subscription)
    write_rows([*changed, *new], progress, "subscriptions")
    too_large: list[Subscription] = []
    for part in progress([*split_in_chunks(changed)], "changed upcoming orders"):
        too_large += bulk_upcoming.update_upcoming_items(merchant, part)
    for part in progress([*split_in_chunks(planned)], "new upcoming orders"):
        too_large += bulk_upcoming.add_subscription_items(merchant, part)
    _report_too_large(rows, too_large, report)
    _report_other_status(rows, references, report)
    _set_first_subscribed(merchant, [subscription.customer_id for subscription in new])


def _report_other_status(rows: Sequence[Row], references: References, report: Report) -> None:
    known = [(row, references.subscriptions.get(row.values["external_id"])) for row in rows]
    lines = [row.line for row, subscription in known if subscription and subscription.live == is_cancelled(row)]
    if lines:
        report.add_remark(
            "Subscriptions that are live here and cancelled in the file, or the reverse",
            lines,
            "They stay as they are; cancel or reactivate them here, so that the events are sent.",
        )


def _report_too_large(rows: Sequence[Row], too_large: Iterable[Subscription], report: Report) -> None:
    found = {subscription_id(subscription) for subscription in too_large}
    for row in rows:
        if row.values["external_id"] in found:
            report.add_problem(
                row.line, "quantity", f"the order comes to more than {LARGEST:,}; give a lower quantity or price."
            )


def _terms(row: Row, references: References) -> dict[str, Any]:
    terms = {name: row.values[name] for name in TERMS if name in row.values}
    return terms | {"product": references.products[row.values["external_product_id"]]}


def _new_subscription(merchant: Merchant, row: Row, references: References) -> Subscription:
    customer = references.customers[row.values["merchant_user_id"]]
    began = calendar.local_midnight(row.values["start_date"], merchant.time_zone)
    defaults = {"reminder_days": merchant.reminder_days, "created": min(timezone.now(), began)}
    history = {name: row.values[name] for name in HISTORY if name in row.values}
    return Subscription(
        merchant=merchant,
        external_id=row.values["external_id"],
        customer=customer,
        payment=references.payments[customer.pk][0],
        shipping_address=references.addresses[customer.pk][0],
        currency_code=merchant.currency_code,
        **{**defaults, **history, **_terms(row, references)},
    )


def _next_order_date(merchant: Merchant, row: Row) -> date:
    """The day in the row; without one, the first day after today that is some whole frequencies after the start."""
    day: date | None = row.values.get("next_order_date")
    if day:
        return day
    start, every, period = (row.values[name] for name in ("start_date", "every", "every_period"))
    return calendar.next_date(start, every, period, calendar.today(merchant.time_zone))


def _set_first_subscribed(merchant: Merchant, customers: Iterable[int]) -> None:
    """Set `first_subscribed` to when the customer's first subscription was created, here or at the shop."""
    own = Subscription.objects.filter(merchant=merchant, customer=OuterRef("pk")).order_by().values("customer")
    earliest = Subquery(own.annotate(earliest=Min("created")).values("earliest"))
    for chunk in split_in_chunks(sorted(set(customers))):
        Customer.objects.filter(merchant=merchant, pk__in=chunk).filter(
            Q(first_subscribed__isnull=True) | Q(first_subscribed__gt=earliest)
        ).update(first_subscribed=earliest)


SUBSCRIPTIONS = Table("subscription", "external_id", _columns, _save)
