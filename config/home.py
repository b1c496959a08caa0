"""The home page: put together from the parts that each app knows."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from integrations.admin import home_needs as delivery_needs
from integrations.admin.connection_rows import DeliveryFigures, read_figures
from oneclick.admin.home_results import link_results
from oneclick.models import OneClickSettings
from subscriptions.admin.home import needs
from subscriptions.admin.home.page import Period, business_context
from subscriptions.models import GatewaySettings, Merchant
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.periods import PERIODS, PeriodForm
from subscriptions.staff.recent_customers import recent_customers
from subscriptions.staff.roles import Right, may


def home_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    merchant = merchant_of(request)
    form = PeriodForm(merchant, request.GET.dict())
    period, deliveries = Period(*form.days()), read_figures(merchant)
    results, by_link = link_results(merchant, form)
    business = business_context(merchant, period, by_link)
    business["period_tiles"].append(results["by_link_tile"])
    return {
        **context,
        **results,
        **business,
        "form": form,
        "periods": period_links(form),
        "period": period,
        "period_query": urlencode(form.query()),
        "needs": [*needs.find_needs(request), *delivery_needs.find_needs(request, deliveries)],
        "recent": recent_customers(request),
        "health": deliveries,
        "steps": setup_steps(request, merchant, deliveries) if business["is_new"] else [],
    }


def period_links(form: PeriodForm) -> list[dict[str, Any]]:
    chosen = form.query()["period"]
    return [
        {"title": title.removeprefix("The last ").capitalize(), "url": f"?period={name}", "active": name == chosen}
        for name, title in PERIODS.items()
        if name != "own"
    ]


def setup_steps(request: HttpRequest, merchant: Merchant, deliveries: DeliveryFigures) -> list[dict[str, Any]]:
    """What a new merchant sets up, in a sensible order, and whether it is done. Links are for those who may follow."""
    return [
        {
            "title": title,
            "about": about,
            "is_done": is_done,
            "url": reverse(f"admin:{page}") if may(request, right) else "",
        }
        for title, about, page, right, is_done in all_steps(merchant, deliveries)
    ]


def all_steps(merchant: Merchant, deliveries: DeliveryFigures) -> list[tuple[str, str, str, Right, bool]]:
    """Each step as title, what it is about, page, right to its page, and whether it is done."""
    return [
        (
            "Bring your products",
            "Import them as a file, or let your platform send them.",
            "subscriptions_product_changelist",
            Right.VIEW,
            merchant.products.exists(),
        ),
        (
            "Bring your customers and subscriptions",
            "Import them as files; new ones come with your shop's checkouts.",
            "subscriptions_customer_changelist",
            Right.VIEW,
            merchant.customers.exists(),
        ),
        (
            "Say where orders are placed",
            "Until then, orders that are due wait.",
            "subscriptions_gatewaysettings_changelist",
            Right.SETTINGS,
            GatewaySettings.objects.filter(merchant=merchant).exists(),
        ),
        (
            "Connect Klaviyo, Attentive or a webhook",
            "Until then, events are recorded and sent nowhere.",
            "integrations_connection_changelist",
            Right.CONNECTIONS,
            bool(deliveries.rows),
        ),
        (
            "Name your shop's pages for 1-Click links",
            "Links act only on pages of the addresses you name.",
            "oneclick_oneclicksettings_changelist",
            Right.LINKS,
            OneClickSettings.objects.filter(merchant=merchant).exclude(shop_origins=[]).exists(),
        ),
        (
            "Make an API key",
            "For your platform and other programs.",
            "subscriptions_apikey_changelist",
            Right.SETTINGS,
            merchant.api_keys.exists(),
        ),
    ]
