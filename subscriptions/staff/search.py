"""Search as staff type it: the beginning of an email or a name, a phone number, an ID, an order number.

The find box and the lists search alike.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest

from common.web.public_ids import parse_public_id
from subscriptions.models import Customer, Merchant, Order, Product, Subscription
from subscriptions.models.customer import BackwardDigits
from subscriptions.staff.current_merchant import merchant_of

CUSTOMER_COLUMNS = ("email", "first_name", "last_name", "merchant_user_id")
PRODUCT_LOOKUPS = ("name__icontains", "sku__istartswith", "external_product_id__istartswith")
# What the shop calls a row. Each column has an index that begins with the merchant.
NUMBERS: Mapping[type[Model], Sequence[str]] = {
    Order: ("order_merchant_id",),
    Subscription: ("external_id", "merchant_order_id"),
    Product: ("external_product_id", "sku"),
}
MOST_WORDS = 4
PHONE = re.compile(r"[\d\s()+.-]+")
PHONE_DIGITS = 6
"""Fewer digits than this are an id, not a phone number."""

Row = TypeVar("Row", bound=Model)


class CustomerSearch:
    """Mixin for an admin that searches its rows by customer; `customer_path` leads from a row to its customer.

    A term that is a public id finds the rows with that id in one of `id_paths` instead, and a term that is the number
    of a row in the shop finds that row.
    """

    customer_path = "customer"
    id_paths: Sequence[str] = ()
    # Django shows a search field only where there are search fields; `get_search_results` does not read them.
    search_fields: Sequence[str] = ("customer",)
    search_help_text = "Customer's email, name, phone or ID"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = clean_search_term(search_term)
        if not term:
            return queryset, False
        if self.id_paths and (public_id := parse_public_id(term, any_spelling=True)):
            has_id = Q(*((path, public_id) for path in self.id_paths), _connector=Q.OR)
            return queryset.filter(has_id), False
        # Asked apart: no index answers "this number, or a customer of this name".
        numbered = rows_with_number(merchant_of(request), queryset.model, term)
        if numbered is not None and numbered.exists():
            return queryset.filter(pk__in=numbered.values("pk")), False
        customers = customers_matching(merchant_of(request), term)
        return queryset.filter(**{f"{self.customer_path}__in": customers}), False


def clean_search_term(text: str) -> str:
    """The text without NUL characters, which PostgreSQL rejects, and without surrounding spaces."""
    return text.replace("\0", "").strip()


def rows_with_number(merchant: Merchant, model: type[Row], term: str) -> QuerySet[Row] | None:
    """Rows that the shop calls `term`; shops write `#1001` for the order 1001. None for rows without such numbers."""
    if model not in NUMBERS:
        return None
    spellings = ((name, text) for name in NUMBERS[model] for text in {term, term.removeprefix("#")})
    return model._default_manager.filter(Q(*spellings, _connector=Q.OR), merchant=merchant)


def exact_matches(merchant: Merchant, term: str) -> list[Model]:
    """The rows that `term` names in full, at most two of each kind.

    A phone number may lack its beginning, so customers are found by it only if nothing else has this number.
    """
    if public_id := parse_public_id(term, any_spelling=True):
        return _first_rows(model._default_manager.filter(merchant=merchant, public_id=public_id) for model in NUMBERS)
    customers = customers_matching(merchant, term)
    named = customers.filter(Q(lower_email=term.lower()) | Q(lower_merchant_user_id=term.lower()))
    numbered = (rows_with_number(merchant, model, term) for model in NUMBERS)
    found = _first_rows([named, *(rows for rows in numbered if rows is not None)])
    return found if found or not is_phone_number(term) else _first_rows([customers])


def _first_rows(found: Iterable[QuerySet[Any]]) -> list[Model]:
    return [row for rows in found for row in rows.order_by()[:2]]


def is_phone_number(term: str) -> bool:
    return bool(PHONE.fullmatch(term)) and len(re.sub(r"\D", "", term)) >= PHONE_DIGITS


def customers_matching(merchant: Merchant, term: str) -> QuerySet[Customer]:
    """Customers whose email, names or ID begin with every word of `term`, or whose phone number ends with `term`."""
    # The indexes use Lower().
    lowered = {f"lower_{name}": Lower(name) for name in CUSTOMER_COLUMNS}
    found = Customer.objects.filter(merchant=merchant).alias(**lowered)
    if PHONE.fullmatch(term):
        number, digits = re.sub(r"\s", "", term), re.sub(r"\D", "", term)
        has_number = Q(lower_merchant_user_id__startswith=number)
        if is_phone_number(term):
            # Numbers are kept as they were typed.
            found = found.alias(phone_digits=BackwardDigits("phone_number"))
            has_number |= Q(phone_digits__startswith=digits[:-11:-1])
        return found.filter(has_number)
    for word in term.split()[:MOST_WORDS]:
        columns = ("email",) if "@" in word else CUSTOMER_COLUMNS
        beginnings = ((f"lower_{name}__startswith", word.lower()) for name in columns)
        found = found.filter(Q(*beginnings, _connector=Q.OR))
    return found


def products_matching(merchant: Merchant, term: str) -> QuerySet[Product]:
    """Products that match every word of `term`, in the name or at the start of the SKU or id."""
    found = Product.objects.filter(merchant=merchant)
    for word in term.split()[:MOST_WORDS]:
        found = found.filter(Q(*((lookup, word) for lookup in PRODUCT_LOOKUPS), _connector=Q.OR))
    return found
