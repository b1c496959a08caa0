"""Who may call what: the column "scope" of the contract's tables, row by row."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.test import Client

from subscriptions.models import Merchant, Subscription
from tests.api.catalogue.rows import (
    DENIED,
    MISSING,
    add_to_group,
    create_entitlement,
    create_incentive,
    create_offer,
    create_resource,
    send,
    signed_client,
)
from tests.factories import CancelReasonFactory, CustomerFactory, MerchantFactory, subscription_with_order

NOT_FOUND = (404, {"detail": "Not found"})
NOT_FOUND_STOP = (404, {"detail": "Not found."})


class Operation(NamedTuple):
    """`scopes` as in the contract; `missing`: the answer about an object of another merchant, if the path has one."""

    method: str
    path: str
    scopes: str
    missing: Any = None


OPERATIONS = [
    Operation("get", "/products/", "AS"),
    Operation("get", "/products/{product}/", "AS", MISSING),
    Operation("get", "/products/product_id/{product}", "AS", MISSING),
    Operation("patch", "/products/{product}/", "A", MISSING),
    Operation("post", "/products-batch/create/", "A"),
    Operation("patch", "/products-batch/update/", "A"),
    Operation("get", "/products/{product}/relationships/", "A", MISSING),
    Operation("get", "/products/{product}/sku_swap/beans", "AS", MISSING),
    Operation("get", "/offer_profiles/", "A"),
    Operation("get", "/one_time_incentives/", "A*S"),
    Operation("get", "/one_time_incentives/{incentive}/", "AS", NOT_FOUND),
    Operation("post", "/one_time_incentives/create/", "A"),
    Operation("patch", "/one_time_incentives/{incentive}/update/", "A", NOT_FOUND),
    Operation("delete", "/one_time_incentives/{incentive}/delete/", "A", NOT_FOUND),
    Operation("get", "/entitlements/", "A*S"),
    Operation("post", "/entitlements/{entitlement}/modify_expiration/", "A", MISSING),
    Operation("post", "/resources/create/", "A"),
    Operation("patch", "/resources/{resource}/update/", "A", NOT_FOUND_STOP),
    Operation("post", "/products/{product}/resource_grants/manage/", "A", MISSING),
    Operation("get", "/product_groups/", "A"),
    Operation("post", "/product_groups/create/", "A"),
    Operation("patch", "/product_groups/sku_swap/beans/", "A", MISSING),
    Operation("get", "/resources/", "A"),
    Operation("get", "/resources/{resource}/", "A", NOT_FOUND_STOP),
    Operation("get", "/merchant/cancel_reason/", "A"),
]
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
LISTS = [each for each in OPERATIONS if each.method == "get" and "{" not in each.path]


@pytest.fixture
def row(merchant: Merchant) -> Subscription:
    """A subscription with everything the paths name."""
    made = subscription_with_order(customer__merchant=merchant)
    add_to_group(made.product, "sku_swap", "beans")
    create_offer(merchant)
    create_incentive(made.items.get().order)
    create_entitlement(made, create_resource(merchant))
    CancelReasonFactory(merchant=merchant, code=8)
    return made


def path_of(operation: Operation, row: Subscription) -> str:
    return operation.path.format(
        product=row.product.external_product_id,
        incentive=row.customer.incentives.get().public_id.hex,
        resource=row.merchant.resources.get().public_id.hex,
        entitlement=row.entitlements.get().public_id.hex,
    )


@EACH
def test_each_credential_gets_what_its_column_says(
    operation: Operation, api: Client, row: Subscription, merchant: Merchant
) -> None:
    customer = row.customer.merchant_user_id
    clients = {
        "A": api,
        "S": signed_client(merchant, customer),
        "R": signed_client(merchant, customer, recognized=True),
    }
    path = path_of(operation, row)
    for scope, client in clients.items():
        answer = send(client, operation.method, path)
        assert (answer == DENIED) is (scope not in operation.scopes), (scope, answer)
        assert answer[0] not in (404, 405, 500), (scope, answer)
    assert send(Client(), operation.method, path) == DENIED


@EACH
def test_the_slash_at_the_end_is_optional(operation: Operation, api: Client, row: Subscription) -> None:
    path = path_of(operation, row).rstrip("/")
    if operation.method == "get":
        assert send(api, "get", path) == send(api, "get", f"{path}/")
    else:
        assert send(api, operation.method, path)[0] not in (301, 404, 405)


@EACH
def test_objects_of_another_merchant_are_missing(operation: Operation, stranger: Client, row: Subscription) -> None:
    status, body = send(stranger, operation.method, path_of(operation, row))
    if operation.missing:
        assert (status, body) == operation.missing
    elif operation in LISTS:
        assert (status, body["results"]) == (200, [])


@EACH
def test_reading_and_writing_are_rights_of_their_own(
    operation: Operation, connect: Callable[..., Client], row: Subscription
) -> None:
    right = "read" if operation.method == "get" else "write"
    lacking = connect(*{"read", "write", "bulk"} - {right})
    assert send(lacking, operation.method, path_of(operation, row)) == DENIED


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if "*" in each.scopes], ids=lambda each: each.path)
def test_a_list_across_customers_needs_bulk_or_a_pin(
    operation: Operation, connect: Callable[..., Client], merchant: Merchant, row: Subscription
) -> None:
    other = subscription_with_order(customer__merchant=merchant)
    create_incentive(other.items.get().order)
    create_entitlement(other, merchant.resources.get())
    client, item = connect("read"), row.items.get()
    assert send(client, "get", operation.path) == DENIED
    assert len(send(connect("read", "bulk"), "get", operation.path)[1]["results"]) == 2
    for pin, value in {
        "customer": row.customer.merchant_user_id,
        "merchant_user_id": row.customer.merchant_user_id,
        "email": row.customer.email.upper(),
        "subscription": row.public_id.hex,
        "order": item.order.public_id.hex,
    }.items():
        (found,) = send(client, "get", f"{operation.path}?{pin}={value}")[1]["results"]
        assert (found.get("customer") or found["merchant_user_id"]) == row.customer.merchant_user_id, pin
        assert send(client, "get", f"{operation.path}?{pin}=nobody")[1]["results"] == [], pin


@pytest.mark.parametrize("path", ["/one_time_incentives/", "/entitlements/"])
def test_a_storefront_sees_its_own_customer_alone(path: str, merchant: Merchant, row: Subscription) -> None:
    stranger = CustomerFactory(merchant=merchant)
    own = signed_client(merchant, row.customer.merchant_user_id)
    assert len(send(own, "get", path)[1]["results"]) == 1
    other = signed_client(merchant, stranger.merchant_user_id)
    assert send(other, "get", f"{path}?customer={row.customer.merchant_user_id}")[1]["results"] == []


def test_another_customers_incentive_is_missing(merchant: Merchant, row: Subscription) -> None:
    incentive = row.customer.incentives.get().public_id.hex
    other = signed_client(merchant, CustomerFactory(merchant=merchant).merchant_user_id)
    assert send(other, "get", f"/one_time_incentives/{incentive}/") == NOT_FOUND
    own = signed_client(merchant, row.customer.merchant_user_id)
    assert send(own, "get", f"/one_time_incentives/{incentive}/")[0] == 200


def test_the_signature_of_another_merchant_opens_nothing(merchant: Merchant, row: Subscription) -> None:
    foreign = signed_client(MerchantFactory(), row.customer.merchant_user_id)
    assert send(foreign, "get", f"/products/{row.product.external_product_id}/") == MISSING


def test_the_schema_shows_the_404_of_each_view(db: None) -> None:
    paths = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()["paths"]
    for path, body in {
        "/api/one_time_incentives/{id}/": NOT_FOUND[1],
        "/api/resources/{id}/": NOT_FOUND_STOP[1],
        "/api/products/{id}/": MISSING[1],
    }.items():
        assert paths[path]["get"]["responses"]["404"]["content"]["application/json"]["example"] == body
