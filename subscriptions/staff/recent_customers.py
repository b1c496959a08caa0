"""The customers whose pages a member of staff opened last, in this session."""

from django.http import HttpRequest

from subscriptions.models import Customer
from subscriptions.staff.current_merchant import merchant_of

KEY = "recent_customers"
MOST = 8


def remember_customer(request: HttpRequest, customer: Customer) -> None:
    known = request.session.get(KEY, [])
    if known[:1] != [customer.pk]:
        request.session[KEY] = [customer.pk, *(key for key in known if key != customer.pk)][:MOST]


def recent_customers(request: HttpRequest) -> list[Customer]:
    """Those of the current merchant, the last one first."""
    keys = request.session.get(KEY, [])
    found = Customer.objects.filter(merchant=merchant_of(request)).in_bulk(keys) if keys else {}
    return [found[key] for key in keys if key in found]
