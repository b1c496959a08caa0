"""The models of the domain. Every row belongs to a merchant, and the indexes of lists begin with the merchant."""

from subscriptions.models.api_access import ApiKey, ApiRequest, IdempotencyKey
from subscriptions.models.audit import AuditEntry
from subscriptions.models.bulk import BulkRow, BulkRun, CustomerTag, Tag
from subscriptions.models.customer import Address, Customer, Payment
from subscriptions.models.entitlement import Entitlement, Grantee, Resource, ResourceGrant
from subscriptions.models.figures import (
    ActiveChange,
    ActiveCount,
    CohortCount,
    DailyCancellations,
    DailyFigure,
    Forecast,
    ForecastFigure,
    RollUp,
    StaleFact,
)
from subscriptions.models.imports import ImportPart, ImportRun, RefusedRow
from subscriptions.models.invitation import Invitation
from subscriptions.models.merchant import Membership, Merchant, RetryPlan, Role, RoleSwitch
from subscriptions.models.offer import Coupon, Discount, Offer, OfferProfile, OneTimeIncentive
from subscriptions.models.order import Item, Order, OrderKey
from subscriptions.models.order_status import Effect, OrderStatus, statuses_where
from subscriptions.models.placement import (
    GatewaySettings,
    OrderDispatch,
    PlacementAttempt,
    SimulatedOutcome,
    SimulatedPlacement,
)
from subscriptions.models.product import Product, ProductGroup, ProductRelationship
from subscriptions.models.record import Activity, CancelReason, Event, JobRun
from subscriptions.models.saved_view import SavedView
from subscriptions.models.second_factor import SecondFactor
from subscriptions.models.staff_session import StaffSession
from subscriptions.models.subscription import Subscription
from subscriptions.models.unplanned import UnplannedSubscription
from subscriptions.models.work import CheckoutRequest, ClockMove, Refusal, Replacement

__all__ = [
    "ActiveChange",
    "ActiveCount",
    "Activity",
    "Address",
    "ApiKey",
    "ApiRequest",
    "AuditEntry",
    "BulkRow",
    "BulkRun",
    "CancelReason",
    "CheckoutRequest",
    "ClockMove",
    "CohortCount",
    "Coupon",
    "Customer",
    "DailyCancellations",
    "DailyFigure",
    "Forecast",
    "ForecastFigure",
    "CustomerTag",
    "Discount",
    "Effect",
    "Entitlement",
    "Event",
    "GatewaySettings",
    "Grantee",
    "IdempotencyKey",
    "ImportPart",
    "ImportRun",
    "Invitation",
    "Item",
    "JobRun",
    "Membership",
    "Merchant",
    "Offer",
    "OfferProfile",
    "OneTimeIncentive",
    "Order",
    "OrderStatus",
    "Payment",
    "OrderDispatch",
    "PlacementAttempt",
    "Product",
    "ProductGroup",
    "ProductRelationship",
    "Refusal",
    "RefusedRow",
    "Replacement",
    "Resource",
    "ResourceGrant",
    "RetryPlan",
    "Role",
    "RoleSwitch",
    "RollUp",
    "SavedView",
    "SecondFactor",
    "SimulatedOutcome",
    "SimulatedPlacement",
    "StaffSession",
    "StaleFact",
    "OrderKey",
    "Subscription",
    "Tag",
    "UnplannedSubscription",
    "statuses_where",
]
