import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from integrations.models import (
    Connection,
    Delivery,
    GladlyAccount,
    ProfileError,
    ProfileRun,
    SandboxEvent,
    SandboxFault,
    SandboxProfile,
)
from oneclick.models import ActionToken, Click, LandingPage, MessageText, OneClickSettings, SavedLink
from subscriptions.actions import entitlement, incentive
from subscriptions.actions import subscription as verbs
from subscriptions.models import (
    Address,
    ApiKey,
    ApiRequest,
    AuditEntry,
    BulkRun,
    CancelReason,
    CheckoutRequest,
    Coupon,
    Customer,
    Entitlement,
    Event,
    GatewaySettings,
    ImportRun,
    Invitation,
    Item,
    JobRun,
    Membership,
    Merchant,
    Offer,
    OfferProfile,
    OneTimeIncentive,
    Order,
    Payment,
    PlacementAttempt,
    Product,
    ProductGroup,
    RefusedRow,
    Replacement,
    Resource,
    ResourceGrant,
    Role,
    SimulatedOutcome,
    Subscription,
)
from subscriptions.models.invitation import digest_invitation
from tests import factories as f
from tests.shared import shared_rows

Rows = dict[type[Model], Model]


@dataclass
class World:
    """A merchant with a row of everything; `rows` has one row for each model of the staff pages."""

    merchant: Merchant
    rows: Rows


def make_import(merchant: Merchant, name: str) -> ImportRun:
    """A checked file with one column and one refused row."""
    run: ImportRun = ImportRun.objects.create(
        merchant=merchant,
        file_name=f"{name}.csv",
        actor=f.STAFF.as_json(),
        state=ImportRun.State.CHECKED,
        header=[name],
        examples=[[name, name, name]],
        columns=[""],
        total=2,
        created_rows=1,
        refused_rows=1,
        remarks=[[name, 1, "It is so."]],
    )
    RefusedRow.objects.create(run=run, line=2, cells=[name], reason=f"“{name}” is no e-mail address.")
    return run


def make_world(name: str) -> World:
    """`name` is part of every text, so that a page can be searched for it."""
    merchant = f.MerchantFactory(name=f"{name} Inc")
    customer = f.CustomerFactory(
        merchant=merchant, first_name=name, email=f"{name}@shop.test".lower(), merchant_user_id=f"{name}-1"
    )
    f.CancelReasonFactory(merchant=merchant, label=f"{name} reason")
    connection = f.ConnectionFactory(
        merchant=merchant, name=f"{name} Klaviyo", secret=f"pk_{name}", paused_reason=f"{name} is paused"
    )
    gladly = f.ConnectionFactory(merchant=merchant, name=f"{name} Gladly", integration="gladly", enabled=False)
    GladlyAccount.objects.create(connection=gladly, signing_key=f"sk_{name}", actions_enabled=["cancel"])
    product = f.ProductFactory(merchant=merchant, name=f"{name} blend")
    live = f.subscription_with_order(customer=customer, product=product)
    gone = f.subscription_with_order(customer=customer, product=product)
    verbs.cancel(gone, actor=f.STAFF, reason=f"4|{name} says so")
    Delivery.objects.filter(merchant=merchant).update(state=Delivery.State.DEAD, error=f"{name} error")
    profile = OfferProfile.objects.create(merchant=merchant, name=f"{name} profile")
    Offer.objects.create(merchant=merchant, profile=profile, name=f"{name} offer")
    Coupon.objects.create(merchant=merchant, profile=profile, use="initial", name=f"{name} coupon", code="C")
    token = ActionToken.objects.get(merchant=merchant)
    Click.objects.create(merchant=merchant, token=token, action="reactivate", outcome="success")
    sandbox = SandboxProfile.objects.create(merchant=merchant, email=f"{name}@inbox.test".lower())
    SandboxEvent.objects.create(
        merchant=merchant,
        profile=sandbox,
        metric="ordergroove.subscription.cancel",
        unique_id=name,
        time=timezone.now(),
        properties={"action_token": f"token-{name}"},
    )
    order = Order.objects.get(merchant=merchant)
    placed = f.OrderFactory(customer=customer, payment=live.payment, shipping_address=live.shipping_address, status=5)
    run = ProfileRun.objects.create(
        merchant=merchant,
        connection=connection,
        kind=ProfileRun.Kind.STATUS,
        state=ProfileRun.State.PAUSED,
        actor=f.STAFF.as_json(),
        at_once=1,
        total=2,
        refused=1,
        error=f"{name} fault",
    )
    ProfileError.objects.create(
        run=run, key=customer.pk, customer=customer, identifier=customer.email, detail=f"{name} refusal"
    )
    group = ProductGroup.objects.create(merchant=merchant, group_type="sku_swap", name=f"{name} group")
    group.products.add(product)
    resource = Resource.objects.create(merchant=merchant, name=f"{name} course", external_resource_id=f"{name}-R")
    ResourceGrant.objects.create(merchant=merchant, product=product, resource=resource, time_amount=86400)
    key = ApiKey.objects.create(merchant=merchant, name=f"{name} key", prefix=name[:8], digest="x")
    rows: Rows = {
        Merchant: merchant,
        Payment: live.payment,
        Address: live.shipping_address,
        CheckoutRequest: CheckoutRequest.objects.create(
            merchant=merchant,
            merchant_order_id=f"{name}-1224",
            actor=f.STAFF.as_json(),
            body={"merchant_order_id": f"{name}-1224"},
            answer={"customer": None, "errors": {"non_field_errors": [f"{name} sentence"]}},
            reason=f"{name} fault",
        ),
        GatewaySettings: GatewaySettings.objects.create(merchant=merchant, url=f"https://{name.lower()}.test/orders"),
        SandboxFault: SandboxFault.objects.create(merchant=merchant, outcome="500", times=0),
        SimulatedOutcome: SimulatedOutcome.objects.create(merchant=merchant, product=product),
        JobRun: JobRun.objects.create(
            merchant=merchant, job="reminders", local_date="2026-01-05", state="failed", error=f"{name} fault"
        ),
        PlacementAttempt: PlacementAttempt.objects.create(
            merchant=merchant,
            order=placed,
            tries=1,
            effect="declined",
            code="140",
            message=f"{name} message",
            request=f"<order>{name} blend</order>",
            answer=f"<order>{name} answer</order>",
        ),
        Customer: customer,
        Subscription: live,
        Order: order,
        Item: order.items.get(),
        Product: product,
        BulkRun: BulkRun.objects.create(
            merchant=merchant,
            kind="order.move",
            answers={"days": 7},
            about=f"{name} move",
            actor=f.STAFF.as_json(),
            state=BulkRun.State.DONE,
            total=1,
            done=1,
            lease_until=timezone.now(),
            finished=timezone.now(),
        ),
        ImportRun: make_import(merchant, name),
        Replacement: Replacement.objects.create(
            merchant=merchant,
            product=product,
            actor=f.STAFF.as_json(),
            state=Replacement.State.DONE,
            lease_until=timezone.now(),
            finished=timezone.now(),
        ),
        OfferProfile: profile,
        ProductGroup: group,
        Resource: resource,
        Entitlement: entitlement.grant(live, actor=f.STAFF, resource=resource, seconds=86400).result,
        OneTimeIncentive: incentive.create(
            customer,
            actor=f.STAFF,
            order=order,
            name=f"{name} incentive",
            type="Discount",
            target="order",
            discount_type="Discount Percent",
            field="sub_total",
            value=Decimal(5),
        ).result,
        CancelReason: CancelReason.objects.get(merchant=merchant),
        ApiKey: key,
        ApiRequest: ApiRequest.objects.create(
            merchant=merchant, key=key, method="GET", path=f"/api/customers/{name}-7/", status=200, request_id=name[:64]
        ),
        AuditEntry: AuditEntry.objects.create(
            merchant=merchant, kind="login", who=f"{name} Person", sentence=f"{name} logged in."
        ),
        Invitation: Invitation.objects.create(
            merchant=merchant,
            email=f"{name}@invited.test".lower(),
            digest=digest_invitation(name),
            expires=timezone.now() + timedelta(days=7),
        ),
        Membership: f.MembershipFactory(merchant=merchant, user__username=f"{name}-owner"),
        ActionToken: token,
        OneClickSettings: merchant.one_click,
        LandingPage: LandingPage.objects.get(merchant=merchant),
        MessageText: MessageText.objects.create(
            merchant=merchant, locale="en-us", table="delay", code="other", text=f"{name} text"
        ),
        SavedLink: SavedLink.objects.create(merchant=merchant, name=f"{name} link", action="reactivate"),
        Connection: connection,
        ProfileRun: run,
        Event: Event.objects.filter(merchant=merchant).first(),
        Delivery: Delivery.objects.filter(merchant=merchant).first(),
    }
    return World(merchant, rows)


@pytest.fixture(scope="module")
def kept_worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[bytes]:
    """For files with hundreds of tests: both merchants made once, as `pickle` keeps them apart for each test."""
    with shared_rows(django_db_blocker):
        yield pickle.dumps((make_world("Home"), make_world("Foreign")))


@pytest.fixture
def own(db: None) -> World:
    return make_world("Home")


@pytest.fixture
def foreign(db: None) -> World:
    return make_world("Foreign")


@pytest.fixture
def login() -> Callable[..., Client]:
    def logged_in(merchant: Merchant, role: str = Role.OWNER, **user: Any) -> Client:
        membership = f.MembershipFactory(merchant=merchant, role=role, user=f.UserFactory(**user))
        client = Client()
        client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return logged_in
