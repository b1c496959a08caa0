"""Cancellations in words and lists: how reasons and products are called, and filters by them."""

from collections.abc import Iterable

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from subscriptions.actions.cancel_reasons import reason_labels
from subscriptions.figures.cancellations import with_reason_and_product
from subscriptions.models import Merchant, Product
from subscriptions.staff.current_merchant import merchant_of

NONE = "none"
"""Stands for an empty code or ID in addresses."""


def reason_names(merchant: Merchant, codes: Iterable[str]) -> dict[str, str]:
    """The name of each code. The empty one stands for a reason in words or none."""
    labels = {str(code): label for code, label in reason_labels(merchant).items()}
    return {code: labels.get(code, f"Code {code}") if code else "No reason from the list" for code in codes}


def product_names(merchant: Merchant, external_ids: Iterable[str]) -> dict[str, str]:
    """The name of each product by the shop's ID; the ID itself where there is no such product any more."""
    wanted = set(external_ids)
    rows = Product.objects.filter(merchant=merchant, external_product_id__in=wanted)
    names = dict(rows.values_list("external_product_id", "name"))
    return {each: names.get(each) or each or "Unknown product" for each in wanted}


class CancellationFilter(SimpleListFilter):
    """Cancellations of one reason or product, as the page of cancellations counts them; unused, it is not shown."""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        value = self.value() or ""
        key = "" if value == NONE else value
        return [(value, self.find_names(merchant_of(request), [key])[key])] if value else []

    def find_names(self, merchant: Merchant, keys: list[str]) -> dict[str, str]:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value()
        if not value:
            return rows
        return with_reason_and_product(rows).filter(**{str(self.parameter_name): "" if value == NONE else value})


class CancelReasonFilter(CancellationFilter):
    title = "reason"
    parameter_name = "reason"

    def find_names(self, merchant: Merchant, keys: list[str]) -> dict[str, str]:
        return reason_names(merchant, keys)


class CancelledProductFilter(CancellationFilter):
    title = "cancelled product"
    parameter_name = "product"

    def find_names(self, merchant: Merchant, keys: list[str]) -> dict[str, str]:
        return product_names(merchant, keys)
