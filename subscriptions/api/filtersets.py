"""The filters of each list. Every list across customers has all scoping filters of `MayListAll`."""

import django_filters
from django.db.models import Q

from subscriptions.api.filters import (
    BeforeFilter,
    BooleanFilter,
    ChangedSinceFilter,
    EmailFilter,
    MomentFilter,
    OfferFilter,
    PlaceFilter,
    ProductFilter,
    PublicIdFilter,
    StatusFilter,
    ThroughFilter,
)
from subscriptions.models import Item, Order, Subscription


def moment_filters(
    name: str, field_name: str | None = None, *, exact: bool = True, kind: type[MomentFilter] = MomentFilter
) -> dict[str, MomentFilter]:
    """The filters `name` (if `exact`), `name_start` and `name_end`."""
    path = field_name or name
    exact_filter = {name: kind(path, start=True, end=True)} if exact else {}
    return exact_filter | {
        f"{name}_start": kind(path, start=True, end=False),
        f"{name}_end": kind(path, start=False, end=True),
    }


def change_filters(name: str, field_name: str | None = None, *, exact: bool = True) -> dict[str, MomentFilter]:
    """Like `moment_filters`, for the time of a change. `name_start` withholds what is not yet complete."""
    return moment_filters(name, field_name, exact=exact) | {f"{name}_start": ChangedSinceFilter(field_name or name)}


def text_filter(path: str, help_text: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(field_name=path, help_text=help_text)


def customer_filters(path: str = "customer__") -> dict[str, django_filters.Filter]:
    """The filters that limit a list to one customer; `path` leads from the rows to the customer."""
    own_id = "The shop's own id of the customer. Ignored with a signature, as are `merchant_user_id` and `email`."
    return {
        "customer": text_filter(f"{path}merchant_user_id", own_id),
        "merchant_user_id": text_filter(f"{path}merchant_user_id", "The same as `customer`."),
        "email": EmailFilter(field_name=f"{path}email", help_text="The customer's e-mail address, in any case."),
    }


def created_updated_filters(updated: str = "updated") -> dict[str, MomentFilter]:
    return change_filters("created") | change_filters("updated", updated)


def make_filterset(name: str, **filters: django_filters.Filter) -> type[django_filters.FilterSet]:
    return type(name, (django_filters.FilterSet,), filters)


CustomerFilters = make_filterset(
    "CustomerFilters",
    **customer_filters(""),
    subscription=PublicIdFilter(field_name="subscriptions__public_id"),
    order=PublicIdFilter(field_name="orders__public_id"),
    item=PublicIdFilter(field_name="orders__items__public_id"),
    live=BooleanFilter(Q(live=True)),
    **created_updated_filters("last_updated"),
)
SubscriptionFilters = make_filterset(
    "SubscriptionFilters",
    **customer_filters(),
    subscription=PublicIdFilter(field_name="public_id"),
    order=ThroughFilter(Item, "subscription", "order__public_id"),
    item=ThroughFilter(Item, "subscription", "public_id"),
    live=BooleanFilter(Q(cancelled__isnull=True)),
    product=ProductFilter("product", help_text="The shop's own id of the product."),
    shipping_address=PublicIdFilter(field_name="shipping_address__public_id"),
    **created_updated_filters(),
)
OrderFilters = make_filterset(
    "OrderFilters",
    **customer_filters(),
    subscription=ThroughFilter(Item, "order", "subscription__public_id"),
    order=PublicIdFilter(field_name="public_id"),
    item=ThroughFilter(Item, "order", "public_id"),
    status=StatusFilter("status"),
    **moment_filters("place", kind=PlaceFilter),
    **created_updated_filters(),
)
ItemFilters = make_filterset(
    "ItemFilters",
    **customer_filters("order__customer__"),
    subscription=PublicIdFilter(field_name="subscription__public_id"),
    order=PublicIdFilter(field_name="order__public_id"),
    item=PublicIdFilter(field_name="public_id"),
    offer=OfferFilter(field_name="offer"),
    one_time=BooleanFilter(Q(one_time=True)),
    status=StatusFilter("order_status"),
    product=ProductFilter("product", help_text="The shop's own id of the product."),
    **moment_filters("place", "order_place", kind=PlaceFilter),
    **change_filters("order_updated", "order__updated", exact=False),
)
AddressFilters = make_filterset(
    "AddressFilters",
    **customer_filters(),
    subscription=ThroughFilter(Subscription, "shipping_address", "public_id"),
    order=ThroughFilter(Order, "shipping_address", "public_id"),
    item=ThroughFilter(Order, "shipping_address", "items__public_id"),
    live=BooleanFilter(Q(live=True)),
    **change_filters("updated", exact=False),
)
PaymentFilters = make_filterset(
    "PaymentFilters",
    **customer_filters(),
    subscription=ThroughFilter(Subscription, "payment", "public_id"),
    order=ThroughFilter(Order, "payment", "public_id"),
    item=ThroughFilter(Order, "payment", "items__public_id"),
)
PlacementFilters = make_filterset(
    "PlacementFilters",
    start_date=MomentFilter("started", start=True, end=False),
    end_date=BeforeFilter("started"),
)
CancelReasonFilters = make_filterset(
    "CancelReasonFilters", application=text_filter("application", "Where the reason is offered.")
)
