"""The wizard that discontinues a product: choose what becomes of its subscriptions, check, begin."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from subscriptions.actions import product as verbs
from subscriptions.actions.replacing import concerned
from subscriptions.admin import impact_preview
from subscriptions.errors import SENTENCES, DomainError
from subscriptions.events import catalogue
from subscriptions.models import Product, ProductRelationship, Replacement
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.display import product_with_price
from subscriptions.staff.search import clean_search_term

END = "end"
PER_PAGE = 10


def wizard(request: HttpRequest, product: Product, around: dict[str, Any]) -> HttpResponse:
    """The page that the request asks for: the choice, for a choice its preview; a POST begins.

    `around` is what every page of the product shows.
    """
    if running := product.replacements.filter(state=Replacement.State.RUNNING).first():
        return redirect(progress_of(running))
    try:
        if request.method == "POST":
            return begin(request, product)
        step, context = check(request, product) if "choice" in request.GET else choose(request, product)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect(request.path)
    return TemplateResponse(request, f"admin/discontinue/{step}.html", around | context)


def begin(request: HttpRequest, product: Product) -> HttpResponse:
    substitute = substitute_of(product, request.POST.get("choice", ""))
    silent = "tell" not in request.POST
    run = verbs.discontinue(product, actor=actor_of(request), substitute=substitute, silent=silent)
    return redirect(progress_of(run))


def choose(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]]:
    live = concerned(product)
    page = Paginator(impact_preview.rows(live), PER_PAGE).get_page(request.GET.get("page"))
    relationship = relationship_of(product)
    proposed = relationship.to_product if relationship else None
    term = clean_search_term(request.GET.get("q", ""))
    candidates = impact_preview.candidates(product, proposed, term)
    return "choose", {
        "total": page.paginator.count,
        "customers": live.values("customer").distinct().count(),
        "page": page,
        "table": impact_preview.table(product, page),
        "proposed": product_with_price(proposed) if proposed else None,
        "unfit": SENTENCES.get(verbs.unfit(proposed)) if proposed else None,
        "candidates": [product_with_price(candidate) for candidate in candidates],
        "most": impact_preview.MOST_CANDIDATES,
        "term": term,
    }


def check(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]]:
    choice = request.GET["choice"]
    substitute = substitute_of(product, choice)
    relationship = relationship_of(product)
    is_proposed = relationship is not None and relationship.to_product == substitute
    return "check", {
        "choice": choice,
        "old": product_with_price(product),
        "new": product_with_price(substitute) if substitute else None,
        "outlook": impact_preview.of(product, substitute),
        "event": catalogue.SKU_SWAP if substitute else catalogue.SUBSCRIPTION_CANCEL,
        "is_silent": is_proposed and verbs.is_silent(relationship),
    }


def substitute_of(product: Product, choice: str) -> Product | None:
    """The product that `choice` names by its key; None to end the subscriptions. Raises `Refused`."""
    if choice == END:
        return None
    key = int(choice) if choice.isdecimal() else 0
    substitute = Product.objects.select_related("merchant").filter(merchant=product.merchant_id, pk=key).first()
    verbs.must_replace(product, substitute)
    return substitute


def relationship_of(product: Product) -> ProductRelationship | None:
    return verbs.relationships(product.merchant, [product.pk]).get(product.pk)


def progress_of(run: Replacement) -> str:
    return reverse("admin:subscriptions_replacement_change", args=[run.pk])
