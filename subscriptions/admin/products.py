"""Products and offers. Staff can view them; the shop changes them."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.admin.discontinuing import discontinue_wizard
from subscriptions.models import Coupon, Offer, OfferProfile, Product, Replacement
from subscriptions.money import money
from subscriptions.staff.base import MerchantAdmin, ReadOnlyInline
from subscriptions.staff.roles import Right, may
from subscriptions.staff.search import PRODUCT_LOOKUPS
from subscriptions.staff.site import site


@admin.register(Product, site=site)
class ProductAdmin(MerchantAdmin):
    pages = ("discontinue",)
    change_form_before_template = "admin/product/replacement.html"
    list_display = ["product", "price_of", "autoship_enabled", "live", "state"]
    list_filter = ["autoship_enabled", "live", "discontinued"]
    list_select_related = ["merchant"]
    ordering = ["-created", "public_id"]
    search_fields = PRODUCT_LOOKUPS
    search_help_text = "Name, SKU or shop ID"
    exclude = ("merchant", "groups", "extra_data")

    @display(description="Product", header=True)
    def product(self, row: Product) -> list[Any]:
        about = [row.name, f"{row.sku or '-'} · {row.external_product_id}", ""]
        return [*about, {"path": row.image_url, "squared": True, "width": 32, "height": 32}] if row.image_url else about

    @display(description="Price")
    def price_of(self, row: Product) -> str:
        return money(row.price, row.merchant.currency_code)

    @display(description="Status", label={"For sale": "success", "Discontinued": "danger"})
    def state(self, row: Product) -> str:
        return "Discontinued" if row.discontinued else "For sale"

    def discontinue(self, request: HttpRequest, object_id: int) -> HttpResponse:
        product = self.get_object(request, str(object_id))
        if product is None:
            raise Http404(f"No product {object_id} at this merchant.")
        if not may(request, Right.DISCONTINUE):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Discontinue {product}",
            "opts": self.opts,
            "product": product,
            "original": product,
        }
        return discontinue_wizard(request, product, context)

    def offered_buttons(self, request: HttpRequest, subject: Product) -> list[dict[str, Any]]:
        buttons = super().offered_buttons(request, subject)
        left_over = subject.discontinued and affected_subscriptions(subject).exists()
        offered = (left_over or not subject.discontinued) and not is_being_replaced(subject)
        if offered and may(request, Right.DISCONTINUE):
            buttons.append(
                {
                    "title": "Replace subscriptions" if left_over else "Discontinue",
                    "icon": "block",
                    "variant": ActionVariant.DANGER,
                    "attrs": {},
                    "path": self.url("discontinue", subject),
                }
            )
        return buttons

    def form_page_context(self, subject: Product) -> dict[str, Any]:
        return {
            "replacement": subject.replacements.select_related("substitute").order_by("-pk").first(),
            "left": affected_subscriptions(subject).count() if subject.discontinued else 0,
        }


def is_being_replaced(product: Product) -> bool:
    return product.replacements.filter(state=Replacement.State.RUNNING).exists()


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
