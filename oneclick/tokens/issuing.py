"""Issuing action tokens: one for each event that carries one, and one at a time for staff."""

from datetime import datetime, timedelta

from common.db import insert_many, new_row
from oneclick.models import ActionToken, OneClickSettings
from oneclick.models.settings import one_click_of
from subscriptions import calendar
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event, Merchant, Order, Subscription


def issue_for_events(events: list[Event]) -> None:
    """Event sink: one token for each event whose kind carries one, at merchants that have 1-Click on."""
    targets = [(event, event.order or event.subscription) for event in events if ALL_KINDS[event.kind].token_scope]
    # Read once for each merchant, as thousands of events may share one.
    samples = {event.merchant_id: event for event, target in targets if target}
    settings = {merchant_id: _enabled_settings(event.merchant) for merchant_id, event in samples.items()}
    tokens = [
        new_token(target, rules, event)
        for event, target in targets
        if target and (rules := settings[event.merchant_id])
    ]
    insert_many(tokens, fetch_ids=False)


def _enabled_settings(merchant: Merchant) -> OneClickSettings | None:
    """The settings of a merchant that has 1-Click on."""
    rules = one_click_of(merchant)
    return rules if rules.enabled else None


def new_token(target: Order | Subscription, rules: OneClickSettings, event: Event | None = None) -> ActionToken:
    """A token for an order or a subscription, not saved yet."""
    owner = event or target
    order, subscription = (target, None) if isinstance(target, Order) else (None, target)
    return new_row(
        ActionToken,
        merchant=owner.merchant,
        customer=owner.customer,
        event=event,
        scope=ActionToken.Scope.ORDER if order else ActionToken.Scope.SUBSCRIPTION,
        subscription=subscription,
        order=order,
        issued_at=calendar.now(),
        expires_at=_expiry(target, owner.merchant, rules),
    )


def _expiry(target: Order | Subscription, merchant: Merchant, rules: OneClickSettings) -> datetime:
    """An order's token ends on the place date, a subscription's after the merchant's number of days."""
    if isinstance(target, Order):
        return calendar.local_midnight(target.place_date, merchant.time_zone)
    return calendar.now() + timedelta(days=rules.token_days)
