"""The filters of what merchants offer: products, groups, offers, incentives, resources and access to them."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema_field

from common.web.public_ids import parse_public_id
from subscriptions.api.filters import BooleanFilter, PublicIdFilter, ThroughFilter
from subscriptions.api.filtersets import change_filters, customer_filters, make_filterset, text_filter
from subscriptions.api.pagination import EXACT_COUNT, estimate_count
from subscriptions.models import Grantee, Item, OfferProfile, Product, ProductGroup, ProductRelationship
from subscriptions.models.product import Trigrams

SEARCHABLE = ("name", "sku", "external_product_id")
ALL = "all"


class RepeatedText(django_filters.CharFilter):
    """A parameter that may be repeated: rows with any of its texts."""

    def __init__(self, parameter: str, field_name: str, **options: Any) -> None:
        super().__init__(field_name=field_name, **options)
        self.parameter = parameter

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        # The form hands on the last value only.
        given = [text for text in self.parent.data.getlist(self.parameter) if text]
        return rows.filter(**{f"{self.field_name}__in": given}) if given else rows


class ProductFilters(FilterSet):
    """Without filters, the products that are open to subscriptions and not discontinued."""

    search = django_filters.CharFilter(method="_ignore", help_text="A part of one of `fields`, in any case.")
    fields = django_filters.MultipleChoiceFilter(
        choices=[(name, name) for name in SEARCHABLE], method="_ignore", help_text="All three by default."
    )
    id_or_name = django_filters.CharFilter(method="_filter_id_or_name", help_text="A part of either, in any case.")
    autoship_enabled = django_filters.ChoiceFilter(
        choices=[(word, word) for word in (ALL, "true", "false")],
        method="_ignore",
        help_text="`true` by default, but for discontinued products, which are never open to subscriptions.",
    )
    allow_discontinued = django_filters.ChoiceFilter(
        choices=[("true", "also"), ("strict", "only"), ("false", "none")],
        method="_ignore",
        help_text="`true`: the discontinued ones, too; `strict`: only these.",
    )
    group_name = django_filters.CharFilter(
        method="_ignore", help_text="Products of such a group, which is of `group_type` if that is given, too."
    )
    group_type = django_filters.ChoiceFilter(choices=ProductGroup.Type.choices, method="_ignore")
    autoship_by_default = BooleanFilter(Q(autoship_by_default=True))
    live = BooleanFilter(Q(live=True))
    product_type = django_filters.ChoiceFilter(choices=Product.Type.choices)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        given = self.form.cleaned_data
        rows = super().filter_queryset(queryset).filter(_offered(given))
        if given["search"]:
            rows = containing(rows, given["fields"] or SEARCHABLE, given["search"])
        of_group = {name: given[f"group_{name}"] for name in ("name", "type") if given[f"group_{name}"]}
        if of_group:
            renamed = {"group_type" if name == "type" else name: value for name, value in of_group.items()}
            groups = ProductGroup.objects.filter(merchant=OuterRef("merchant"), products=OuterRef("pk"), **renamed)
            rows = rows.filter(Exists(groups))
        return rows

    def _filter_id_or_name(self, rows: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return containing(rows, ("external_product_id", "name"), value)

    def _ignore(self, rows: QuerySet[Any], *_: object) -> QuerySet[Any]:
        return rows  # `filter_queryset` needs it together with another one


# The brackets are part of the parameter's name.
ProductFilters.base_filters["external_product_ids[]"] = RepeatedText(
    "external_product_ids[]", "external_product_id", help_text="May be repeated."
)


def _offered(given: dict[str, Any]) -> Q:
    discontinued = {"true": Q(), "strict": Q(discontinued=True)}.get(given["allow_discontinued"], Q(discontinued=False))
    by_default = Q(autoship_enabled=True)
    if given["allow_discontinued"] == "strict":
        by_default = Q(autoship_enabled=False)  # as all discontinued products
    elif given["allow_discontinued"] == "true":
        by_default |= Q(discontinued=True)
    words = {ALL: Q(), "true": Q(autoship_enabled=True), "false": Q(autoship_enabled=False)}
    return discontinued & words.get(given["autoship_enabled"], by_default)


def containing(rows: QuerySet[Product], columns: Iterable[str], text: str) -> QuerySet[Product]:
    """Products with `text` in one of the `columns`, in any case."""
    found = rows.filter(Q(*((f"{column}__icontains", text) for column in columns), _connector=Q.OR))
    if len(text) < 3:
        return found
    # These are in an index. If too many products have them, a page is full sooner without it.
    has_trigrams = Q(trigrams__contains=Trigrams(Value(text)))
    indexed = Product.objects.alias(trigrams=Trigrams(*SEARCHABLE)).filter(has_trigrams)
    return found if estimate_count(indexed) > EXACT_COUNT else found.filter(pk__in=indexed)


class RelationshipFilters(FilterSet):
    type = django_filters.ChoiceFilter(field_name="relationship_type", choices=ProductRelationship.Type.choices)


class ProductGroupFilters(FilterSet):
    name = text_filter("name", "The whole name.")
    group_type = django_filters.ChoiceFilter(choices=ProductGroup.Type.choices)


CATEGORIES = ("all", "all_with_standard_flex_incentives", "only_with_standard_flex_incentives")


class OfferProfileFilters(FilterSet):
    """The available profiles, unless `status` says otherwise."""

    offer_profile_category = django_filters.ChoiceFilter(
        choices=[(word, word) for word in CATEGORIES],
        method="_filter_category",
        help_text="The categories with flex incentives add the key to coupons; no profile here has such incentives.",
    )
    status = django_filters.ChoiceFilter(
        choices=[*OfferProfile.Status.choices, (ALL, ALL)], method="_ignore", help_text="`available` by default."
    )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        status = self.form.cleaned_data["status"] or OfferProfile.Status.AVAILABLE
        rows = super().filter_queryset(queryset)
        return rows if status == ALL else rows.filter(status=status)

    def _filter_category(self, rows: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return rows.none() if value == CATEGORIES[2] else rows

    def _ignore(self, rows: QuerySet[Any], *_: object) -> QuerySet[Any]:
        return rows


@extend_schema_field({"type": "boolean", "description": "With `order`: the incentives of its items, too."})
class ItemLevel(BooleanFilter):
    """Says what `OfOrder` finds."""

    def filter(self, rows: QuerySet[Any], value: list[bool]) -> QuerySet[Any]:
        return rows


class OfOrder(PublicIdFilter):
    """Incentives of an order; with `include_item_level`, those of its items too."""

    def find(self, rows: QuerySet[Any], public_id: Any) -> QuerySet[Any]:
        of_order = Q(order__public_id=public_id)
        with_items = self.parent.form.cleaned_data.get("include_item_level") == [True]
        return rows.filter(of_order | Q(item__order__public_id=public_id) if with_items else of_order)


class OfSubscription(PublicIdFilter):
    """Incentives of a subscription's items, and of the orders these are in."""

    def find(self, rows: QuerySet[Any], public_id: Any) -> QuerySet[Any]:
        items = Item.objects.filter(subscription__public_id=public_id)
        return rows.filter(Q(item__in=items) | Q(order__in=items.values("order")))


IncentiveFilters = make_filterset(
    "IncentiveFilters",
    **customer_filters(),
    include_item_level=ItemLevel(Q()),
    order=OfOrder(field_name="order__public_id"),
    item=PublicIdFilter(field_name="item__public_id"),
    subscription=OfSubscription(field_name="item__subscription__public_id"),
    external_code=text_filter("external_code", "As it was given when the incentive was created."),
    **change_filters("created"),
    **change_filters("last_updated"),
    **change_filters("applied_at"),
)


class ResourceIds(django_filters.CharFilter):
    """Public ids with commas between them; those that are none find nothing."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        ids = [public_id for text in value.split(",") if (public_id := parse_public_id(text.strip()))]
        return rows.filter(resource__public_id__in=ids)


class ExactGrantees(django_filters.CharFilter):
    """The shop's ids of people, with commas between them: access that is shared with exactly these."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        ids = {text.strip() for text in value.split(",") if text.strip()} if value else set()
        if not ids:
            return rows
        named = Grantee.objects.filter(external_id__in=ids).values("entitlement")
        with_all = named.annotate(found=Count("pk")).filter(found=len(ids)).values("entitlement")
        others = Grantee.objects.filter(entitlement=OuterRef("pk")).exclude(external_id__in=ids)
        return rows.filter(~Exists(others), pk__in=with_all)


def resource_filter(path: str) -> django_filters.CharFilter:
    return text_filter(path, "The shop's own id of the resource.")


EntitlementFilters = make_filterset(
    "EntitlementFilters",
    **customer_filters(),
    subscription=PublicIdFilter(field_name="subscription__public_id"),
    order=ThroughFilter(Item, "subscription", "order__public_id", "subscription"),
    item=ThroughFilter(Item, "subscription", "public_id", "subscription"),
    merchant=PublicIdFilter(field_name="merchant__public_id"),
    resource_public_id=PublicIdFilter(field_name="resource__public_id"),
    resource_public_ids=ResourceIds(help_text="Public ids of resources, with commas between them."),
    external_resource_id=resource_filter("resource__external_resource_id"),
    live=BooleanFilter(Q(live=True)),
    resource_name=django_filters.CharFilter(
        field_name="resource__name", lookup_expr="iexact", help_text="The whole name, in any case."
    ),
    grantee_external_ids_exact=ExactGrantees(
        help_text="The shop's ids of people, with commas between them: access that is shared with exactly these."
    ),
)
ResourceFilters = make_filterset("ResourceFilters", external_resource_id=resource_filter("external_resource_id"))
