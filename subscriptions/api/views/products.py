from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.actions import product_group, resource
from subscriptions.actions.product_fields import change_product
from subscriptions.api.bodies.products import ProductBody, ProductRowBody, require_type
from subscriptions.api.bodies.resources import GrantsBody, GroupBody, GroupNameBody
from subscriptions.api.catalogue_filters import ProductFilters, ProductGroupFilters, RelationshipFilters
from subscriptions.api.product_batch import write_batch
from subscriptions.api.serializers import ProductGroupSerializer, ProductSerializer, RelationshipSerializer
from subscriptions.api.views.base import (
    ActionView,
    CreateView,
    DetailView,
    ListView,
    ObjectView,
    OwnFilters,
    View,
    WriteView,
    query_boolean,
)
from subscriptions.importing.importer import lock_merchant
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


class ProductById(OneProduct, DetailView):
    """One product, by the shop's own id."""


class ProductDetail(OneProduct, ActionView, DetailView):
    """One product, by the shop's own id. PATCH changes what is sent."""

    http_method_names = ["get", "head", "patch", "options"]
    write_scopes = "A"
    body = ProductBody

    def perform(self, row: Product, **inputs: Any) -> None:
        require_type(row, inputs.pop("product_type", None))
        with lock_merchant(row.merchant):
            change_product(row, actor=self.caller.actor, **inputs)


class BatchRowAnswer(serializers.Serializer[Any]):
    product_id = serializers.CharField(allow_null=True, help_text="As it was sent.")
    status = serializers.ChoiceField([200, 400, 404])
    errors = serializers.DictField(  # type: ignore[assignment]  # the metaclass takes fields off the class
        required=False, help_text="By field, of rows that changed nothing."
    )


class BatchAnswer(serializers.Serializer[Any]):
    results = BatchRowAnswer(many=True)


class Batch(WriteView):
    """Each row has its own status; rows that are refused do not keep the others from being written."""

    flags = {"force_all_fields": "`false`: fields that staff have set keep their values. `true` by default."}
    creates = False

    def answer(self) -> Response:
        keep_staffs = "force_all_fields" in self.request.query_params and not query_boolean(
            self.request, "force_all_fields"
        )
        results = write_batch(
            self.caller.merchant,
            self.request.data,
            self.caller.actor,
            {"credential": self.caller, "merchant": self.caller.merchant},
            creates=self.creates,
            keep_staffs=keep_staffs,
        )
        return Response({"results": results}, status=207)


DESCRIBED_BATCH = extend_schema(request=ProductRowBody(many=True), responses={207: BatchAnswer})


class CreateProducts(Batch):
    http_method_names = ["post", "options"]
    creates = True

    @DESCRIBED_BATCH
    def post(self, request: Request, **_: str) -> Response | HttpResponse:
        """Create up to 100 products. One that exists is refused in its row."""
        return super().post(request)


class UpdateProducts(Batch):
    http_method_names = ["patch", "options"]

    @DESCRIBED_BATCH
    def patch(self, request: Request, **_: str) -> Response | HttpResponse:
        """Change up to 100 products: of each, the keys that are sent."""
        return super().post(request)


class ProductRelationships(View):
    """Which products follow this one: when it is discontinued, or after the first purchase."""

    lookup_field = "external_product_id"
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


class ManageGrants(OneProduct, WriteView):
    """Say what access each order of the product gives. The product becomes a plan."""

    http_method_names = ["post", "options"]
    scopes = "A"
    flags = {}
    body = GrantsBody

    @extend_schema(request=GrantsBody, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request, **_: str) -> Response | HttpResponse:
        return super().post(request)

    def answer(self) -> Response:
        product = self.get_object()
        context = {"credential": self.caller, "merchant": self.caller.merchant, "product": product}
        body = GrantsBody(data=self.request.data, context=context)
        body.is_valid(raise_exception=True)
        resource.manage_grants(product, **body.validated_data)
        return Response({})


class ProductGroups(View):
    queryset = ProductGroup.objects.all()
    serializer_class = ProductGroupSerializer


class ProductGroupList(ProductGroups, ListView):
    """The groups of products, by type and name."""

    filterset_class = ProductGroupFilters
    across = False
    default_order = ("group_type", "name")


class CreateProductGroup(ProductGroups, CreateView):
    """Add a group; one that exists is answered with as it is."""

    body = GroupBody
    success_status = 201

    def create(self, inputs: dict[str, Any]) -> ProductGroup:
        return product_group.create_group(self.caller.merchant, **inputs)


class RenameProductGroup(ProductGroups, ActionView):
    """Give a group another name; its products stay in it."""

    body = GroupNameBody
    success_status = 201

    def get_object(self) -> ProductGroup:
        named = {name: self.kwargs[name] for name in ("group_type", "name")}
        group: ProductGroup | None = self.get_queryset().filter(**named).first() if "\0" not in named["name"] else None
        if group is None:
            raise Http404
        return group

    def perform(self, row: ProductGroup, **inputs: Any) -> None:
        product_group.rename_group(row, **inputs)
