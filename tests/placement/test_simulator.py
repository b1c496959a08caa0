"""The simulator, whose outcomes staff choose."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections

from subscriptions.models import Effect, GatewaySettings, OrderStatus, SimulatedOutcome, SimulatedPlacement
from subscriptions.placement import simulator
from subscriptions.placement.gateway import PlacementRequest
from subscriptions.placement.results import RESULT_CODES, PlacementResult
from subscriptions.placement.simulator import Simulator
from tests.factories import MerchantFactory
from tests.placement.orders import create_known_order, create_live_merchant, create_request, take_snapshot

Outcome = SimulatedOutcome.Outcome
EXPECTED = {
    Outcome.APPROVE: OrderStatus.SUCCESS,
    Outcome.UNKNOWN_CODE: OrderStatus.RESPONSE_PROCESSING_ERROR,
    Outcome.TIMEOUT: OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
    Outcome.LOST: OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
    Outcome.SERVER_ERROR: OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
    Outcome.GARBAGE: OrderStatus.RESPONSE_PROCESSING_ERROR,
}


def choose_outcome(request: PlacementRequest, outcome: str, **fields: object) -> SimulatedOutcome:
    """An outcome for the request's payment, unless `fields` name a product."""
    target = fields if "product" in fields else fields | {"payment": request.order.payment}
    return SimulatedOutcome.objects.create(merchant=request.merchant, outcome=outcome, **target)


def place_order(request: PlacementRequest) -> PlacementResult:
    return Simulator().place(request)


def simulated_order(request: PlacementRequest) -> SimulatedPlacement:
    return SimulatedPlacement.objects.get(merchant=request.merchant, order_public_id=request.order.public_id)


@pytest.mark.django_db
class TestOutcomes:
    def test_an_order_is_placed_unless_something_else_was_chosen(self):
        request = create_request()
        answer = place_order(request)
        assert (answer.effect, answer.http_status) == (Effect.PLACED, 200)
        assert simulated_order(request).order_merchant_id == answer.order_id != ""

    @pytest.mark.parametrize("kind", ["xml", "json"])
    @pytest.mark.parametrize("outcome", Outcome)
    def test_each_simulated_outcome_is_handled_like_a_real_answer(self, outcome, kind):
        merchant = MerchantFactory()
        GatewaySettings.objects.create(merchant=merchant, kind=kind, url="https://platform.test/")
        request = create_request(merchant)
        choose_outcome(request, outcome)
        answer = place_order(request)
        expected = EXPECTED.get(outcome) or RESULT_CODES[outcome].effect.status
        assert (answer.effect.status, simulated_order(request).outcome) == (expected, outcome)
        assert answer.request.startswith("<?xml" if kind == "xml" else '{"order"')

    def test_every_code_of_a_platform_can_be_simulated(self):
        assert {code.text for code in RESULT_CODES.values() if code.replied} <= set(Outcome.values)

    def test_a_placed_order_is_not_placed_again(self):
        request = create_request()
        first, again = place_order(request), place_order(request)
        assert first.order_id == again.order_id
        assert simulated_order(request).times_asked == 2

    def test_an_order_whose_answer_was_lost_has_been_placed(self):
        request = create_request()
        choose_outcome(request, Outcome.LOST)
        assert place_order(request).effect is Effect.NO_ANSWER
        assert place_order(request).order_id == simulated_order(request).order_merchant_id != ""

    def test_an_order_that_timed_out_has_not_been_placed(self):
        request = create_request()
        choose_outcome(request, Outcome.TIMEOUT)
        assert [place_order(request).effect for _ in range(2)] == [Effect.NO_ANSWER] * 2
        assert simulated_order(request).order_merchant_id == ""

    def test_an_outcome_may_apply_to_the_first_attempts_only(self):
        request = create_request()
        choose_outcome(request, Outcome.DECLINE, times=2)
        effects = [place_order(request).effect for _ in range(3)]
        assert effects == [Effect.DECLINED, Effect.DECLINED, Effect.PLACED]

    def test_a_payments_outcome_overrides_a_products_and_the_first_item_the_next(self):
        request = take_snapshot(create_known_order(create_live_merchant()))
        first, second = request.items
        choose_outcome(request, Outcome.CANCEL, product=second.product)
        assert place_order(request).effect is Effect.CALLED_OFF
        choose_outcome(request, Outcome.TEMPORARY, product=first.product)
        assert place_order(request).effect is Effect.TEMPORARY
        choose_outcome(request, Outcome.DECLINE)
        assert place_order(request).effect is Effect.DECLINED

    def test_another_merchants_choices_and_orders_are_its_own(self):
        request = create_request()
        choose_outcome(create_request(), Outcome.DECLINE)
        assert place_order(request).effect is Effect.PLACED
        assert SimulatedPlacement.objects.filter(merchant=request.merchant).count() == 1

    def test_a_slow_answer_takes_its_time(self):
        request = create_request()
        choose_outcome(request, Outcome.APPROVE, milliseconds=60)
        start = time.monotonic()
        assert place_order(request).effect is Effect.PLACED
        assert time.monotonic() - start >= 0.06


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_for_one_order_place_it_once_and_are_all_counted():
    request = create_request()

    def post(_: int) -> PlacementResult:
        try:
            return place_order(request)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(16)))
    assert {answer.order_id for answer in answers} == {simulated_order(request).order_merchant_id}
    assert simulated_order(request).times_asked == 16


@pytest.mark.django_db(transaction=True)
class TestLostDatabase:
    """A real platform would not share the outage of the portal's database."""

    @pytest.fixture
    def request_of_lost_session(self, monkeypatch):
        monkeypatch.setattr(simulator, "PAUSE_SECONDS", 0)
        request = create_request()
        other = connections["default"].copy()
        with connection.cursor() as cursor, other.cursor() as beside:
            cursor.execute("SELECT pg_backend_pid()")
            beside.execute("SELECT pg_terminate_backend(%s, 5000)", cursor.fetchone())
        other.close()
        yield request
        connection.close()

    def test_an_order_is_placed_over_a_new_connection(self, request_of_lost_session):
        answer = place_order(request_of_lost_session)
        assert answer.effect is Effect.PLACED
        assert simulated_order(request_of_lost_session).order_merchant_id == answer.order_id

    def test_the_simulator_does_not_wait_for_ever(self, request_of_lost_session, monkeypatch):
        monkeypatch.setattr(simulator, "PATIENCE_SECONDS", 0)
        with pytest.raises(OperationalError):
            place_order(request_of_lost_session)
