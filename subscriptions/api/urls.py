"""The paths below `/api/`. `ApiGate` adds a missing slash at the end of a request's path."""

from csp.constants import NONCE
from csp.decorators import csp_update
from django.http import HttpRequest, JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularSwaggerView

from subscriptions.api.views import (
    customers,
    docs,
    entitlements,
    items,
    merchant,
    offers,
    orders,
    placements,
    products,
    purchases,
    records,
    subscriptions,
)
from subscriptions.models import ProductGroup


@csrf_exempt
def unknown_path(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"detail": "Not found."}, status=404)


# The page starts its reader by code of its own.
documentation = csp_update({"script-src": [NONCE], "style-src": [NONCE]})(
    SpectacularSwaggerView.as_view(url_name="rest:schema")
)
GROUP_TYPE = f"(?P<group_type>{'|'.join(ProductGroup.Type.values)})"

app_name = "rest"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view()),
    path("customers/create/", customers.CreateCustomer.as_view()),
    path("customers/<str:id>/", customers.CustomerDetail.as_view()),
    path("customers/<str:id>/update/", customers.UpdateCustomer.as_view()),
    path("customers/<str:id>/set_contact_details/", customers.SetContactDetails.as_view()),
    path("addresses/", records.AddressList.as_view()),
    path("addresses/create/", records.CreateAddress.as_view()),
    path("addresses/<str:id>/", records.AddressDetail.as_view()),
    path("addresses/<str:id>/update/", records.UpdateAddress.as_view()),
    path("addresses/<str:id>/use_for_all/", records.UseAddressForAll.as_view()),
    path("payments/", records.PaymentList.as_view()),
    path("payments/create/", records.CreatePayment.as_view()),
    path("payments/<str:id>/", records.PaymentDetail.as_view()),
    path("payments/<str:id>/update/", records.UpdatePayment.as_view()),
    path("payments/<str:id>/use_for_all/", records.UsePaymentForAll.as_view()),
    path("products/", products.ProductList.as_view()),
    path("products/product_id/<str:id>/", products.ProductById.as_view()),
    path("products/<str:id>/", products.ProductDetail.as_view()),
    path("products/<str:id>/relationships/", products.ProductRelationships.as_view()),
    re_path(rf"^products/(?P<id>[^/]+)/{GROUP_TYPE}/(?P<group_name>[^/]+)/$", products.ProductMembership.as_view()),
    path("products-batch/create/", products.CreateProducts.as_view()),
    path("products-batch/update/", products.UpdateProducts.as_view()),
    path("offer_profiles/", offers.OfferProfileList.as_view()),
    path("one_time_incentives/", offers.IncentiveList.as_view()),
    path("one_time_incentives/create/", offers.CreateIncentive.as_view()),
    path("one_time_incentives/<str:id>/update/", offers.UpdateIncentive.as_view()),
    path("one_time_incentives/<str:id>/delete/", offers.DeleteIncentive.as_view()),
    path("one_time_incentives/<str:id>/", offers.IncentiveDetail.as_view()),
    path("products/<str:id>/resource_grants/manage/", products.ManageGrants.as_view()),
    path("product_groups/", products.ProductGroupList.as_view()),
    path("product_groups/create/", products.CreateProductGroup.as_view()),
    re_path(rf"^product_groups/{GROUP_TYPE}/(?P<name>[^/]+)/$", products.RenameProductGroup.as_view()),
    path("entitlements/<str:id>/modify_expiration/", entitlements.ModifyExpiration.as_view()),
    path("entitlements/", entitlements.EntitlementList.as_view()),
    path("resources/", entitlements.ResourceList.as_view()),
    path("resources/create/", entitlements.CreateResource.as_view()),
    path("resources/<str:id>/update/", entitlements.UpdateResource.as_view()),
    path("resources/<str:id>/", entitlements.ResourceDetail.as_view()),
    path("subscriptions/", subscriptions.SubscriptionList.as_view()),
    path("subscriptions/iu/", subscriptions.CreateFromOrder.as_view()),
    path("subscriptions/create_from_item/", subscriptions.CreateFromItem.as_view()),
    path("subscriptions/<str:id>/", subscriptions.SubscriptionDetail.as_view()),
    path("subscriptions/<str:id>/cancel/", subscriptions.Cancel.as_view()),
    path("subscriptions/<str:id>/reactivate/", subscriptions.Reactivate.as_view()),
    path("subscriptions/<str:id>/change_quantity/", subscriptions.ChangeQuantity.as_view()),
    path("subscriptions/<str:id>/change_frequency/", subscriptions.ChangeFrequency.as_view()),
    path("subscriptions/<str:id>/change_next_order_date/", subscriptions.ChangeNextOrderDate.as_view()),
    path("subscriptions/<str:id>/change_payment/", subscriptions.ChangePayment.as_view()),
    path("subscriptions/<str:id>/change_shipping/", subscriptions.ChangeShipping.as_view()),
    path("subscriptions/<str:id>/change_product/", subscriptions.ChangeProduct.as_view()),
    path("subscriptions/<str:id>/change_email_reminder/", subscriptions.ChangeReminder.as_view()),
    path("subscriptions/<str:id>/update/", subscriptions.UpdateSubscription.as_view()),
    path("subscriptions/<str:id>/upgrade_to_prepaid/", subscriptions.UpgradeToPrepaid.as_view()),
    path("subscriptions/<str:id>/change_renewal_behavior/", subscriptions.ChangeRenewalBehavior.as_view()),
    path("subscriptions/<str:id>/update_prepaid_context/", subscriptions.UpdatePrepaidContext.as_view()),
    path("subscription/create/", purchases.PurchaseCreate.as_view()),
    path("subscription/<str:id>/response/", purchases.PurchaseOutcome.as_view()),
    path("subscription/status/<str:id>/", purchases.PurchaseOutcome.as_view()),
    path("orders/", orders.OrderList.as_view()),
    path("orders/<str:id>/", orders.OrderDetail.as_view()),
    path("orders/<str:id>/cancel/", orders.CancelOrder.as_view()),
    path("orders/<str:id>/skip_subscription/", orders.SkipSubscription.as_view()),
    path("orders/<str:id>/send_now/", orders.SendNow.as_view()),
    path("orders/<str:id>/change_place_date/", orders.ChangePlaceDate.as_view()),
    path("orders/<str:id>/change_payment/", orders.ChangeOrderPayment.as_view()),
    path("orders/<str:id>/change_shipping/", orders.ChangeOrderShipping.as_view()),
    path("orders/<str:id>/update/", orders.UpdateOrder.as_view()),
    path("orders/<str:id>/rescue/", orders.Rescue.as_view()),
    path("orders/<str:id>/rescuable_check/", orders.RescuableCheck.as_view()),
    path("orders/<str:id>/retry_instruction/retry/", orders.RetryOrder.as_view()),
    path("orders/<str:id>/retry_instruction/reject/", orders.RejectOrder.as_view()),
    path("orders/<str:id>/finalize_placement/", placements.FinalizePlacement.as_view()),
    path("placement_logs/responses/", placements.PlacementResponseList.as_view()),
    path("items/", items.ItemList.as_view()),
    path("items/iu/", items.AddToOrder.as_view()),
    path("items/create/", items.CreateItem.as_view()),
    path("items/<str:id>/", items.ItemDetail.as_view()),
    path("items/<str:id>/change_quantity/", items.ChangeItemQuantity.as_view()),
    path("items/<str:id>/change_price/", items.ChangeItemPrice.as_view()),
    path("items/<str:id>/change_product/", items.ChangeItemProduct.as_view()),
    path("items/<str:id>/delete/", items.DeleteItem.as_view()),
    path("merchant/cancel_reason/", merchant.CancelReasonList.as_view()),
    path("schema/", docs.OpenApi.as_view(), name="schema"),
    path("docs.md/", docs.docs_in_markdown),
    path("docs/", documentation, name="docs"),
    re_path("", unknown_path),
]
