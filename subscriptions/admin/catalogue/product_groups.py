"""Groups of products: what each is for, and its members, which staff choose from the products."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from common.web.whole_numbers import parse_whole_number
from subscriptions.actions.product_group import change_members, create_group, rename_group
from subscriptions.admin.catalogue.pages import CatalogueAdmin, CatalogueForm
from subscriptions.errors import DomainError
from subscriptions.models import Product, ProductGroup
from subscriptions.staff.audit import list_changes
from subscriptions.staff.counts import count_text
from subscriptions.staff.display import product_with_price
from subscriptions.staff.filters import CatalogueFilter
from subscriptions.staff.search import clean_search_term, products_matching
from subscriptions.staff.site import site

PER_PAGE = 25
MOST_SHOWN = 50
PURPOSES: dict[str, str] = {
    ProductGroup.Type.ELIGIBILITY: "Which products can do something, for example be prepaid (the group “prepaid”).",
    ProductGroup.Type.INCENTIVE: "Which products your shop gives a discount on.",
    ProductGroup.Type.SKU_SWAP: "Products that customers may swap for each other.",
}
TITLES: dict[str, str] = {
    ProductGroup.Type.SKU_SWAP: "Swaps",
    ProductGroup.Type.ELIGIBILITY: "Eligibility",
    ProductGroup.Type.INCENTIVE: "Discounts",
}


def group_title(group: ProductGroup) -> str:
    """What the group is for, in one word."""
    return TITLES[group.group_type]


class PurposeFilter(CatalogueFilter):
    title = "what for"
    parameter_name = "group_type"
    titles = TITLES


class GroupForm(CatalogueForm):
    group_type = forms.ChoiceField(
        label="What for",
        choices=list(TITLES.items()),
        widget=UnfoldAdminSelectWidget,
        help_text="Swaps: what customers may swap. Eligibility: what can be prepaid. Discounts: what is discounted.",
    )
    name = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, row: ProductGroup | None = None, **options: Any) -> None:
        super().__init__(*args, row=row, initial={"name": row.name} if row else None, **options)
        if row:
            del self.fields["group_type"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if "/" in name:
            raise forms.ValidationError("Leave out the slash: shops name the group in addresses.")
        return name

    def save(self) -> ProductGroup:
        if self.row is None:
            return create_group(self.merchant, **self.cleaned_data)
        rename_group(self.row, name=self.cleaned_data["name"])
        self.row.name = self.cleaned_data["name"]
        return self.row


@admin.register(ProductGroup, site=site)
class ProductGroupAdmin(CatalogueAdmin):
    page_template = "admin/catalogue/group.html"
    edit_form = GroupForm
    pages = ("edit", "members")
    empty_about = (
        "Groups say which products belong together: those that customers may swap for each other, those that can be "
        "prepaid, or those with a discount."
    )
    list_display = ["name", "purpose"]
    list_filter = [PurposeFilter]
    ordering = ["group_type", "name"]
    search_fields = ["name__icontains"]
    search_help_text = "Name"

    @display(description="What for")
    def purpose(self, row: ProductGroup) -> str:
        return group_title(row)

    def page_context(self, request: HttpRequest, row: ProductGroup) -> dict[str, Any]:
        members = Product.objects.filter(merchant=row.merchant_id, groups=row).select_related("merchant")
        may_change = self.has_change_permission(request)
        return {
            "title": row.name,
            "row": row,
            "labels": [(group_title(row), "info")],
            "about": [PURPOSES[row.group_type]],
            "count": count_text(row.products.through.objects.filter(productgroup=row)),
            "page": member_page(request, members),
            "changes": list_changes(row),
            "buttons": self.offered_buttons(request, row),
            "edit_url": self.url("edit", row) if may_change else "",
            "further": [("Choose members", "checklist", self.url("members", row), "primary")] if may_change else [],
        }

    def members(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The products that match a search, ticked where they are in the group; a POST says it of those shown."""
        group = self.find_row(request, object_id, self.edit_right)
        if request.method == "POST":
            return self.save_members(request, group)
        term = clean_search_term(request.GET.get("q", ""))
        found = products_matching(group.merchant, term).select_related("merchant").order_by("name", "pk")[:MOST_SHOWN]
        shown = [product.pk for product in found]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Members of {group}",
            "opts": self.opts,
            "original": group,
            "term": term,
            "choices": [product_with_price(product) for product in found],
            "more": len(found) == MOST_SHOWN,
            "members": set(group.products.filter(pk__in=shown).values_list("pk", flat=True)),
            "back": self.url("change", group),
        }
        return TemplateResponse(request, "admin/catalogue/members.html", context)

    def save_members(self, request: HttpRequest, group: ProductGroup) -> HttpResponse:
        shown, ticked = (read_keys(request.POST.getlist(name)) for name in ("shown", "member"))
        products = Product.objects.filter(merchant=group.merchant_id, pk__in=shown)
        add = [product for product in products if product.pk in ticked]
        remove = [product for product in products if product.pk not in ticked]
        try:
            changed = change_members(group, add=add, remove=remove)
        except DomainError as error:
            messages.error(request, error.sentence)
            return redirect(request.get_full_path())
        if changed:
            self.log_change(request, group, f"Changed its members: {changed} product{'' if changed == 1 else 's'}.")
        messages.success(request, "The members are saved." if changed else "Nothing was changed.")
        return redirect(request.get_full_path())


def member_page(request: HttpRequest, members: QuerySet[Product]) -> Any:
    """A page of the members, with its `choices` as `product_with_price` shows them."""
    page: Any = Paginator(members.order_by("name", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    page.choices = [product_with_price(product) for product in page]
    return page


def read_keys(texts: list[str]) -> set[int]:
    return {key for text in texts[:MOST_SHOWN] if (key := parse_whole_number(text))}
