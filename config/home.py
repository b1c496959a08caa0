"""The home page: put together from the parts that each app knows."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from integrations.admin import home_needs as delivery_needs
from integrations.admin.connection_rows import read_figures
from onboarding.guide import read_guide
from onboarding.guide_rows import is_placing
from oneclick.admin.home_results import link_results
from subscriptions.admin.home import needs
from subscriptions.admin.home.page import Period, business_context
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.periods import PERIODS, PeriodForm
from subscriptions.staff.recent_customers import recent_customers


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
        "guide": None if is_placing(merchant) else read_guide(request, merchant),
    }


def period_links(form: PeriodForm) -> list[dict[str, Any]]:
    chosen = form.query()["period"]
    return [
        {"title": title.removeprefix("The last ").capitalize(), "url": f"?period={name}", "active": name == chosen}
        for name, title in PERIODS.items()
        if name != "own"
    ]
