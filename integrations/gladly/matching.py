"""Which customers have an e-mail address or a phone number, or an id of the shop. Each goes by an index."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

import phonenumbers
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from common.db import Param, Query
from subscriptions.models import Customer, Merchant
from subscriptions.models.customer import BackwardDigits
from subscriptions.normal_forms import parse_phone

MOST_MATCHES = 20
MOST_TERMS = 50  # addresses, and as many numbers, of one profile
MOST_CANDIDATES = 500
CUSTOMER_BY_ID = Query(lambda: Customer.objects.filter(merchant=Param("merchant"), merchant_user_id=Param("id")))


def find_customer(merchant: Merchant, merchant_user_id: str) -> Customer | None:
    """The customer with this id of the shop."""
    found = CUSTOMER_BY_ID.all(merchant=merchant.pk, id=merchant_user_id)
    return _with_merchant(found[0], merchant) if found else None


def find_customers(merchant: Merchant, emails: Iterable[str] = (), phones: Iterable[str] = ()) -> list[Customer]:
    """Every customer with one of these, the oldest first, at most 20. Two queries.

    The case of an address does not matter, and neither does how a number is written.
    """
    found = {row.pk: row for rows in (_by_email(merchant, emails), _by_phone(merchant, phones)) for row in rows}
    return [found[key] for key in sorted(found)[:MOST_MATCHES]]


def _by_email(merchant: Merchant, emails: Iterable[str]) -> list[Customer]:
    wanted = sorted({email.strip().lower() for email in emails} - {""})[:MOST_TERMS]
    if not wanted:
        return []
    return _candidates(merchant, Customer.objects.alias(lower_email=Lower("email")).filter(lower_email__in=wanted))


def _by_phone(merchant: Merchant, phones: Iterable[str]) -> list[Customer]:
    """Numbers are kept as they were typed, so they are found by their end and then compared in full."""
    parsed = {parse_phone(phone, merchant.country_code) for phone in phones}
    wanted = sorted(number for number in parsed if number)[:MOST_TERMS]
    if not wanted:
        return []
    ends = (Q(phone_digits__startswith=_national_digits(number)[::-1]) for number in wanted)
    rows = Customer.objects.alias(phone_digits=BackwardDigits("phone_number")).filter(reduce(or_, ends))
    found = _candidates(merchant, rows)
    return [row for row in found if parse_phone(row.phone_number, row.phone_region) in wanted]


def _candidates(merchant: Merchant, rows: QuerySet[Customer]) -> list[Customer]:
    # Not ordered: the database would rather walk through all customers in that order than sort the few that match.
    return [_with_merchant(row, merchant) for row in rows.filter(merchant=merchant).order_by()[:MOST_CANDIDATES]]


def _with_merchant(customer: Customer, merchant: Merchant) -> Customer:
    customer.merchant = merchant
    return customer


def _national_digits(number: str) -> str:
    """The digits without the code of the country, of a number in E.164."""
    return phonenumbers.national_significant_number(phonenumbers.parse(number))
