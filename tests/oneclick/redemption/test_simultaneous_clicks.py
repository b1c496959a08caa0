"""Of many simultaneous clicks one acts."""

import threading

import pytest
from django.db import IntegrityError

from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.redemption.locked_token import TOKEN
from oneclick.redemption.redeem import redeem_token
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import core
from subscriptions.actions.subscription import cancel
from subscriptions.errors import Busy, Refused
from subscriptions.models import Activity, Customer, Event
from tests.factories import STAFF, subscription_with_order
from tests.oneclick.redemption.clicking import REACTIVATE, click_token
from tests.races import holding_locks, run_at_once


def redeem_at_once(token: ActionToken, number: int) -> list[str]:
    """`number` threads redeem the same token together; the sorted results: `acted`, `replayed` or the code."""
    text = encode_token(token)

    def run() -> str:
        try:
            return "replayed" if redeem_token(text, "reactivate", {}).replayed else "acted"
        except Refused as refusal:
            return refusal.code
        except IntegrityError:
            return "IntegrityError"

    return sorted(run_at_once(number, run))


@pytest.fixture
def committed_token(transactional_db) -> ActionToken:
    cancel(subscription_with_order(), actor=STAFF)
    # Fifty clicks take longer than the usual window on a slow machine.
    OneClickSettings.objects.update(replay_seconds=600)
    return ActionToken.objects.get()


def test_a_click_waits_for_whoever_changes_the_customer(committed_token):
    with holding_locks(Customer.objects.all()), pytest.raises(Busy):
        click_token(committed_token)
    assert not Click.objects.exists()


def test_of_fifty_simultaneous_clicks_one_acts_and_the_others_replay_its_result(committed_token):
    activities = Activity.objects.count()
    assert redeem_at_once(committed_token, 50) == ["acted"] + ["replayed"] * 49
    assert Activity.objects.count() == activities + 1
    assert Event.objects.filter(kind=REACTIVATE).count() == 1


def test_of_fifty_simultaneous_clicks_without_a_window_forty_nine_are_refused(committed_token):
    OneClickSettings.objects.update(replay_seconds=0)
    activities = Activity.objects.count()
    assert redeem_at_once(committed_token, 50) == ["acted"] + ["token_already_used"] * 49
    assert Activity.objects.count() == activities + 1
    assert Event.objects.filter(kind=REACTIVATE).count() == 1


def test_without_the_lock_two_clicks_both_pass_their_checks(committed_token, monkeypatch):
    """The control: the races above are real. Here only the database's constraint stops the second action."""
    both_read, reread = threading.Barrier(2), core.reload_subject

    def lock_nothing(nonce):
        return ActionToken.objects.get(nonce=nonce)

    def read_together(subject, customer):
        found = reread(subject, customer)
        both_read.wait(timeout=10)
        return found

    monkeypatch.setattr(TOKEN, "get", lock_nothing)
    monkeypatch.setattr(core, "reload_subject", read_together)
    assert redeem_at_once(committed_token, 2) == ["IntegrityError", "acted"]
