"""Search as staff type it: the beginning of an email or a name, a phone number, an ID."""

import re
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest

from common.web.public_ids import parse_public_id
from subscriptions.models import Customer, Merchant, Product
from subscriptions.models.customer import BackwardDigits
from subscriptions.staff.current_merchant import merchant_of

CUSTOMER_COLUMNS = ("email", "first_name", "last_name", "merchant_user_id")
PRODUCT_LOOKUPS = ("name__icontains", "sku__istartswith", "external_product_id__istartswith")
MOST_WORDS = 4
PHONE_DIGITS = 6
"""Fewer digits than this are an id, not a phone number."""


class CustomerSearch:
    """Mixin for an admin that searches its rows by customer; `customer_path` leads from a row to its customer.

    A term that is a public id finds the rows with that id in one of `id_paths` instead.
    """

    customer_path = "customer"
    id_paths: Sequence[str] = ()
    # Django shows a search field only where there are search fields; `get_search_results` does not read them.
    search_fields: Sequence[str] = ("customer",)
    search_help_text = "Customer's email, name, phone or ID"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        if not search_term:
            return queryset, False
        if self.id_paths and (public_id := parse_public_id(search_term, any_spelling=True)):
            has_id = Q(*((path, public_id) for path in self.id_paths), _connector=Q.OR)
            return queryset.filter(has_id), False
        customers = customers_matching(merchant_of(request), search_term)
        return queryset.filter(**{f"{self.customer_path}__in": customers}), False


def clean_search_term(text: str) -> str:
    """The text without NUL characters, which PostgreSQL rejects, and without surrounding spaces."""
    return text.replace("\0", "").strip()


def customers_matching(merchant: Merchant, term: str) -> QuerySet[Customer]:
    """Customers whose email, names or ID begin with every word of `term`, or whose phone number ends with `term`."""
    # The indexes use Lower().
    lowered = {f"lower_{name}": Lower(name) for name in CUSTOMER_COLUMNS}
    found = Customer.objects.filter(merchant=merchant).alias(**lowered)
    if re.fullmatch(r"[\d\s()+.-]+", term):
        number, digits = re.sub(r"\s", "", term), re.sub(r"\D", "", term)
        has_number = Q(lower_merchant_user_id__startswith=number)
        if len(digits) >= PHONE_DIGITS:
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
