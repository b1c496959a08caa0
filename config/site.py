"""What the staff pages show around every page: the sidebar, the merchant's name, the figures of the home page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy

from integrations.admin.connections import RECENT, health
from subscriptions.admin import home
from subscriptions.staff.current_merchant import membership_of, memberships_of, merchant_of
from subscriptions.staff.roles import Right, may


def allowed(right: Right) -> Callable[[HttpRequest], bool]:
    return lambda request: may(request, right)


def entry(title: str, icon: str, page: str, right: Right = Right.LOOK) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{page}"), "permission": allowed(right)}


def inbox_allowed(request: HttpRequest) -> bool:
    return may(request, Right.USE_TOKENS) and merchant_of(request).is_test


NAVIGATION: dict[str, list[dict[str, Any]]] = {
    "": [
        entry("Home", "home", "index"),
        entry("Customers", "group", "subscriptions_customer_changelist"),
        entry("Subscriptions", "autorenew", "subscriptions_subscription_changelist"),
        entry("Orders", "local_shipping", "subscriptions_order_changelist"),
        entry("Products", "inventory_2", "subscriptions_product_changelist"),
        entry("Offers", "sell", "subscriptions_offerprofile_changelist"),
    ],
    "Engine": [
        entry("Jobs", "schedule", "jobs"),
        entry("Placement log", "receipt_long", "subscriptions_placementattempt_changelist"),
        entry("Gateway", "point_of_sale", "subscriptions_gatewaysettings_changelist"),
        entry("Simulator", "science", "subscriptions_simulatedoutcome_changelist"),
    ],
    "1-Click": [
        entry("Numbers", "monitoring", "numbers"),
        entry("Tokens", "key", "oneclick_actiontoken_changelist"),
        entry("Links", "link", "oneclick_savedlink_changelist"),
        entry("Landing pages", "web", "oneclick_landingpage_changelist"),
        entry("Texts", "translate", "oneclick_messagetext_changelist"),
        entry("Settings", "tune", "oneclick_oneclicksettings_changelist"),
    ],
    "Delivery": [
        entry("Connections", "cable", "integrations_connection_changelist", Right.CONNECTIONS),
        entry("Events", "bolt", "subscriptions_event_changelist"),
        entry("Deliveries", "send", "integrations_delivery_changelist"),
        entry("Sandbox inbox", "inbox", "inbox") | {"permission": inbox_allowed},
    ],
    "Settings": [
        entry("Merchant", "storefront", "subscriptions_merchant_changelist"),
        entry("Team", "badge", "subscriptions_membership_changelist"),
        entry("API keys", "vpn_key", "subscriptions_apikey_changelist", Right.SETTINGS),
        entry("Cancel reasons", "rule", "subscriptions_cancelreason_changelist"),
    ],
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    return [{"title": title, "items": items} for title, items in NAVIGATION.items()]


def merchant_name(request: HttpRequest) -> str | None:
    membership = membership_of(request)
    return membership.merchant.name if membership else None


def merchants(request: HttpRequest) -> list[dict[str, Any]]:
    """The switcher's entries; none for those who work for one merchant only."""
    memberships = memberships_of(request)
    if len(memberships) < 2:
        return []
    return [
        {
            "title": row.merchant.name,
            "link": str(row.merchant_id),
            "icon": "check" if row == membership_of(request) else "storefront",
        }
        for row in memberships
    ]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    merchant = merchant_of(request)
    return {**context, **home.figures(merchant), "health": health(merchant), "recent": RECENT}
