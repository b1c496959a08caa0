from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from oneclick.models import ActionToken, OneClickSettings
from oneclick.tokens.token_text import decode_nonce, encode_token
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF, ItemFactory, subscription_with_order
from tests.integrations.events import create_event


@pytest.fixture
def token() -> ActionToken:
    cancel(subscription_with_order(), actor=STAFF)
    return ActionToken.objects.get()


@pytest.mark.django_db
def test_a_token_is_url_safe_short_and_found_by_its_nonce(token):
    text = encode_token(token)
    assert len(text) == 44 and text.replace("-", "").replace("_", "").isalnum()
    assert decode_nonce(text) == token.nonce


@pytest.mark.django_db
def test_no_column_of_the_row_holds_the_usable_text(token):
    text = encode_token(token)
    row = ActionToken.objects.filter(pk=token.pk).values().get()
    assert not any(text in str(value) for value in row.values())


@pytest.mark.django_db
def test_one_changed_character_makes_a_token_invalid_without_a_query(token, django_assert_num_queries):
    text = encode_token(token)
    with django_assert_num_queries(0):
        for place in range(len(text)):
            other = "A" if text[place] != "A" else "B"
            assert decode_nonce(text[:place] + other + text[place + 1 :]) is None


@given(st.text())
def test_any_other_text_is_an_invalid_token(text):
    assert decode_nonce(text) is None


@pytest.mark.django_db
def test_undo_tokens_and_action_tokens_are_not_interchangeable(token):
    assert decode_nonce(encode_token(token, "undo")) is None
    assert decode_nonce(encode_token(token), "undo") is None


@pytest.mark.django_db
def test_the_newest_key_signs_and_older_ones_still_verify(token, settings):
    old = encode_token(token)
    settings.ONE_CLICK_KEYS = {"2": "ab" * 32, **settings.ONE_CLICK_KEYS}
    new = encode_token(token)
    assert new != old
    assert decode_nonce(new) == decode_nonce(old) == token.nonce


@pytest.mark.django_db
def test_a_retired_key_verifies_no_more(token, settings):
    old = encode_token(token)
    settings.ONE_CLICK_KEYS = {"2": "ab" * 32}
    assert decode_nonce(old) is None


@pytest.mark.django_db
def test_a_subscriptions_token_lives_for_the_merchants_number_of_days():
    subscription = subscription_with_order()
    OneClickSettings.objects.update(token_days=30)
    cancel(subscription, actor=STAFF)
    life = ActionToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=30) - timedelta(minutes=1) < life <= timedelta(days=30)


@pytest.mark.django_db
def test_a_merchant_with_1_click_off_issues_no_token():
    subscription = subscription_with_order()
    OneClickSettings.objects.update(enabled=False)
    cancel(subscription, actor=STAFF)
    assert not ActionToken.objects.exists()


@pytest.mark.django_db
def test_an_orders_token_lives_until_its_day_begins_in_the_merchants_zone():
    item = ItemFactory(order__place_date=date(2026, 12, 1))
    reminder = create_event("ordergroove.order.reminder", item)
    token = ActionToken.objects.get()
    assert (token.event, token.order, token.subscription) == (reminder, item.order, None)
    assert token.expires_at == datetime(2026, 12, 1, 5, tzinfo=UTC)
