"""Each role at each button and each form; the expectations are written out, not taken from the table."""

import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Delivery, GladlyAccount, ProfileRun, SandboxFault
from integrations.webhooks.targets import create_target
from oneclick.models import ActionToken, LandingPage, MessageText, OneClickSettings, SavedLink
from subscriptions.actions import subscription as verbs
from subscriptions.models import (
    Activity,
    Address,
    ApiKey,
    ApiRequest,
    AuditEntry,
    BulkRun,
    CancelReason,
    CheckoutRequest,
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
    OfferProfile,
    OneTimeIncentive,
    Order,
    Payment,
    PlacementAttempt,
    Product,
    ProductGroup,
    Role,
    SecondFactor,
    SimulatedOutcome,
    Subscription,
)
from subscriptions.staff.roles import RIGHTS, Right
from subscriptions.staff.site import site
from tests import factories as f
from tests.admin.conftest import World
from tests.rows import read_all_rows

Login = Callable[..., Client]
OWNER, MARKETING, SUPPORT = Role.OWNER, Role.MARKETING, Role.SUPPORT
ALL = set(Role.values)

BUTTONS = {
    (Customer, "change-contact"): {OWNER, SUPPORT},
    (Customer, "write-note"): {OWNER, SUPPORT},
    (Customer, "change-tags"): {OWNER, SUPPORT},
    (Customer, "add-payment"): {OWNER, SUPPORT},
    (Customer, "add-address"): {OWNER, SUPPORT},
    (Payment, "use-for-all"): {OWNER, SUPPORT},
    (Payment, "replace"): {OWNER, SUPPORT},
    (Payment, "retire"): {OWNER, SUPPORT},
    (Payment, "reuse"): {OWNER, SUPPORT},
    (Address, "use-for-all"): {OWNER, SUPPORT},
    (Address, "correct"): {OWNER, SUPPORT},
    (Address, "retire"): {OWNER, SUPPORT},
    (Address, "reuse"): {OWNER, SUPPORT},
    (Customer, "move-clock"): {OWNER, MARKETING, SUPPORT},
    (Customer, "remind"): {OWNER, MARKETING, SUPPORT},
    (Customer, "stop-clock"): {OWNER, MARKETING, SUPPORT},
    (Customer, "mark-as-test"): {OWNER, MARKETING, SUPPORT},
    (Order, "skip"): {OWNER, SUPPORT},
    (Order, "send-now"): {OWNER, SUPPORT},
    (Order, "retry"): {OWNER, SUPPORT},
    (Order, "give-up"): {OWNER, SUPPORT},
    (Order, "rescue"): {OWNER, SUPPORT},
    (Order, "placed"): {OWNER, SUPPORT},
    (Order, "not-placed"): {OWNER, SUPPORT},
    (Order, "change-date"): {OWNER, SUPPORT},
    (Order, "add-product"): {OWNER, SUPPORT},
    (Order, "change-address"): {OWNER, SUPPORT},
    (Order, "change-card"): {OWNER, SUPPORT},
    (Order, "cancel"): {OWNER, SUPPORT},
    (Item, "change-quantity"): {OWNER, SUPPORT},
    (Item, "change-price"): {OWNER, SUPPORT},
    (Item, "swap"): {OWNER, SUPPORT},
    (Item, "subscribe"): {OWNER, SUPPORT},
    (Item, "remove"): {OWNER, SUPPORT},
    (CheckoutRequest, "try-again"): {OWNER, SUPPORT},
    (Customer, "grant-access"): {OWNER, SUPPORT},
    (Order, "give-discount"): {OWNER, SUPPORT},
    (Order, "add-gift"): {OWNER, SUPPORT},
    (Entitlement, "change-end"): {OWNER, SUPPORT},
    (OfferProfile, "retire"): {OWNER, MARKETING},
    (OfferProfile, "bring-back"): {OWNER, MARKETING},
    (Product, "change-price"): {OWNER, MARKETING},
    (Product, "change-availability"): {OWNER, MARKETING},
    (Product, "change-default-frequency"): {OWNER, MARKETING},
    (Product, "change-offer"): {OWNER, MARKETING},
    (Product, "give-access"): {OWNER, MARKETING},
    (Product, "stop-access"): {OWNER, MARKETING},
    (Entitlement, "revoke"): {OWNER, SUPPORT},
    (OneTimeIncentive, "change-incentive"): {OWNER, SUPPORT},
    (OneTimeIncentive, "remove-incentive"): {OWNER, SUPPORT},
    (GatewaySettings, "test"): {OWNER},
    (BulkRun, "undo"): {OWNER},
    (ImportRun, "stop"): {OWNER},
    (ImportRun, "discard"): {OWNER},
    (Subscription, "skip"): {OWNER, SUPPORT},
    (Subscription, "send-now"): {OWNER, SUPPORT},
    (Subscription, "change-date"): {OWNER, SUPPORT},
    (Subscription, "swap"): {OWNER, SUPPORT},
    (Subscription, "change-quantity"): {OWNER, SUPPORT},
    (Subscription, "change-frequency"): {OWNER, SUPPORT},
    (Subscription, "change-price"): {OWNER, SUPPORT},
    (Subscription, "change-offer"): {OWNER, SUPPORT},
    (Subscription, "change-address"): {OWNER, SUPPORT},
    (Subscription, "change-card"): {OWNER, SUPPORT},
    (Subscription, "make-prepaid"): {OWNER, SUPPORT},
    (Subscription, "change-renewal"): {OWNER, SUPPORT},
    (Subscription, "cancel"): {OWNER, SUPPORT},
    (Subscription, "reactivate"): {OWNER, SUPPORT},
    (Subscription, "issue-token"): {OWNER, MARKETING},
    (Order, "issue-token"): {OWNER, MARKETING},
    (ActionToken, "show"): {OWNER, MARKETING},
    (ActionToken, "revoke"): {OWNER, MARKETING, SUPPORT},
    (Delivery, "send-again"): {OWNER, MARKETING, SUPPORT},
    (Connection, "test"): {OWNER, MARKETING},
    (Connection, "resume"): {OWNER, MARKETING},
    (Connection, "samples"): {OWNER, MARKETING},
    (Connection, "send-sample"): {OWNER, MARKETING},
    (Connection, "show-key"): {OWNER, MARKETING},
    (Connection, "rotate-signing-key"): {OWNER, MARKETING},
    (Connection, "replay-time"): {OWNER, MARKETING},
    (Connection, "remove-target"): {OWNER, MARKETING},
    (Connection, "make-signing-key"): {OWNER, MARKETING},
    (Connection, "replace-signing-key"): {OWNER, MARKETING},
    (Connection, "test-signature"): {OWNER, MARKETING},
    (Connection, "add-customers"): {OWNER, MARKETING},
    (Connection, "disconnect"): {OWNER, MARKETING},
    (Delivery, "replay"): {OWNER, MARKETING, SUPPORT},
    (ProfileRun, "pause"): {OWNER, MARKETING},
    (ProfileRun, "resume"): {OWNER, MARKETING},
    (ProfileRun, "cancel"): {OWNER, MARKETING},
    (Customer, "erase-at-klaviyo"): {OWNER},
    (Customer, "export-data"): {OWNER},
    (Customer, "erase"): {OWNER},
    (ApiKey, "revoke"): {OWNER},
    (Invitation, "new-link"): {OWNER},
    (Membership, "reset-link"): {OWNER},
    (Membership, "lost-device"): {OWNER},
    (Merchant, "go-live"): {OWNER},
    (Merchant, "rotate-key"): {OWNER},
    (Merchant, "pause-shop"): {OWNER},
    (Merchant, "resume-shop"): {OWNER},
    (Merchant, "hand-over"): {OWNER},
    (Merchant, "delete-merchant"): {OWNER},
    (SavedLink, "duplicate"): {OWNER, MARKETING},
    (CancelReason, "archive"): {OWNER},
    (CancelReason, "restore"): {OWNER},
    (SavedLink, "archive"): {OWNER, MARKETING},
    (SavedLink, "restore"): {OWNER, MARKETING},
}
SEEN = {
    Connection: {OWNER, MARKETING},
    ProfileRun: {OWNER, MARKETING},
    ApiKey: {OWNER},
    ApiRequest: {OWNER},
    AuditEntry: {OWNER},
    ImportRun: {OWNER},
    SandboxFault: {OWNER, MARKETING, SUPPORT},
    Invitation: {OWNER},
}
EDITED = {
    LandingPage: {OWNER, MARKETING},
    MessageText: {OWNER, MARKETING},
    OneClickSettings: {OWNER, MARKETING},
    SavedLink: {OWNER, MARKETING},
    Connection: {OWNER, MARKETING},
    CancelReason: {OWNER},
    Membership: {OWNER},
    Merchant: {OWNER},
    GatewaySettings: {OWNER},
    SimulatedOutcome: {OWNER, MARKETING, SUPPORT},
    SandboxFault: {OWNER, MARKETING, SUPPORT},
}
CLOCK = timezone.now() + timedelta(days=3)


@pytest.fixture
def own(kept_worlds: bytes, db: None) -> World:
    world: World = pickle.loads(kept_worlds)[0]
    return world


def update_row(row: Model, **fields: object) -> Model:
    type(row)._default_manager.filter(pk=row.pk).update(**fields)
    return row


def make_target(row: Connection) -> Connection:
    return create_target(row.merchant, "https://93.184.216.34/hook")


def find_gladly(row: Connection) -> Connection:
    return Connection.objects.filter(merchant=row.merchant, integration="gladly").earliest("pk")


def find_new_gladly(row: Connection) -> Connection:
    GladlyAccount.objects.update(signing_key="")
    return find_gladly(row)


def make_prepaid(row: Subscription) -> Model:
    return update_row(row, prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew")


def offer_prepaid(row: Subscription) -> Model:
    Merchant.objects.filter(pk=row.merchant_id).update(prepaid_enabled=True)
    group = ProductGroup.objects.create(merchant=row.merchant, group_type="eligibility", name="prepaid")
    row.product.groups.add(group)
    return row


def make_one_time(row: Model) -> Model:
    items = Item.objects.filter(pk=row.pk) if isinstance(row, Item) else Item.objects.filter(order=row)
    items.update(subscription=None, one_time=True)
    return row


# Puts a row into the state in which the button is offered, and returns it.
BEFORE: dict[str, Callable[[Any], Model]] = {
    "reactivate": lambda row: verbs.cancel(row, actor=f.STAFF).subject,
    "move-clock": lambda row: update_row(row, is_test=True),
    "remind": lambda row: update_row(row, is_test=True),
    "stop-clock": lambda row: update_row(row, is_test=True, clock=CLOCK),
    "mark-as-test": lambda row: f.CustomerFactory(merchant=row.merchant),
    "retry": lambda row: update_row(row, status=19),
    "give-up": lambda row: update_row(row, status=19),
    "rescue": lambda row: update_row(row, status=3),
    "placed": lambda row: update_row(row, status=14),
    "not-placed": lambda row: update_row(row, status=14),
    "bring-back": lambda row: update_row(row, status="archived"),
    "make-prepaid": offer_prepaid,
    "change-renewal": make_prepaid,
    "subscribe": make_one_time,
    "restore": lambda row: update_row(row, archived=True),
    "resume-shop": lambda row: update_row(row, paused_at=timezone.now()),
    "hand-over": lambda row: f.MembershipFactory(merchant=row).merchant,
    "reuse": lambda row: update_row(row, live=False),
    "pause": lambda row: update_row(row, state="running"),
    "stop": lambda row: update_row(row, state="importing"),
    "replay": lambda row: update_row(row, state="done", body="{}"),
    "send-sample": make_target,
    "show-key": make_target,
    "rotate-signing-key": make_target,
    "replay-time": make_target,
    "remove-target": make_target,
    "make-signing-key": find_new_gladly,
    "replace-signing-key": find_gladly,
    "test-signature": find_gladly,
    "add-customers": lambda row: update_row(find_gladly(row), base_url="/sandbox/gladly/api/v1"),
    "disconnect": find_gladly,
    "lost-device": lambda row: SecondFactor.objects.create(user=row.user, key="00" * 20) and row,
}


def address(row: Model, page: str) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/{page}/"


def test_the_expectations_name_every_button() -> None:
    assert set(BUTTONS) == {(m, b.verb) for m, one in site._registry.items() for b in one.buttons}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize(("model", "verb"), BUTTONS)
def test_a_button_is_for_its_roles_only(model: type[Model], verb: str, role: str, own: World, login: Login) -> None:
    prepare = make_one_time if (model, verb) == (Order, "cancel") else BEFORE.get(verb, lambda row: row)
    row = prepare(own.rows[model])
    client = login(own.merchant, role)
    before = read_all_rows()
    allowed = role in BUTTONS[model, verb]
    assert client.get(address(row, verb)).status_code == (200 if allowed else 403)
    if not allowed:
        assert client.post(address(row, verb), {"day": "2030-01-01"}).status_code == 403
    assert read_all_rows() == before
    page = client.get(address(row, "change"), follow=True)
    assert (address(row, verb).encode() in page.content) is allowed


@pytest.mark.parametrize("role", Role.values)
def test_a_page_is_for_its_roles_only(role: str, own: World, login: Login) -> None:
    client = login(own.merchant, role)
    for model, row in own.rows.items():
        allowed = role in SEEN.get(model, ALL)
        page = client.get(address(row, "change"), follow=True)
        assert (model, page.status_code) == (model, 200 if allowed else 403)
        listed = client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/", follow=True)
        assert (model, listed.status_code) == (model, 200 if allowed else 403)
    for page in ("inbox", "gladly/package"):
        assert client.get(f"/admin/{page}/").status_code == (200 if role in {OWNER, MARKETING} else 403)


@pytest.mark.parametrize("role", Role.values)
def test_a_form_changes_rows_for_its_roles_only(role: str, own: World, login: Login) -> None:
    client = login(own.merchant, role)
    for model, row in own.rows.items():
        before = read_all_rows()
        status = client.post(address(row, "change"), {}).status_code
        if role not in EDITED.get(model, set()):
            assert (model, status) in [(model, 403), (model, 405), (model, 302), (model, 200)]
            assert read_all_rows() == before
        page = client.get(address(row, "change"), follow=True)
        has_save = b'name="_save"' in page.content
        assert (model, has_save) == (model, role in EDITED.get(model, set()))


LOOKED_AT = [Customer, Payment, Address, Subscription, Order, Product, Event, Delivery, ActionToken]


@pytest.mark.parametrize("model", [*LOOKED_AT, JobRun, PlacementAttempt])
def test_rows_of_the_domain_have_no_form(model: type[Model], own: World, login: Login) -> None:
    client = login(own.merchant, is_superuser=True)
    before = read_all_rows()
    assert client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/").status_code == 403
    assert client.post(address(own.rows[model], "delete"), {"post": "yes"}).status_code == 403
    client.post(address(own.rows[model], "change"), {"quantity": 9, "email": "x@y.test", "kind": "x", "state": "x"})
    assert read_all_rows() == before


def test_the_manual_has_the_table_of_roles_and_rights() -> None:
    manual = (
        (settings.BASE_DIR / "docs/operators/operating.md").read_text().partition("## Roles")[2].partition("## ")[0]
    )
    rows = [[cell.strip() for cell in line.split("|")[2:-1]] for line in manual.splitlines() if line.startswith("| ")]
    assert rows[0] == [label.lower() for label in Role.labels]
    assert rows[1:] == [["yes" if right in RIGHTS[role] else "–" for role in Role.values] for right in Right]
    words = [line.split("|")[1].strip() for line in manual.splitlines() if line.startswith("| ")]
    assert words == ["may", *Right.labels]


def test_activities_have_no_page_of_their_own() -> None:
    assert Activity not in site._registry
