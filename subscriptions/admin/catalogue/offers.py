"""Offers: what each gives in words, who has it; made, changed and retired."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions import calendar
from subscriptions.actions.offer import restore_offer, retire_offer
from subscriptions.actions.offer_terms import pair_terms, read_terms
from subscriptions.admin.catalogue.offer_form import OfferForm
from subscriptions.admin.catalogue.pages import CatalogueAdmin, log_catalogue_change, read_panels
from subscriptions.models import Discount, Offer, OfferProfile, Product, Subscription
from subscriptions.staff.audit import list_changes
from subscriptions.staff.buttons import Button
from subscriptions.staff.counts import count_text
from subscriptions.staff.lists.filters import Choice, ChoiceFilter
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

MOST_VARIANTS = 50
STATES = {"In use": "success", "Switched off": "warning", "Retired": "danger"}
DISCOUNTS = Prefetch("coupons__discounts", Discount.objects.select_related("coupon").order_by("pk"))


def describe_state(row: OfferProfile) -> str:
    if row.status == OfferProfile.Status.ARCHIVED:
        return "Retired"
    return "In use" if row.live else "Switched off"


def retire(request: HttpRequest, row: OfferProfile, answers: dict[str, Any]) -> str:
    retire_offer(row)
    return log_catalogue_change(request, row, f"Retired {row}.")


def bring_back(request: HttpRequest, row: OfferProfile, answers: dict[str, Any]) -> str:
    restore_offer(row)
    return log_catalogue_change(request, row, f"Brought back {row}.")


RETIRE = Button(
    verb="retire",
    title="Retire",
    icon="block",
    right=Right.CATALOGUE,
    question=(
        "No link can give the offer any more. Subscriptions and orders that have it keep it. You can bring it back."
    ),
    run=retire,
    offered=lambda row: row.status != OfferProfile.Status.ARCHIVED,
    variant=ActionVariant.DANGER,
)
BRING_BACK = Button(
    verb="bring-back",
    title="Bring back",
    icon="undo",
    right=Right.CATALOGUE,
    question="The offer can be given again, with the discounts that it has now.",
    run=bring_back,
    offered=lambda row: describe_state(row) != "In use",
    variant=ActionVariant.PRIMARY,
)


class StateFilter(ChoiceFilter):
    title = "status"
    parameter_name = "status"
    choices_by_name = {
        "in-use": Choice("In use", lambda rows, _: rows.filter(live=True, status=OfferProfile.Status.AVAILABLE)),
        "retired": Choice("Retired", lambda rows, _: rows.filter(status=OfferProfile.Status.ARCHIVED)),
    }


@admin.register(OfferProfile, site=site)
class OfferAdmin(CatalogueAdmin):
    page_template = "admin/catalogue/offer.html"
    edit_form = OfferForm
    buttons = (RETIRE, BRING_BACK)
    empty_about = (
        "An offer gives discounts, such as 10 % off every order or free shipping on the first one. Subscriptions, "
        "products and 1-Click links can have it."
    )
    list_display = ["offer", "state", "in_links", "created"]
    list_filter = [StateFilter]
    tabs = [(choice.title, f"status={name}") for name, choice in StateFilter.choices_by_name.items()]
    ordering = ["-created", "-id"]
    search_fields = ["name__icontains"]
    search_help_text = "Name"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("merchant").prefetch_related(DISCOUNTS, "offers")

    @display(description="Offer", header=True)
    def offer(self, row: OfferProfile) -> list[str]:
        terms = pair_terms(discount for coupon in row.coupons.all() for discount in coupon.discounts.all())
        return [row.name, "; ".join(each.sentence(row.merchant.currency_code) for each, _ in terms)]

    @display(description="Status", label=STATES)
    def state(self, row: OfferProfile) -> str:
        return describe_state(row)

    @display(description="1-Click links", boolean=True)
    def in_links(self, row: OfferProfile) -> bool:
        return any(offer.usable_in_links for offer in row.offers.all())

    def page_context(self, request: HttpRequest, row: OfferProfile) -> dict[str, Any]:
        variants = list(row.offers.order_by("pk")[:MOST_VARIANTS])
        in_links = [variant for variant in variants if variant.usable_in_links and variant.live]
        state = describe_state(row)
        return {
            "row": row,
            "labels": [(state, STATES[state])],
            "about": [f"Since {calendar.human_date(localtime(row.created).date())}"],
            "sentences": [terms.sentence(row.merchant.currency_code) for terms, _ in read_terms(row)],
            "codes": [(coupon.get_use_display(), coupon.code) for coupon in row.coupons.exclude(code="")],
            "variants": variants if len(variants) > 1 else [],
            "in_links": in_links,
            "figures": offer_figures(row, variants),
            "panels": read_panels(request, row, settings.OFFER_PANELS),
            "changes": list_changes(row),
            "buttons": self.offered_buttons(request, row),
            "edit_url": self.url("edit", row) if self.has_change_permission(request) else "",
            "further": link_button(request, in_links) if state == "In use" else [],
        }


def offer_figures(row: OfferProfile, variants: list[Offer]) -> list[tuple[str, str, str, str]]:
    users = Subscription.objects.live().filter(merchant=row.merchant_id, offer__in=variants)
    subscriptions = reverse("admin:subscriptions_subscription_changelist")
    products = Product.objects.filter(merchant=row.merchant_id, offer_profile=row)
    product_list = reverse("admin:subscriptions_product_changelist")
    return [
        (
            "autorenew",
            count_text(users),
            "Active subscriptions with it",
            f"{subscriptions}?status=active&offer={row.pk}",
        ),
        ("inventory_2", count_text(products), "Products that come with it", f"{product_list}?offer={row.pk}"),
    ]


def link_button(request: HttpRequest, in_links: list[Offer]) -> list[tuple[str, str, str, str]]:
    """The way to the link builder, with the offer chosen."""
    if not in_links or not may(request, Right.LINKS):
        return []
    builder = reverse("admin:oneclick_savedlink_add")
    url = f"{builder}?link_action=reactivate&offer={in_links[0].public_id.hex}"
    return [("Make a link with it", "link", url, "primary")]
