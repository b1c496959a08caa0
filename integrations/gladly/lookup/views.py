"""The addresses of the Lookup Adaptor."""

from typing import ClassVar

from common.web.public_ids import parse_public_id
from integrations.gladly import acts
from integrations.gladly.agents import (
    NOT_ON_ORDER,
    SWITCHED_OFF,
    UNKNOWN,
    Declined,
    Why,
    limited_transaction,
    not_allowed,
)
from integrations.gladly.cards import SubscriptionCard, read_card
from integrations.gladly.lookup import forms, replies
from integrations.gladly.lookup.addresses import cancel_path, skip_path
from integrations.gladly.lookup.gate import AdaptorView, Call, Kind
from integrations.gladly.lookup.query import LookupQuery, read_query
from integrations.gladly.lookup.replies import Reply
from integrations.gladly.lookup.results import Json, basic_results, detailed_result
from integrations.gladly.matching import find_customer, find_customers
from integrations.models import AgentAction
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.core import find_refusal
from subscriptions.models import Subscription


def look_up(call: Call) -> Reply:
    query = read_query(call.body)
    if query is None:
        return replies.results_reply([])
    call.kind = Kind.DETAILED if query.level == "DETAILED" else Kind.BASIC
    try:
        with limited_transaction(call.agent):
            return replies.results_reply(_find_results(call, query))
    except Declined:  # the database was too slow
        return replies.no_results_for_fault()


def show_cancel_form(call: Call, subscription: str) -> Reply:
    _require_enabled(call, AgentAction.CANCEL)
    with limited_transaction(call.agent):
        card = _find_card(call, subscription)
        if refusal := find_refusal(subscription_verbs.cancel, card.subscription):
            raise not_allowed(refusal)
        path = cancel_path(call.connection, card.subscription)
        return replies.form_reply(forms.cancel_form(call.connection.merchant, path))


def show_skip_form(call: Call, subscription: str, order: str) -> Reply:
    _require_enabled(call, AgentAction.SKIP)
    with limited_transaction(call.agent):
        card = _find_card(call, subscription)
        if card.next_order is None or card.next_order.public_id != parse_public_id(order):
            raise Declined(Why.NOT_ALLOWED, NOT_ON_ORDER)
        if refusal := find_refusal(order_verbs.skip_subscription, card.next_order):
            raise not_allowed(refusal)
        path = skip_path(call.connection, card.subscription, card.next_order)
        return replies.form_reply(forms.skip_form(card, card.next_order, path))


def cancel(call: Call, subscription: str) -> Reply:
    _require_enabled(call, AgentAction.CANCEL)
    inputs = forms.read_inputs(call.body)
    code, details = inputs.get(acts.REASON_CODE, ""), inputs.get(acts.REASON_DETAILS, "")
    return replies.done_reply(acts.cancel_subscription(call.agent, subscription, code=code, details=details))


def skip(call: Call, subscription: str, order: str) -> Reply:
    _require_enabled(call, AgentAction.SKIP)
    return replies.done_reply(acts.skip_order(call.agent, subscription, order))


class Lookup(AdaptorView):
    handlers: ClassVar = {"POST": (Kind.OTHER, look_up)}
    fault_reply: ClassVar = replies.no_results_for_fault


class Cancel(AdaptorView):
    handlers: ClassVar = {"GET": (Kind.CANCEL_FORM, show_cancel_form), "POST": (Kind.CANCEL, cancel)}
    fault_reply: ClassVar = replies.closed_form_for_fault


class Skip(AdaptorView):
    handlers: ClassVar = {"GET": (Kind.SKIP_FORM, show_skip_form), "POST": (Kind.SKIP, skip)}
    fault_reply: ClassVar = replies.closed_form_for_fault


def _find_results(call: Call, query: LookupQuery) -> list[Json]:
    """A profile that is linked is only ever answered with its own customer; any other gets everybody who matches."""
    merchant = call.connection.merchant
    if query.level == "BASIC":
        return basic_results(call.connection, find_customers(merchant, query.emails, query.phones))
    customer = find_customer(merchant, query.external_id) if query.external_id else None
    return [detailed_result(call.connection, customer)] if customer else []


def _require_enabled(call: Call, action: AgentAction) -> None:
    if action not in call.connection.gladly.actions_enabled:
        raise Declined(Why.NOT_ALLOWED, SWITCHED_OFF)


def _find_card(call: Call, public_id: str) -> SubscriptionCard:
    key, merchant = parse_public_id(public_id), call.connection.merchant
    rows = Subscription.objects.filter(merchant=merchant).select_related("product", "customer")
    found = rows.filter(public_id=key).first() if key else None
    if found is None:
        raise Declined(Why.UNKNOWN, UNKNOWN)
    return read_card(merchant, found)
