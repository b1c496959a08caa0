"""The list of products: pictures, prices, and how each is sold."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from subscriptions.admin.catalogue.product_words import STATES, describe_state
from subscriptions.admin.row_filters import ProductOfferFilter
from subscriptions.calendar import frequency_description
from subscriptions.models import Product
from subscriptions.money import money
from subscriptions.staff.display import header_with_picture
from subscriptions.staff.lists.export import Column
from subscriptions.staff.lists.filters import Choice, ChoiceFilter
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.search import PRODUCT_LOOKUPS


class SaleFilter(ChoiceFilter):
    title = "status"
    parameter_name = "status"
    choices_by_name = {
        "subscribable": Choice(
            "Open to subscriptions", lambda rows, _: rows.filter(autoship_enabled=True, discontinued=False)
        ),
        "out": Choice("Out of stock", lambda rows, _: rows.filter(live=False, discontinued=False)),
        "discontinued": Choice("Discontinued", lambda rows, _: rows.filter(live=False, discontinued=True)),
    }


def usual_frequency(row: Product) -> str:
    return frequency_description(row.every, row.every_period) if row.every and row.every_period else ""


class ProductList(ListAdmin):
    empty_about = "Products come from your shop: import a file, or let your shop send them over the API."
    list_display = ["product", "price_of", "state", "subscribable"]
    list_filter = [SaleFilter, ProductOfferFilter]
    ordering = ["-created", "public_id"]
    search_fields = PRODUCT_LOOKUPS
    search_help_text = "Name, SKU or shop ID"
    tabs = [(choice.title, f"status={name}") for name, choice in SaleFilter.choices_by_name.items()]
    csv_columns = [
        Column("shop ID", lambda row: row.external_product_id),
        Column("SKU", lambda row: row.sku),
        Column("name", lambda row: row.name),
        Column("price", lambda row: row.price),
        Column("currency", lambda row: row.merchant.currency_code),
        Column("status", lambda row: describe_state(row)),
        Column("open to subscriptions", lambda row: row.autoship_enabled),
        Column("open to prepaid", lambda row: row.prepaid_eligible),
        Column("usual frequency", lambda row: usual_frequency(row)),
        Column("offer", lambda row: row.offer_profile and row.offer_profile.name),
        Column("created", lambda row: row.created),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("merchant", "offer_profile")

    @display(description="Product", header=True)
    def product(self, row: Product) -> list[Any]:
        ids = [text for text in (row.sku, row.external_product_id) if text]
        return header_with_picture(row.name, " · ".join(dict.fromkeys(ids)), row.image_url)

    @display(description="Price")
    def price_of(self, row: Product) -> str:
        return money(row.price, row.merchant.currency_code)

    @display(description="Status", label=STATES)
    def state(self, row: Product) -> str:
        return describe_state(row)

    @display(description="Open to subscriptions", boolean=True)
    def subscribable(self, row: Product) -> bool:
        return row.autoship_enabled
