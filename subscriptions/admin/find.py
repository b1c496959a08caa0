"""The find box of every page: one box for customers, orders, subscriptions and products."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from subscriptions.calendar import human_date
from subscriptions.models import Customer, Order, Product, Subscription
from subscriptions.money import money
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import may
from subscriptions.staff.search import clean_search_term, exact_matches
from subscriptions.staff.site import site

SHOWN = 5  # of each kind; the list has the rest
ICONS = {Customer: "person", Order: "local_shipping", Subscription: "autorenew", Product: "inventory_2"}
RELATED = {Customer: [], Order: ["customer"], Subscription: ["customer", "product"], Product: ["merchant"]}


@require_safe
def find_page(request: HttpRequest) -> HttpResponse:
    """Goes to the one row that the text names in full, or shows what the lists find."""
    term = clean_search_term(request.GET.get("q", ""))
    exact = exact_matches(merchant_of(request), term) if term else []
    if len(exact) == 1:
        return redirect(page_url(exact[0]))
    context = {
        **site.each_context(request),
        "title": "Find",
        "term": term,
        "groups": find_groups(request, term) if term else [],
    }
    return TemplateResponse(request, "admin/find.html", context)


def find_groups(request: HttpRequest, term: str) -> list[dict[str, Any]]:
    return [group for model in ICONS if (group := find_group(request, model, term))["rows"]]


def find_group(request: HttpRequest, model: type[Model], term: str) -> dict[str, Any]:
    """What the model's own list finds, as far as it fits."""
    rows: list[Any] = []
    model_admin = site.get_model_admin(model)
    if may(request, model_admin.view_right):
        listed = model._default_manager.filter(merchant=merchant_of(request)).select_related(*RELATED[model])
        found, _ = model_admin.get_search_results(request, listed, term)
        rows = list(found.order_by(*model_admin.ordering or ["pk"])[: SHOWN + 1])
    name = str(model._meta.verbose_name_plural)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return {
        "title": name.capitalize(),
        "name": name,
        "icon": ICONS[model],
        "rows": [describe_row(row) for row in rows[:SHOWN]],
        "all": f"{address}?{urlencode({'q': term})}" if len(rows) > SHOWN else "",
    }


def describe_row(row: Any) -> dict[str, str]:
    """The row's page, its name and two facts by which it is told from others."""
    if isinstance(row, Customer):
        facts = [row.email, row.phone_number or ""]
    elif isinstance(row, Order):
        number = f"No. {row.order_merchant_id}" if row.order_merchant_id else human_date(row.place_date)
        facts = [f"{row.get_status_display()}, {money(row.total, row.currency_code)}", number]
        return {"url": page_url(row), "title": str(row.customer), "about": " · ".join(facts)}
    elif isinstance(row, Subscription):
        facts = [str(row.customer), row.frequency_description, "" if row.live else "Cancelled"]
    else:
        facts = [row.sku or row.external_product_id, money(row.price, row.merchant.currency_code)]
    return {"url": page_url(row), "title": str(row), "about": " · ".join(fact for fact in facts if fact)}


def page_url(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


site.pages.append(path("find/", site.admin_view(find_page), name="find"))
