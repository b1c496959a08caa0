"""The final answer to an order post, and the list of answers."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Event, Order, OrderStatus, PlacementAttempt
from tests.api.commerce.calls import call
from tests.api.commerce.world import NOW, PLACED, World, with_status
from tests.api.conftest import Connect
from tests.rows import read_all_rows

S = OrderStatus
WAITING = (S.PENDING_BATCH_RESPONSE, S.PENDING_VERIFICATION, S.CONNECTION_ERROR_DURING_PLACEMENT)


def finalize(client: Client, w: World, body: object, method: str = "post", **options: Any) -> Any:
    return call(client, method, f"/api/orders/{w.id('order')}/finalize_placement/", body, **options)


def outcome(w: World, status: OrderStatus, number: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "order": w.id("order"),
        "merchant": w.customer.merchant.public_id.hex,
        "status": status.value,
        "display_status": status.name,
        "error_code": number,
        "error_message": None,
        "retry": False,
        "currency_units_per_merchant_currency_unit": 1,
    } | more


@pytest.mark.parametrize("method", ["post", "patch"])
@pytest.mark.parametrize("status", WAITING)
def test_an_order_that_waits_for_its_answer_is_placed(
    api: Client, world: World, status: OrderStatus, method: str
) -> None:
    with_status(status)(world)
    answer = finalize(api, world, {"response_xml": PLACED, "processing_response_id": "p-1"}, method)
    assert (answer.status_code, answer.json()) == (200, outcome(world, S.SUCCESS))
    assert Order.objects.get(pk=world.order.pk).order_merchant_id == "1224"
    assert "ordergroove.order.success" in Event.objects.values_list("kind", flat=True)


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        ("<order><code>ERROR</code><errorCode>110</errorCode><errorMsg>No</errorMsg></order>", S.REJECTED),
        ("<order><code>ERROR</code><errorCode>140</errorCode></order>", S.CREDIT_CARD_RETRY),
        ("<order><code>ERROR</code><errorCode>30</errorCode></order>", S.CANCELLED),
        ("<order><code>ERROR</code><errorCode>999</errorCode></order>", S.GENERIC_ERROR_RESPONSE),
        ("<order><code>PROCESSING</code></order>", S.PENDING_VERIFICATION),
    ],
)
def test_another_answer_does_what_it_does_after_an_order_post(
    api: Client, world: World, xml: str, status: OrderStatus
) -> None:
    with_status(S.PENDING_VERIFICATION)(world)
    answer = finalize(api, world, {"response_xml": xml})
    assert (answer.status_code, answer.json()) == (200, outcome(world, status))


@pytest.mark.parametrize(
    ("body", "number", "code"),
    [
        ({}, 1, "answer_missing"),
        ({"response_xml": " "}, 1, "answer_missing"),
        ({"response_xml": None}, 1, "answer_missing"),
        ({"response_xml": "placed"}, 2, "answer_not_xml"),
        ({"response_xml": "<order><code>SUCCESS</code>"}, 2, "answer_not_xml"),
        ({"response_xml": "<answer/>"}, 4, "answer_not_understood"),
        ({"response_xml": "<order/>"}, 4, "answer_not_understood"),
        ({"response_xml": "<order><code>SUCCESS</code></order>"}, 4, "answer_not_understood"),
        ({"response_xml": "<!DOCTYPE order><order><code>PROCESSING</code></order>"}, 4, "answer_not_understood"),
        ({"response_xml": "<order><code>ERROR</code><errorCode>777</errorCode></order>"}, 4, "answer_not_understood"),
    ],
)
def test_a_bad_answer_is_refused_with_its_number(
    api: Client, world: World, body: dict[str, Any], number: int, code: str
) -> None:
    with_status(S.PENDING_VERIFICATION)(world)
    before = read_all_rows()
    answer = finalize(api, world, body)
    said = answer.json()["error_message"]
    assert (answer.status_code, answer["X-Error-Code"]) == (400, code)
    assert answer.json() == outcome(world, S.PENDING_VERIFICATION, number, error_message=said) and said
    assert read_all_rows() == before


@pytest.mark.parametrize("status", [status for status in S if status not in WAITING])
def test_an_order_that_waits_for_no_answer_is_refused(api: Client, world: World, status: OrderStatus) -> None:
    with_status(status)(world)
    before = read_all_rows()
    answer = finalize(api, world, {"response_xml": PLACED})
    sentence = f"An order of the status {status.name} does not wait for an answer."
    expected = outcome(world, status, 3, error_message=sentence, retry=status == S.PENDING_PLACEMENT)
    assert (answer.status_code, answer.json(), answer["X-Error-Code"]) == (400, expected, "order_not_due")
    assert read_all_rows() == before


def test_the_key_in_the_body_counts_like_the_header(api: Client, world: World) -> None:
    with_status(S.PENDING_PLACEMENT)(world)
    body = {"response_xml": PLACED, "idempotency_key": "r-1"}
    assert finalize(api, world, body).json()["retry"] is True
    # What may be sent again is not kept under its key.
    with_status(S.PENDING_VERIFICATION)(world)
    first, again = finalize(api, world, body), finalize(api, world, body)
    assert (first.status_code, again.json()) == (200, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert finalize(api, world, body | {"response_xml": "<order/>"}).status_code == 422


def attempts(w: World) -> list[PlacementAttempt]:
    """Three attempts of one minute each, the last without an answer yet."""
    answers = [("140", "Declined", "", "declined"), ("000", "Placed.", "1224", "placed"), ("", "", "", "")]
    return [
        PlacementAttempt.objects.create(
            merchant=w.customer.merchant,
            order=w.order,
            tries=number,
            started=NOW + timedelta(minutes=number),
            code=code,
            message=message,
            order_merchant_id=order_id,
            effect=effect,
            answer="<order>…</order>",
        )
        for number, (code, message, order_id, effect) in enumerate(answers)
    ]


def test_answers_come_oldest_first(api: Client, world: World, stranger: Client) -> None:
    declined, placed, _ = attempts(world)
    both = [
        {
            "public_id": row.public_id.hex,
            "order": world.id("order"),
            "response_code": row.code,
            "response_message": row.message,
            "response_order_id": order_id,
            "response_payload": "<order>…</order>",
            "transaction_response": None,
        }
        for row, order_id in ((declined, None), (placed, "1224"))
    ]
    address = "/api/placement_logs/responses/"
    assert api.get(address).json() == {"count": 2, "next": None, "previous": None, "results": both}
    first = api.get(address, {"page_size": 1}, headers={"X-OG-API-VERSION": "2"}).json()
    assert (first["results"], api.get(first["next"]).json()["results"]) == (both[:1], both[1:])
    assert stranger.get(address).json()["results"] == []
    for query, expected in (
        ({"start_date": "2026-11-20 12:01:00"}, both[1:]),
        ({"end_date": "2026-11-20 12:01:00"}, both[:1]),
        ({"start_date": "2026-11-20 12:00:00", "end_date": "2026-11-20T12:01:01"}, both),
        ({"start_date": "2026-11-21"}, []),
    ):
        assert api.get(address, query).json()["results"] == expected, query
    assert list(api.get(address, {"start_date": "yesterday"}).json()) == ["start_date"]


def test_a_page_has_up_to_a_thousand_answers(api: Client, world: World) -> None:
    said = {"page_size": ["Give a whole number from 1 to 1000."]}
    assert api.get("/api/placement_logs/responses/?page_size=0").json() == said
    rows = [
        PlacementAttempt(merchant=world.customer.merchant, order=world.order, tries=number, effect="temporary")
        for number in range(1001)
    ]
    PlacementAttempt.objects.bulk_create(rows)
    for size, expected in (("1000", 1000), ("1001", 1000), ("", 10)):
        answer = api.get("/api/placement_logs/responses/", {"page_size": size} if size else {}).json()
        assert (answer["count"], len(answer["results"])) == (1001, expected)


def test_only_a_key_with_the_right_bulk_reads_answers(connect: Connect, world: World) -> None:
    for query in ("", f"?order={world.id('order')}"):
        answer = connect("read").get(f"/api/placement_logs/responses/{query}")
        assert (answer.status_code, answer["X-Error-Code"]) == (403, "insufficient_scope")
    assert connect("read", "bulk").get("/api/placement_logs/responses/").status_code == 200
