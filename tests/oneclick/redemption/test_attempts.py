"""A client without an answer retries under the same attempt name and gets the first result."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from subscriptions.models import Item
from tests.oneclick.shop import result_of

LATER = timedelta(minutes=20)
UPSELL = {"og_product_id": "HON-1"}


@pytest.fixture
def token(shop):
    return shop.order_token()


@pytest.fixture
def first(shop, token):
    """The first answer, which the client did not get."""
    return shop.post("upsell", token, **UPSELL, attempt="a1")


def post_again(shop, token, **fields):
    with time_machine.travel(timezone.now() + LATER, tick=False):
        return shop.post("upsell", token, **fields)


def test_the_same_attempt_is_answered_like_the_first_however_late(shop, token, first):
    answer = post_again(shop, token, **UPSELL, attempt="a1")
    assert result_of(answer) == result_of(first)
    assert answer.json()["replayed"] is True
    assert answer.json()["undo"] is None
    assert Item.objects.filter(product=shop.product).count() == 1


@pytest.mark.parametrize("fields", [{**UPSELL, "attempt": "a2"}, {**UPSELL, "attempt": ""}, UPSELL])
def test_another_attempt_is_another_click(shop, token, first, fields):
    assert result_of(post_again(shop, token, **fields))[1] == "token_already_used"


def test_the_same_attempt_name_for_another_request_is_another_click(shop, token, first):
    answer = post_again(shop, token, **UPSELL, og_quantity="2", attempt="a1")
    assert result_of(answer)[1] == "token_already_used"


def test_an_attempt_undone_meanwhile_is_not_reported_as_done(shop, token, first):
    shop.undo(first)
    assert result_of(post_again(shop, token, **UPSELL, attempt="a1"))[1] == "token_already_used"


def test_a_click_without_an_attempt_name_is_never_replayed(shop, token):
    shop.post("upsell", token, **UPSELL)
    assert result_of(post_again(shop, token, **UPSELL, attempt=""))[1] == "token_already_used"


def test_a_long_attempt_name_counts_by_its_beginning(shop, token):
    shop.post("upsell", token, **UPSELL, attempt="x" * 500)
    assert post_again(shop, token, **UPSELL, attempt="x" * 32).json()["replayed"] is True
