"""Search as staff type it: the beginning of an e-mail or a name, a phone number, an id."""

import re
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower

from subscriptions.models import Customer, Merchant, Product

Row = TypeVar("Row", bound=Model)
SEARCHED = ("email", "first_name", "last_name", "merchant_user_id")
MOST_WORDS = 4
PHONE_DIGITS = 6
"""Fewer digits than this are an id, not a phone number."""


def typed(text: str) -> str:
    """A search without what nobody types and PostgreSQL does not take: NUL."""
    return text.replace("\0", "").strip()


def customers_matching(merchant: Merchant, term: str) -> QuerySet[Customer]:
    """Customers for whom every word of `term` begins their e-mail, a name or id, or ends their phone number."""
    # Lower() as in the indexes.
    lowered = {f"lower_{name}": Lower(name) for name in SEARCHED}
    found = Customer.objects.filter(merchant=merchant).alias(**lowered)
    if re.fullmatch(r"[\d\s()+.-]+", term):
        return found.filter(_number(re.sub(r"\s", "", term)))
    for word in term.split()[:MOST_WORDS]:
        found = found.filter(_word(word))
    return found


def products_matching(merchant: Merchant, term: str) -> QuerySet[Product]:
    """Products whose name has every word of `term` in it, or whose SKU or id begins with it."""
    found = Product.objects.filter(merchant=merchant)
    for word in term.split()[:MOST_WORDS]:
        is_like = Q(name__icontains=word) | Q(sku__istartswith=word) | Q(external_product_id__istartswith=word)
        found = found.filter(is_like)
    return found


def rows_matching(rows: QuerySet[Row], merchant: Merchant, term: str) -> QuerySet[Row]:
    """Those of `rows`, things of customers, with the public id `term` or a customer it finds."""
    try:
        return rows.filter(public_id=UUID(hex=term))
    except ValueError:
        return rows.filter(customer__in=customers_matching(merchant, term))


def _word(word: str) -> Q:
    beginning = word.lower()
    columns = ("email",) if "@" in word else SEARCHED
    return Q(*((f"lower_{name}__startswith", beginning) for name in columns), _connector=Q.OR)


def _number(number: str) -> Q:
    digits = re.sub(r"\D", "", number)
    wanted = Q(merchant_user_id__startswith=number)
    return wanted | Q(phone_number__endswith=digits[-10:]) if len(digits) >= PHONE_DIGITS else wanted
