"""A customer as a result of a lookup. Every value is a text, and a missing one is empty."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from integrations.gladly.cards import SubscriptionCard, SubscriptionCount, count_subscriptions, read_cards
from integrations.gladly.lookup.addresses import cancel_path, skip_path
from integrations.models import AgentAction, Connection
from subscriptions.models import Customer, Product
from subscriptions.normal_forms import parse_phone

Json = dict[str, Any]
# A shop that does not know the type sends none; most numbers given at a checkout are mobile.
PHONE_TYPES: dict[int | None, str] = {
    None: "MOBILE",
    Customer.PhoneType.MOBILE: "MOBILE",
    Customer.PhoneType.LANDLINE: "HOME",
    Customer.PhoneType.VOIP: "OTHER",
    Customer.PhoneType.INVALID: "OTHER",
}


def basic_results(connection: Connection, customers: Sequence[Customer]) -> list[Json]:
    counts = count_subscriptions(connection.merchant, customers) if customers else {}
    return [_profile(customer, counts[customer.pk]) for customer in customers]


def detailed_result(connection: Connection, customer: Customer) -> Json:
    count = count_subscriptions(connection.merchant, [customer])[customer.pk]
    cards = read_cards(connection.merchant, customer)
    return _profile(customer, count) | {"transactions": [_transaction(connection, card) for card in cards]}


def _profile(customer: Customer, count: SubscriptionCount) -> Json:
    phone = parse_phone(customer.phone_number, customer.phone_region) or customer.phone_number
    kind = PHONE_TYPES.get(customer.phone_type, "OTHER")
    return {
        "externalCustomerId": customer.merchant_user_id,
        "name": customer.full_name,
        "emails": [{"original": customer.email}] if customer.email else [],
        "phones": [{"original": phone, "type": kind}] if phone else [],
        "customAttributes": {
            "subscriptionCount": str(count.total),
            "activeSubscriptionCount": str(count.active),
        },
    }


def _transaction(connection: Connection, card: SubscriptionCard) -> Json:
    """`GLADLY_TRANSACTION_KEYS` gives keys other names."""
    row = card.subscription
    facts: Json = {
        "type": settings.GLADLY_TRANSACTION_TYPE,
        "id": row.public_id.hex,
        "status": card.status,
        "createdAt": _moment(row.created),
        "updatedAt": _moment(row.updated),
        "billingFrequency": row.frequency_description,
        "nextBillingAt": _moment(card.next_billing_at),
        "cancelledAt": _moment(row.cancelled),
        "cancellationReason": card.cancel_reason,
        "price": f"{card.price:.2f}",
        "quantity": str(row.quantity),
        "currencyCode": row.currency_code,
        "products": [_product(row.product)],
        "actions": _actions(connection, card),
    }
    return {settings.GLADLY_TRANSACTION_KEYS.get(name, name): value for name, value in facts.items()}


def _product(product: Product) -> Json:
    return {
        "id": product.external_product_id,
        "name": product.name,
        "sku": product.sku or "",
        "imageUrl": product.image_url or "",
    }


def _actions(connection: Connection, card: SubscriptionCard) -> list[Json]:
    enabled, actions = connection.gladly.actions_enabled, []
    if AgentAction.CANCEL in enabled and card.can_cancel:
        actions.append({"name": AgentAction.CANCEL.label, "formUrl": cancel_path(connection, card.subscription)})
    if AgentAction.SKIP in enabled and card.can_skip and card.next_order:
        path = skip_path(connection, card.subscription, card.next_order)
        actions.append({"name": AgentAction.SKIP.label, "formUrl": path})
    return actions


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""
