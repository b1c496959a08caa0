"""Products and offers, to look at; the shop owns them."""

from typing import Any

from django.contrib import admin
from unfold.decorators import display

from subscriptions.admin.base import MerchantAdmin, ReadOnlyInline
from subscriptions.admin.display import money
from subscriptions.admin.site import site
from subscriptions.models import Coupon, Offer, OfferProfile, Product


@admin.register(Product, site=site)
class ProductAdmin(MerchantAdmin):
    list_display = ["product", "price_of", "autoship_enabled", "live", "state"]
    list_filter = ["autoship_enabled", "live", "discontinued"]
    list_select_related = ["merchant"]
    ordering = ["-created", "public_id"]
    search_fields = ["name__icontains", "sku__istartswith", "external_product_id__istartswith"]
    search_help_text = "Name, SKU or the shop's id"
    exclude = ("merchant", "groups", "extra_data")

    @display(description="Product", header=True)
    def product(self, row: Product) -> list[Any]:
        about = [row.name, f"{row.sku or '-'} · {row.external_product_id}", ""]
        return [*about, {"path": row.image_url, "squared": True, "width": 32, "height": 32}] if row.image_url else about

    @display(description="Price")
    def price_of(self, row: Product) -> str:
        return money(row.price, row.merchant.currency_code)

    @display(description="Sale", label={"For sale": "success", "Discontinued": "danger"})
    def state(self, row: Product) -> str:
        return "Discontinued" if row.discontinued else "For sale"


class CouponInline(ReadOnlyInline):
    model = Coupon
    fields = ["use", "name", "code"]


class OfferInline(ReadOnlyInline):
    model = Offer
    fields = ["name", "live", "usable_in_links"]


@admin.register(OfferProfile, site=site)
class OfferProfileAdmin(MerchantAdmin):
    list_display = ["name", "status", "live", "weight", "created"]
    list_filter = ["status", "live"]
    ordering = ["-created", "-id"]
    search_fields = ["name__icontains"]
    search_help_text = "Name"
    inlines = [OfferInline, CouponInline]
