"""What the admin site shows around its pages: the sidebar and the merchant's name."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy

from subscriptions.staff.current_merchant import membership_of, memberships_of, merchant_of
from subscriptions.staff.roles import Right, may

# Lazy, because the addresses are made after the settings, and kept: each page asks for all of them.
reverse_once = lazy(cache(reverse), str)


def menu_item(title: str, icon: str, page: str, right: Right = Right.VIEW) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_once(f"admin:{page}"),
        "permission": lambda request: may(request, right),
    }


def inbox_allowed(request: HttpRequest) -> bool:
    return may(request, Right.USE_TOKENS) and merchant_of(request).is_test


NAVIGATION: dict[str, list[dict[str, Any]]] = {
    "": [
        menu_item("Home", "home", "index"),
        menu_item("Customers", "group", "subscriptions_customer_changelist"),
        menu_item("Subscriptions", "autorenew", "subscriptions_subscription_changelist"),
        menu_item("Orders", "local_shipping", "subscriptions_order_changelist"),
        menu_item("Checkouts", "shopping_cart", "subscriptions_checkoutrequest_changelist"),
    ],
    "Analytics": [
        menu_item("Cancellations", "trending_down", "cancellations"),
        menu_item("Retention", "stairs", "retention"),
        menu_item("Forecast", "calendar_clock", "forecast"),
        menu_item("1-Click links", "monitoring", "link_analytics"),
        menu_item("Revenue by links", "payments", "link_revenue"),
    ],
    "Catalogue": [
        menu_item("Products", "inventory_2", "subscriptions_product_changelist"),
        menu_item("Product groups", "category", "subscriptions_productgroup_changelist"),
        menu_item("Offers", "sell", "subscriptions_offerprofile_changelist"),
        menu_item("Incentives", "redeem", "subscriptions_onetimeincentive_changelist"),
        menu_item("Resources", "school", "subscriptions_resource_changelist"),
        menu_item("Entitlements", "key", "subscriptions_entitlement_changelist"),
    ],
    "Automation": [
        menu_item("Jobs", "schedule", "jobs"),
        menu_item("Bulk changes", "checklist", "subscriptions_bulkrun_changelist"),
        menu_item("Import and export", "swap_vert", "subscriptions_importrun_changelist", Right.IMPORT),
        menu_item("Placement log", "receipt_long", "subscriptions_placementattempt_changelist"),
        menu_item("Gateway", "point_of_sale", "subscriptions_gatewaysettings_changelist"),
        menu_item("Simulator", "science", "subscriptions_simulatedoutcome_changelist"),
    ],
    "1-Click": [
        menu_item("Tokens", "key", "oneclick_actiontoken_changelist"),
        menu_item("Links", "link", "oneclick_savedlink_changelist"),
        menu_item("Landing pages", "web", "oneclick_landingpage_changelist"),
        menu_item("Messages", "translate", "oneclick_messagetext_changelist"),
        menu_item("Settings", "tune", "oneclick_oneclicksettings_changelist"),
    ],
    "Delivery": [
        menu_item("Delivery health", "monitor_heart", "delivery"),
        menu_item("Connections", "cable", "integrations_connection_changelist", Right.CONNECTIONS),
        menu_item("Events", "bolt", "subscriptions_event_changelist"),
        menu_item("Deliveries", "send", "integrations_delivery_changelist"),
        menu_item("Sandbox inbox", "inbox", "inbox") | {"permission": inbox_allowed},
    ],
    "Settings": [
        menu_item("Set-up guide", "checklist", "guide"),
        menu_item("Merchant", "storefront", "subscriptions_merchant_changelist"),
        menu_item("Team", "badge", "subscriptions_membership_changelist"),
        menu_item("Invitations", "person_add", "subscriptions_invitation_changelist", Right.SETTINGS),
        menu_item("Roles", "admin_panel_settings", "roles"),
        menu_item("Audit", "policy", "subscriptions_auditentry_changelist", Right.SETTINGS),
        menu_item("API keys", "vpn_key", "subscriptions_apikey_changelist", Right.SETTINGS),
        menu_item("API requests", "list_alt", "subscriptions_apirequest_changelist", Right.SETTINGS),
        menu_item("Cancel reasons", "rule", "subscriptions_cancelreason_changelist"),
    ],
}


def build_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages that the request's member may open."""
    # Decided here: Unfold would make a class for each permission, and look up a lazy link each time it reads it.
    return [
        {"title": title, "items": [_open_item(item) for item in items if item["permission"](request)]}
        for title, items in NAVIGATION.items()
    ]


def _open_item(item: dict[str, Any]) -> dict[str, Any]:
    return {"title": item["title"], "icon": item["icon"], "link": str(item["link"])}


def merchant_name(request: HttpRequest) -> str | None:
    membership = membership_of(request)
    return membership.merchant.name if membership else None


def merchant_switcher(request: HttpRequest) -> list[dict[str, Any]]:
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
