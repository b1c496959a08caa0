"""The subject of an action, read again under the customer's lock."""

from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from common.db import Param, Query
from subscriptions.errors import NotFound
from subscriptions.models import Address, Customer, Entitlement, Item, OneTimeIncentive, Order, Payment, Subscription

Subject = TypeVar("Subject", Customer, Subscription, Order, Item, Address, Payment, Entitlement, OneTimeIncentive)
OWN = {"pk": Param("pk"), "merchant": Param("merchant"), "customer": Param("customer")}
# Each query also loads the related rows that bodies and payloads need.
SUBJECTS: dict[type[models.Model], Query[Any]] = {
    Subscription: Query(lambda: Subscription.objects.with_flags().select_related("product").filter(**OWN)),
    Order: Query(lambda: Order.objects.select_related("payment", "shipping_address").filter(**OWN)),
    Item: Query(
        lambda: Item.objects.select_related(
            "product", "subscription__product", "order__payment", "order__shipping_address"
        ).filter(pk=Param("pk"), merchant=Param("merchant"), order__customer=Param("customer"))
    ),
    Address: Query(lambda: Address.objects.filter(**OWN)),
    Payment: Query(lambda: Payment.objects.filter(**OWN)),
    OneTimeIncentive: Query(
        lambda: OneTimeIncentive.objects.select_related("order", "item__order", "product").filter(**OWN)
    ),
    Entitlement: Query(lambda: Entitlement.objects.select_related("resource", "subscription__product").filter(**OWN)),
}


def reload_subject(subject: Subject, customer: Customer) -> Subject:
    """The subject as it is now, while nobody else can change it. Raises `NotFound` when it is gone."""
    if isinstance(subject, Customer):
        return customer
    try:
        found: Subject = SUBJECTS[type(subject)].get(pk=subject.pk, merchant=customer.merchant_id, customer=customer.pk)
    except ObjectDoesNotExist as error:
        raise NotFound("not_found", "It was removed in the meantime.") from error
    return attach_customer(found, customer)


def attach_customer(found: Subject, customer: Customer) -> Subject:
    """`found`, with its order or subscription, pointing at these instances of customer and merchant.

    Call it for every row read inside an action; otherwise payloads fetch the customer again.
    """
    rows: list[Any] = [found, *(getattr(found, name, None) for name in ("order", "subscription"))]
    for row in rows:
        if row is not None:
            row.merchant = customer.merchant
            if not isinstance(row, Item):
                row.customer = customer
    return found
