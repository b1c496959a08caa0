"""What an act is about, as it is now that nobody else can change it."""

from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from subscriptions.errors import NotFound
from subscriptions.models import Address, Customer, Entitlement, Item, Order, Payment, Subscription
from subscriptions.models.prepared import Given, Prepared

Subject = TypeVar("Subject", Customer, Subscription, Order, Item, Address, Payment, Entitlement)
OWN = {"pk": Given("pk"), "merchant": Given("merchant"), "customer": Given("customer")}
# How a subject is read anew, with what bodies and payloads need of it.
FRESH: dict[type[models.Model], Prepared[Any]] = {
    Subscription: Prepared(lambda: Subscription.objects.surveyed().select_related("product").filter(**OWN)),
    Order: Prepared(lambda: Order.objects.select_related("payment", "shipping_address").filter(**OWN)),
    Item: Prepared(
        lambda: Item.objects.select_related(
            "product", "subscription__product", "order__payment", "order__shipping_address"
        ).filter(pk=Given("pk"), merchant=Given("merchant"), order__customer=Given("customer"))
    ),
    Address: Prepared(lambda: Address.objects.filter(**OWN)),
    Payment: Prepared(lambda: Payment.objects.filter(**OWN)),
    Entitlement: Prepared(
        lambda: Entitlement.objects.select_related("resource", "subscription__product").filter(**OWN)
    ),
}


def reload_subject(subject: Subject, customer: Customer) -> Subject:
    """The subject as it is now that nobody else can change it."""
    if isinstance(subject, Customer):
        return customer
    model = type(subject)
    try:
        found: Subject = FRESH[model].get(pk=subject.pk, merchant=customer.merchant_id, customer=customer.pk)
    except ObjectDoesNotExist as error:
        raise NotFound("not_found", "It is gone; somebody has removed it meanwhile.") from error
    return attach_customer(found, customer)


def attach_customer(found: Subject, customer: Customer) -> Subject:
    """`found` with the instances already read in place of its keys, so that nothing is fetched twice."""
    rows: list[Any] = [found, *(getattr(found, name, None) for name in ("order", "subscription"))]
    for row in rows:
        if row is not None:
            row.merchant = customer.merchant
            if not isinstance(row, Item):
                row.customer = customer
    return found
