"""The wizard that discontinues a product: choose what happens to its subscriptions, check, start."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from common.web.whole_numbers import parse_whole_number
from subscriptions.actions import product as verbs
from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.admin import impact_preview
from subscriptions.errors import SENTENCES, DomainError
from subscriptions.events import catalogue
from subscriptions.models import Product, ProductRelationship, Replacement
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.display import product_with_price
from subscriptions.staff.search import clean_search_term

END = "end"
PER_PAGE = 10


def discontinue_wizard(request: HttpRequest, product: Product, context: dict[str, Any]) -> HttpResponse:
    """The requested page: the choice, or the preview of a choice; a POST starts the replacement.

    `context` is what every page of the product shows.
    """
    if running := product.replacements.filter(state=Replacement.State.RUNNING).first():
        return redirect(progress_url(running))
    try:
        if request.method == "POST":
            return begin_replacement(request, product)
        step, shown = preview_step(request, product) if "choice" in request.GET else choice_step(request, product)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect(request.path)
    return TemplateResponse(request, f"admin/discontinue/{step}.html", context | shown)


def begin_replacement(request: HttpRequest, product: Product) -> HttpResponse:
    substitute = find_substitute(product, request.POST.get("choice", ""))
    silent = "tell" not in request.POST
    run = verbs.discontinue_product(product, actor=actor_of(request), substitute=substitute, silent=silent)
    return redirect(progress_url(run))


def choice_step(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]]:
    live = affected_subscriptions(product)
    page = Paginator(impact_preview.with_next_order(live), PER_PAGE).get_page(request.GET.get("page"))
    relationship = find_relationship(product)
    proposed = relationship.to_product if relationship else None
    term = clean_search_term(request.GET.get("q", ""))
    candidates = impact_preview.find_candidates(product, proposed, term)
    return "choose", {
        "total": page.paginator.count,
        "customers": live.values("customer").distinct().count(),
        "page": page,
        "table": impact_preview.subscription_table(product, page),
        "proposed": product_with_price(proposed) if proposed else None,
        "unfit": SENTENCES.get(verbs.why_not_substitutable(proposed)) if proposed else None,
        "candidates": [product_with_price(candidate) for candidate in candidates],
        "most": impact_preview.MOST_CANDIDATES,
        "term": term,
    }


def preview_step(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]]:
    choice = request.GET["choice"]
    substitute = find_substitute(product, choice)
    relationship = find_relationship(product)
    is_proposed = relationship is not None and relationship.to_product == substitute
    return "check", {
        "choice": choice,
        "old": product_with_price(product),
        "new": product_with_price(substitute) if substitute else None,
        "impact": impact_preview.preview_impact(product, substitute),
        "event": catalogue.SKU_SWAP if substitute else catalogue.SUBSCRIPTION_CANCEL,
        "is_silent": is_proposed and verbs.is_silent_replacement(relationship),
    }


def find_substitute(product: Product, choice: str) -> Product | None:
    """The product that `choice` names by its key; None to end the subscriptions. Raises `Refused`."""
    if choice == END:
        return None
    products = Product.objects.select_related("merchant").filter(merchant=product.merchant_id)
    substitute = products.filter(pk=parse_whole_number(choice) or 0).first()
    verbs.require_substitute(product, substitute)
    return substitute


def find_relationship(product: Product) -> ProductRelationship | None:
    return verbs.find_replacing_relationships(product.merchant, [product.pk]).get(product.pk)


def progress_url(run: Replacement) -> str:
    return reverse("admin:subscriptions_replacement_change", args=[run.pk])
