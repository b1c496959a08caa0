"""A customer with a row in every table that can hold one, and a marker in each of their texts."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import ForeignKey, JSONField, Model
from django.utils import timezone

from integrations.klaviyo.runs import control
from integrations.models import (
    Attempt,
    Connection,
    Delivery,
    Erasure,
    GladlyRequest,
    ImportJob,
    ProfileError,
    ProfileRun,
    SandboxEvent,
    SandboxImport,
    SandboxProfile,
)
from integrations.privacy.traces import Person
from oneclick.models import ActionToken, Click
from subscriptions.actions import customer_notes, customer_tags, entitlement, incentive
from subscriptions.actions import subscription as verbs
from subscriptions.actions.customer_erasure import TEXTS, erased_fields, ways_to_customer
from subscriptions.models import (
    Activity,
    ApiRequest,
    AuditEntry,
    BulkRow,
    BulkRun,
    CheckoutRequest,
    ClockMove,
    Customer,
    Grantee,
    IdempotencyKey,
    ImportRun,
    Merchant,
    Order,
    PlacementAttempt,
    Product,
    Refusal,
    RefusedRow,
    Replacement,
    Resource,
    SavedView,
    SimulatedOutcome,
    SimulatedPlacement,
    UnplannedSubscription,
)
from tests import factories as f

MARKER = "Zqmarker"
EMAIL = f"{MARKER}@shop.test"
PHONE = "+15013307766"
SHOP_ID = f"{MARKER}-77"
# Too short for a marker, or of another form.
UNMARKED = {"Customer.country_code", "Payment.cc_number_ending", "Subscription.cancel_reason"}
UNMARKED |= {"Subscription.external_id", "Subscription.merchant_order_id"}


def make_full_customer(merchant: Merchant) -> Customer:
    """A customer of `merchant`, which has connections to Klaviyo."""
    customer: Customer = f.CustomerFactory(
        merchant=merchant, email=EMAIL, phone_number=PHONE, merchant_user_id=SHOP_ID, first_name=MARKER
    )
    product = Product.objects.filter(merchant=merchant).first() or f.ProductFactory(merchant=merchant)
    live = f.subscription_with_order(customer=customer, product=product)
    gone = f.subscription_with_order(customer=customer, product=product, merchant_order_id="Z-1224", external_id=MARKER)
    verbs.cancel(gone, actor=f.STAFF, reason=f"4|{MARKER} says so")
    customer_notes.write_note(customer, text=MARKER, actor=f.STAFF)
    customer_tags.add_tag(customer, name="VIP", actor=f.STAFF)
    placed = f.OrderFactory(customer=customer, payment=live.payment, shipping_address=live.shipping_address, status=5)
    f.ItemFactory(order=placed, subscription=gone, upcoming=False, first_placed=timezone.now() - timedelta(days=3))
    _add_rows(customer, live, placed, product)
    _add_traces(customer, placed)
    for model in {Customer, *ways_to_customer()} - {Erasure}:
        _mark(model, customer)
    customer.refresh_from_db()
    return customer


def _add_rows(customer: Customer, live: Any, placed: Order, product: Product) -> None:
    merchant, lease = customer.merchant, {"lease_until": timezone.now(), "finished": timezone.now()}
    own = {"merchant": merchant, "actor": f.STAFF.as_json()}
    resource = Resource.objects.create(merchant=merchant, name="Course", external_resource_id=f"R-{customer.pk}")
    access = entitlement.grant(live, actor=f.STAFF, resource=resource, seconds=86400).result
    Grantee.objects.create(merchant=merchant, entitlement=access, external_id="G", name="Bo")
    gift = {
        "type": "Discount",
        "discount_type": "Discount Percent",
        "field": "sub_total",
        "value": Decimal(5),
        "name": "Sorry",
    }
    order = customer.orders.get(status=1)
    incentive.create(customer, actor=f.STAFF, order=order, target="order", **gift)
    SimulatedOutcome.objects.create(merchant=merchant, payment=live.payment)
    SimulatedPlacement.objects.create(merchant=merchant, order_public_id=placed.public_id, outcome="000")
    PlacementAttempt.objects.create(merchant=merchant, order=placed, tries=1, effect="placed")
    ClockMove.objects.create(customer=customer)
    UnplannedSubscription.objects.create(merchant=merchant, subscription=live)
    Refusal.objects.create(replacement=Replacement.objects.create(product=product, **own, **lease), subscription=live)
    bulk = BulkRun.objects.create(**own, **lease, kind="order.move", answers={}, about="Move", state="done")
    activity = Activity.objects.filter(customer=customer).first()
    BulkRow.objects.create(run=bulk, subject=order.pk, customer=customer, activity=activity)
    token = ActionToken.objects.filter(customer=customer).first()
    Click.objects.create(merchant=merchant, token=token, action="reactivate", outcome="success")
    delivery = Delivery.objects.filter(event__customer=customer).first()
    Attempt.objects.create(delivery=delivery)
    account = Connection.objects.filter(merchant=merchant, integration="klaviyo").first()
    run = ProfileRun.objects.create(**own, connection=account, kind="erasure", customer=customer, at_once=1, **lease)
    ProfileRun.objects.filter(pk=run.pk).update(state="done")
    ImportJob.objects.create(run=run, remote_id="J", after=0, upto=1, profiles=1, state="complete")
    ProfileError.objects.create(
        run=run, key=customer.pk, customer=customer, identifier=EMAIL, detail=f"{EMAIL} is refused"
    )


def _add_traces(customer: Customer, placed: Order) -> None:
    merchant = customer.merchant
    own = {"merchant": merchant}
    line = {**own, "kind": "change", "who": "Sam", "at": timezone.now()}
    AuditEntry.objects.create(**line, sentence="Changed.", model="subscriptions.order", row=placed.pk, about=MARKER)
    AuditEntry.objects.create(**line, sentence=f"Took the list of {EMAIL} away.")
    request = {"method": "GET", "path": f"/api/customers/{SHOP_ID}/", "status": 200}
    ApiRequest.objects.create(**own, **request, request_id="r")
    lease = {"lease_until": timezone.now()}
    key = {**own, **request, **lease, "credential": "k", "body_hash": "h"}
    IdempotencyKey.objects.create(**key, key="1", answer={"merchant_user_id": SHOP_ID})
    IdempotencyKey.objects.create(**key | {"path": "/api/customers/create/"}, key="2", answer={"email": EMAIL})
    checkout = {**own, "actor": f.STAFF.as_json(), **lease}
    body = {"user": {"merchant_user_id": SHOP_ID, "first_name": MARKER}}
    CheckoutRequest.objects.create(**checkout, merchant_order_id="Z-1", body=body, reason="It failed.")
    CheckoutRequest.objects.create(**checkout, merchant_order_id="Z-1224", body={}, answer={"customer": 7})
    run = ImportRun.objects.create(
        **own,
        file_name="customers.csv",
        actor=f.STAFF.as_json(),
        columns=["", "merchant_user_id"],
        state="done",
        finished=timezone.now(),
        remarks=[[f"{EMAIL} is there twice.", 1, ""]],
    )
    RefusedRow.objects.create(run=run, line=2, cells=[MARKER, SHOP_ID], reason="It is so.")
    RefusedRow.objects.create(run=run, line=3, cells=["Bo", "C-1"], reason=f"“{EMAIL}” is taken.")
    GladlyRequest.objects.create(
        **own,
        connection=merchant.connections.first(),
        kind="cancel",
        outcome="done",
        found=MARKER,
        subject=customer.subscriptions.first().public_id,
        milliseconds=3,
    )
    person = {"email": EMAIL.lower(), "first_name": MARKER}
    for number, profile in enumerate([person, {"phone_number": PHONE}, {"external_id": SHOP_ID}]):
        kept = SandboxProfile.objects.create(**own, **profile)
        SandboxEvent.objects.create(
            **own, profile=kept, metric="m", unique_id=str(number), time=timezone.now(), properties={"name": MARKER}
        )
    SandboxImport.objects.create(**own, total=1, errors=[{"original_payload": {"email": EMAIL}}])
    user = f.UserFactory()
    SavedView.objects.create(**own, user=user, page="customer", name="One", query=f"q={EMAIL.lower()}")


def _mark(model: type[Model], customer: Customer) -> None:
    way = "__".join(ways_to_customer().get(model, ["pk"]))
    rows = model._base_manager.filter(**{way: customer.pk})
    assert rows.exists(), f"make_full_customer makes no {model.__name__}"
    fields = erased_fields(model) if hasattr(model, "kept_of_erased") else model._meta.concrete_fields
    names = {"email": EMAIL, "phone_number": PHONE, "merchant_user_id": SHOP_ID}
    marks = {
        field.name: names.get(field.name, _mark_of(field))
        for field in fields
        if _can_hold_mark(model, field) and not (model is not Customer and field.name in ("model",))
    }
    if marks:
        rows.update(**marks)


def _can_hold_mark(model: type[Model], field: Any) -> bool:
    is_text = isinstance(field, TEXTS) and not isinstance(field, ForeignKey)
    is_free = not field.choices and not field.generated and not field.unique
    return is_text and is_free and f"{model.__name__}.{field.name}" not in UNMARKED


def _mark_of(field: Any) -> Any:
    if isinstance(field, JSONField):
        return {"text": MARKER, "sub_total": "1.00"}
    return MARKER[: getattr(field, "max_length", None) or 99]


def find_in_database(*texts: str) -> list[str]:
    """Each `table: row` of the whole database with one of these texts, whatever the case."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            rows = [row for (row,) in cursor.fetchall()]
            found += [f"{table}: {row}" for row in rows if any(text.lower() in row.lower() for text in texts)]
    return found


def read_json(parts: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads("".join(parts))
    return told


__all__ = ["EMAIL", "MARKER", "PHONE", "SHOP_ID", "Person", "control", "find_in_database", "make_full_customer"]
