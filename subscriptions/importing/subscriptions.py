"""subscriptions.csv: live subscriptions with their upcoming orders, and cancelled ones."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Min, OuterRef, Q, Subquery
from django.utils import timezone

from subscriptions import calendar
from subscriptions.actions import bulk_upcoming
from subscriptions.importing import dates, values
from subscriptions.importing import rows as stored
from subscriptions.importing.checks import PREPAID, References, Status, check, is_cancelled
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.table import KEEP, Column, Row, Step, Table, column
from subscriptions.models import Customer, Merchant, Subscription

# What a later import may change. The rest is history, and after the first import its truth is here.
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
    moment = dates.past_moment(merchant.time_zone)
    return [
        column(Subscription, "external_id", values.identifier, required=True),
        Column("merchant_user_id", values.identifier, required=True),
        Column("external_product_id", values.identifier, required=True),
        column(Subscription, "quantity", values.whole(1, 999)),
        column(Subscription, "every", values.whole(1, 999), required=True),
        column(Subscription, "every_period", values.period, required=True),
        column(Subscription, "start_date", dates.day, required=True),
        Column("status", values.choice(Status)),
        Column("next_order_date", dates.day),
        column(Subscription, "cancelled", moment),
        column(Subscription, "cancel_reason"),
        column(Subscription, "price", values.money),
        Column("reminder_days", values.whole(5, 365), empty=merchant.reminder_days),
        column(Subscription, "prepaid_orders_per_billing", values.whole(2, 99)),
        column(Subscription, "prepaid_orders_remaining", values.whole(0, 99)),
        column(Subscription, "renewal_behavior", values.choice(Subscription.Renewal)),
        column(Subscription, "merchant_order_id"),
        column(Subscription, "session_id"),
        column(Subscription, "extra_data", values.mapping),
        Column("created", moment, empty=KEEP),
    ]


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, step: Step) -> None:
    named = References(merchant, rows)
    for row in rows:
        check(row, named, merchant, report)
    if report.problems:
        return
    new, changed, decided_here = [], [], 0
    for row in rows:
        subscription = named.subscriptions.get(row.values["external_id"])
        if subscription is None:
            new.append((_new(merchant, row, named), row))
            report.count(Outcome.CREATED)
            continue
        decided_here += subscription.live == is_cancelled(row)
        outcome = stored.change(subscription, _terms(row, named))
        report.count(outcome)
        if outcome is Outcome.UPDATED:
            subscription.updated = timezone.now()
            changed.append(subscription)
    stored.write([*changed, *(subscription for subscription, _ in new)], step, "subscriptions")
    live = [(each, _next_date(merchant, row)) for each, row in new if each.live]
    for part in step([*stored.chunks(changed)], "changed upcoming orders"):
        bulk_upcoming.update_upcoming_items(merchant, part)
    for part in step([*stored.chunks(live)], "new upcoming orders"):
        bulk_upcoming.add_subscription_items(merchant, part)
    _set_first_subscribed(merchant, [subscription.customer_id for subscription, _ in new])
    if decided_here:
        report.notices.append(
            f"{decided_here:,} subscriptions are live here and cancelled in the file, or vice versa. "
            "That was left as it is; cancel and reactivate them here, so that their customers are told."
        )


def _terms(row: Row, named: References) -> dict[str, object]:
    given: dict[str, object] = {name: row.values[name] for name in TERMS if name in row.values}
    return given | {"product": named.products[row.values["external_product_id"]]}


def _new(merchant: Merchant, row: Row, named: References) -> Subscription:
    customer = named.customers[row.values["merchant_user_id"]]
    history = {name: row.values[name] for name in HISTORY if name in row.values}
    defaults = {"reminder_days": merchant.reminder_days, "created": _start(merchant, row)}
    return Subscription(
        merchant=merchant,
        external_id=row.values["external_id"],
        customer=customer,
        payment=named.payments[customer.pk][0],
        shipping_address=named.addresses[customer.pk][0],
        currency_code=merchant.currency_code,
        **{**defaults, **history, **_terms(row, named)},
    )


def _start(merchant: Merchant, row: Row) -> datetime:
    return min(timezone.now(), calendar.local_midnight(row.values["start_date"], merchant.time_zone))


def _next_date(merchant: Merchant, row: Row) -> date:
    """The day given; else the first one after today that lies whole frequencies after the start."""
    given: date | None = row.values.get("next_order_date")
    if given:
        return given
    start, every, period = (row.values[name] for name in ("start_date", "every", "every_period"))
    return calendar.next_date(start, every, period, calendar.today(merchant.time_zone))


def _set_first_subscribed(merchant: Merchant, customers: Iterable[int]) -> None:
    mine = Subscription.objects.filter(merchant=merchant, customer=OuterRef("pk")).order_by().values("customer")
    earliest = Subquery(mine.annotate(earliest=Min("created")).values("earliest"))
    for chunk in stored.chunks(sorted(set(customers))):
        Customer.objects.filter(merchant=merchant, pk__in=chunk).filter(
            Q(first_subscribed__isnull=True) | Q(first_subscribed__gt=earliest)
        ).update(first_subscribed=earliest)


SUBSCRIPTIONS = Table("subscription", "external_id", _columns, _save)
