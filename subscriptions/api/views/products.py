from typing import Any

from django.db.models import Prefetch
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.catalogue_filters import ProductFilters, RelationshipFilters
from subscriptions.api.serializers import ProductSerializer, RelationshipSerializer
from subscriptions.api.views.base import DetailView, ListView, ObjectView, OwnFilters, View
from subscriptions.models import Product, ProductGroup, ProductRelationship, ResourceGrant

GROUPS = Prefetch("groups", ProductGroup.objects.order_by("group_type", "name"))
GRANTS = Prefetch("resource_grants", ResourceGrant.objects.select_related("resource").order_by("pk"))


class MembershipAnswer(serializers.Serializer[Any]):
    product_has_group = serializers.BooleanField()


class Products(View):
    scopes = "AS"
    queryset = Product.objects.select_related("offer_profile").prefetch_related(GROUPS, GRANTS)
    serializer_class = ProductSerializer
    flags = {
        "include_product_selection_rules": "Adds `product_selection_rules`.",
        "include_product_resource_grants": "Adds `product_resource_grants`: the access that orders of a plan give.",
    }


class ProductList(Products, ListView):
    """The products, newest first; without filters, those that are open to subscriptions."""

    filterset_class = ProductFilters
    across = False
    orderings = {"created": "created", "updated": "last_update"}


class OneProduct(Products, ObjectView):
    lookup_field = "external_product_id"


class ProductDetail(OneProduct, DetailView):
    """One product, by the shop's own id."""


class ProductRelationships(View):
    """Which products follow this one: when it is discontinued, or after the first purchase."""

    queryset = ProductRelationship.objects.select_related("from_product", "to_product").order_by("pk")
    serializer_class = RelationshipSerializer
    filter_backends = [OwnFilters]
    filterset_class = RelationshipFilters
    pagination_class = None

    @extend_schema(responses=RelationshipSerializer(many=True))
    def get(self, request: Request, id: str) -> Response:
        products = self.caller.visible_rows(Product.objects.all())
        if "\0" in id or not products.filter(external_product_id=id).exists():
            raise Http404
        rows = self.filter_queryset(self.get_queryset()).filter(from_product__external_product_id=id)
        return Response(self.get_serializer(rows, many=True).data)


class ProductMembership(OneProduct):
    """Whether the product is in a group."""

    flags = {}

    @extend_schema(responses=MembershipAnswer, operation_id="products_membership")
    def get(self, request: Request, id: str, group_type: str, group_name: str) -> Response:
        groups = self.get_object().groups.all()
        return Response(
            {"product_has_group": (group_type, group_name) in {(row.group_type, row.name) for row in groups}}
        )
