"""The page of a product: how it is sold, who depends on it, and what staff can change."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.admin.catalogue.access_buttons import ACCESS_BUTTONS, grants_of
from subscriptions.admin.catalogue.durations import describe_grant
from subscriptions.admin.catalogue.pages import read_panels
from subscriptions.admin.catalogue.product_buttons import PRODUCT_BUTTONS
from subscriptions.admin.catalogue.product_groups import group_title
from subscriptions.admin.catalogue.product_list import ProductList
from subscriptions.admin.catalogue.product_words import (
    STATES,
    describe_hand,
    describe_sale,
    describe_state,
    product_figures,
)
from subscriptions.admin.discontinuing import discontinue_wizard
from subscriptions.models import Product, Replacement
from subscriptions.money import money
from subscriptions.staff.audit import list_changes
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.counts import count_text
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

MOST_GROUPS = 50


@admin.register(Product, site=site)
class ProductAdmin(ProductList, PageAdmin):
    page_template = "admin/catalogue/product.html"
    buttons = (*PRODUCT_BUTTONS, *ACCESS_BUTTONS)
    pages = ("discontinue",)
    addable = deletable = False

    def discontinue(self, request: HttpRequest, object_id: int) -> HttpResponse:
        product = self.find_row(request, object_id, Right.DISCONTINUE)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Discontinue {product}",
            "opts": self.opts,
            "product": product,
            "original": product,
        }
        return discontinue_wizard(request, product, context)

    def page_context(self, request: HttpRequest, row: Product) -> dict[str, Any]:
        state = describe_state(row)
        return {
            "row": row,
            "labels": [(state, STATES[state])],
            "price": money(row.price, row.merchant.currency_code),
            "about": [text for text in (row.sku and f"SKU {row.sku}", f"Shop ID {row.external_product_id}") if text],
            "sale": describe_sale(row),
            "by_hand": describe_hand(row),
            "figures": product_figures(row),
            "groups": [
                (group, group_title(group)) for group in row.groups.order_by("group_type", "name")[:MOST_GROUPS]
            ],
            "grants": [(grant.resource, describe_grant(grant)) for grant in grants_of(row)],
            **(replacement_context(row) if row.discontinued else {}),
            "panels": read_panels(request, row, settings.PRODUCT_PANELS),
            "changes": list_changes(row),
            "buttons": self.offered_buttons(request, row),
            "further": self.wizard_links(request, row),
        }

    def wizard_links(self, request: HttpRequest, row: Product) -> list[tuple[str, str, str, str]]:
        """The way to the wizard that discontinues, while there is something to do for it."""
        is_running = row.replacements.filter(state=Replacement.State.RUNNING).exists()
        left_over = row.discontinued and affected_subscriptions(row).exists()
        if is_running or not (left_over or not row.discontinued) or not may(request, Right.DISCONTINUE):
            return []
        return [
            ("Replace subscriptions" if left_over else "Discontinue", "block", self.url("discontinue", row), "danger")
        ]


def replacement_context(product: Product) -> dict[str, Any]:
    """What became of the subscriptions to a discontinued product, and how many are left."""
    return {
        "replacement": product.replacements.select_related("substitute").order_by("-pk").first(),
        "left": count_text(affected_subscriptions(product)),
    }
