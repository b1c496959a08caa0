"""The filters of each list. Every list across customers knows all the pins of `MayListAll`."""

import django_filters
from django.db.models import Q

from subscriptions.api.filters import Email, Flag, Moment, Reference, Status, Within
from subscriptions.models import Item


def between(name: str, field_name: str | None = None, *, exact: bool = True) -> dict[str, Moment]:
    """The filters `name`, `name_start` and `name_end`."""
    path = field_name or name
    exactly = {name: Moment(path, start=True, end=True)} if exact else {}
    return exactly | {
        f"{name}_start": Moment(path, start=True, end=False),
        f"{name}_end": Moment(path, start=False, end=True),
    }


def text(path: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(field_name=path)


def of_customer(path: str = "customer__") -> dict[str, django_filters.Filter]:
    """The filters that pin a list to one customer; `path` leads there from the rows."""
    return {
        "customer": text(f"{path}merchant_user_id"),
        "merchant_user_id": text(f"{path}merchant_user_id"),
        "email": Email(field_name=f"{path}email"),
    }


def through_items(key: str, path: str) -> Within:
    """A filter of the rows that items point at by `key`, where `path` of the item is the given id."""
    return Within(lambda given: Item.objects.filter(**{path: given, f"{key}__isnull": False}).values(key))


def made(updated: str = "updated") -> dict[str, Moment]:
    return between("created") | between("updated", updated)


def filterset(name: str, **filters: django_filters.Filter) -> type[django_filters.FilterSet]:
    return type(name, (django_filters.FilterSet,), filters)


CustomerFilters = filterset(
    "CustomerFilters",
    **of_customer(""),
    subscription=Reference(field_name="subscriptions__public_id"),
    order=Reference(field_name="orders__public_id"),
    item=Reference(field_name="orders__items__public_id"),
    live=Flag(Q(live=True)),
    **made("last_updated"),
)
SubscriptionFilters = filterset(
    "SubscriptionFilters",
    **of_customer(),
    subscription=Reference(field_name="public_id"),
    order=through_items("subscription", "order__public_id"),
    item=through_items("subscription", "public_id"),
    live=Flag(Q(cancelled__isnull=True)),
    product=text("product__external_product_id"),
    shipping_address=Reference(field_name="shipping_address__public_id"),
    **made(),
)
OrderFilters = filterset(
    "OrderFilters",
    **of_customer(),
    subscription=through_items("order", "subscription__public_id"),
    order=Reference(field_name="public_id"),
    item=through_items("order", "public_id"),
    status=Status("status"),
    **between("place", "place_at"),
    **made(),
)
ItemFilters = filterset(
    "ItemFilters",
    **of_customer("order__customer__"),
    subscription=Reference(field_name="subscription__public_id"),
    order=Reference(field_name="order__public_id"),
    item=Reference(field_name="public_id"),
    offer=Reference(field_name="offer__public_id"),
    one_time=Flag(Q(one_time=True)),
    status=Status("order__status"),
    product=text("product__external_product_id"),
    **between("place", "place_at"),
    **between("order_updated", "order__updated", exact=False),
)
CancelReasonFilters = filterset("CancelReasonFilters", application=text("application"))
