"""The table of order statuses, and the one function that changes a status by it."""

import pytest

from subscriptions.actions.order_status import set_status
from subscriptions.models import Effect, Order, OrderStatus, statuses_where
from subscriptions.models.order_status import HISTORIC_STATUSES, STATUS_ROWS
from tests.actions.random_actions import PATHS

S = OrderStatus
RESULTS = {3, 4, 5, 10, 12, 13, 14, 15, 18, 19}
# By the REST contract, sections 6.5 and 7. To 1 from a failed order or one sent now: all of it waits for stock.
STEPS: dict[int, set[int]] = {
    1: {4, 6, 11, 17},
    3: {18},
    4: {1},
    5: set(),
    6: {1, 11},
    9: RESULTS,
    10: RESULTS,
    11: RESULTS,
    12: {1, 3, 11},
    13: {*RESULTS, 11},
    14: RESULTS,
    15: {1, 3, 4, 11},
    17: {1},
    18: {1, 3, 4, 11},
    19: {3, 18},
    20: set(),
}


def test_every_status_has_a_row() -> None:
    assert set(STATUS_ROWS) == set(OrderStatus)
    assert not {*HISTORIC_STATUSES} & {*OrderStatus.values}


def test_every_effect_of_an_attempt_brings_the_order_to_one_status() -> None:
    brought = [row.effect for row in STATUS_ROWS.values() if row.effect]
    assert sorted(brought) == sorted(Effect)
    assert all(STATUS_ROWS[effect.status].effect is effect for effect in Effect)


def test_the_rows_agree_with_each_other() -> None:
    for status, row in STATUS_ROWS.items():
        assert row.in_placement or not (row.trying or row.held or row.each_run or row.settled_by_staff), status
        assert row.each_minute or not row.timed, status
        assert row.awaits_result == (S.SUCCESS in row.leads_to), status
        assert row.awaits_result or not row.settled_by_staff, status
        assert S.PENDING_PLACEMENT in row.leads_to or not row.each_run, status
        assert S.REJECTED in row.leads_to or not row.gives_way, status
        assert S.CANCELLED in row.leads_to or not row.changeable, status


def test_the_properties_are_those_of_the_contract() -> None:
    assert statuses_where(lambda row: row.changeable) == [1, 15, 18]
    assert statuses_where(lambda row: row.gives_way) == [12, 15, 18]
    assert statuses_where(lambda row: row.each_run) == [6, 12, 13, 15]
    assert statuses_where(lambda row: row.timed) == [18, 19]
    assert statuses_where(lambda row: row.settled_by_staff) == [10, 14]
    assert statuses_where(lambda row: row.may_wait_for_stock) == [1, 6, 12, 15, 18]
    assert statuses_where(lambda row: S.UNSENT in row.leads_to) == [6, 12, 15, 18, 4, 17]


def test_the_steps_are_those_of_the_contract_and_random_sequences_take_no_others() -> None:
    assert {status: set(row.leads_to) for status, row in STATUS_ROWS.items()} == STEPS
    for status, reached in PATHS.items():
        assert reached <= STATUS_ROWS[status].leads_to, status


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_takes_the_steps_of_the_table_and_no_others(status: OrderStatus) -> None:
    for wanted in OrderStatus:
        order = Order(status=status)
        if wanted in STEPS[status]:
            set_status(order, wanted)
            assert order.status == wanted
        else:
            with pytest.raises(ValueError, match="an order cannot go from"):
                set_status(order, wanted)
            assert order.status == status
