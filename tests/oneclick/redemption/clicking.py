"""Clicks on a token, their refusals, and the recorded rows."""

import pytest

from oneclick.models import ActionToken, Click
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.success import Success
from oneclick.tokens.token_text import encode_token
from subscriptions.errors import Refused

REACTIVATE = "ordergroove.subscription.reactivate"
NOW = "2026-11-20T17:00:00Z"


def click_token(token: ActionToken, action: str = "reactivate") -> Success:
    return redeem_token(encode_token(token), action, {})


def refusal_of(call) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code, refusal.value.sentence


def recorded_clicks() -> list[tuple[str, str, bool]]:
    return list(Click.objects.order_by("id").values_list("action", "outcome", "replayed"))
