"""Targets: how many, where, what they ask for, and their keys."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, get_ident

import pytest
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, Delivery, WebhookTarget
from integrations.webhooks import deliveries, signing_keys, targets
from subscriptions.actions import subscription as subscriptions
from subscriptions.errors import NotFound, Refused
from subscriptions.models import Merchant
from tests.factories import STAFF, ConnectionFactory, MerchantFactory
from tests.races import run_at_once

pytestmark = pytest.mark.django_db
URL = "https://93.184.216.34/hook"


def make_targets(merchant: Merchant, number: int) -> list[Connection]:
    return [targets.create_target(merchant, URL) for _ in range(number)]


def test_a_target_is_named_by_its_host_until_it_has_a_name(merchant):
    made = [*make_targets(merchant, 2), targets.create_target(merchant, URL, name="Warehouse")]
    assert [row.name for row in made] == ["93.184.216.34", "93.184.216.34 2", "Warehouse"]
    assert len({row.secret for row in made}) == 3
    assert all(len(row.secret) == 64 and row.enabled for row in made)


def test_an_eleventh_target_is_refused(merchant):
    first, *_ = make_targets(merchant, 10)
    with pytest.raises(Refused, match="10 webhook targets"):
        make_targets(merchant, 1)
    make_targets(MerchantFactory(), 1)
    targets.remove_target(first)
    make_targets(merchant, 1)
    assert targets.targets_of(merchant).count() == 10


@pytest.mark.parametrize("is_locked", [True, False])
@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_both_be_the_tenth(merchant, monkeypatch, is_locked):
    """Without the lock both are made, which shows that the race is real."""
    make_targets(merchant, 9)
    meet_after_counting(monkeypatch)
    if not is_locked:
        monkeypatch.setattr(targets, "lock_merchant", lambda _: transaction.atomic())

    def one_more() -> str:
        try:
            return targets.create_target(Merchant.objects.get(), URL, name=str(get_ident())).integration
        except Refused as refusal:
            return refusal.code

    assert sorted(run_at_once(2, one_more)) == (["too_many_targets", "webhook"] if is_locked else ["webhook"] * 2)
    assert targets.targets_of(merchant).count() == (10 if is_locked else 11)


def meet_after_counting(monkeypatch) -> None:
    """Who has counted the targets waits a moment for the other one to count them, too."""
    both, find_name = Barrier(2), targets._free_name

    def wait(*args, **options) -> str:
        with suppress(BrokenBarrierError):
            both.wait(0.3)
        return find_name(*args, **options)

    monkeypatch.setattr(targets, "_free_name", wait)


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/",
        "https://user:word@93.184.216.34/",
        *(f"https://{host}/" for host in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1")),
        *(f"https://[{host}]/" for host in ("::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1")),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(merchant, settings, url):
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = False
    with pytest.raises(Refused) as caught:
        targets.create_target(merchant, url)
    assert caught.value.code == "address_refused"
    target = targets.create_target(merchant, URL)
    with pytest.raises(Refused):
        targets.change_target(target, target_url=url)
    target.refresh_from_db()
    assert target.base_url == URL


def test_a_name_is_given_once(merchant):
    ConnectionFactory(merchant=merchant, name="Klaviyo")
    target = targets.create_target(merchant, URL, name="Warehouse")
    for make in (
        lambda: targets.create_target(merchant, URL, name="Klaviyo"),
        lambda: targets.change_target(target, name="Klaviyo"),
    ):
        with pytest.raises(Refused, match="name Klaviyo"):
            make()
    targets.change_target(target, name="Warehouse")
    targets.remove_target(target)
    targets.create_target(merchant, URL, name="Warehouse")


def test_the_merchant_knows_what_its_targets_ask_for(merchant):
    def asked() -> list[str]:
        merchant.refresh_from_db()
        return merchant.webhook_kinds

    target = targets.create_target(merchant, URL)
    assert asked() == []
    assert targets.set_filter(target, "order.create | subscription.reactivate") == (
        "order.create|subscription.change_live"
    )
    assert asked() == ["order.create", "ordergroove.subscription.reactivate"]
    other = targets.create_target(merchant, URL, pattern="item.create")
    targets.change_target(target, enabled=False)
    assert asked() == ["item.create"]
    targets.change_target(target, enabled=True)
    assert len(asked()) == 3
    targets.remove_target(other)
    assert "item.create" not in asked()


def test_an_unknown_type_is_refused_with_the_valid_ones(merchant, target):
    with pytest.raises(Refused, match=r"subscription.made.*order\.reminder") as caught:
        targets.set_filter(target, "subscription.made")
    assert caught.value.code == "unknown_event_type"
    assert WebhookTarget.objects.get().pattern == "subscription.*"


@pytest.mark.parametrize("stop", [lambda row: targets.change_target(row, enabled=False), targets.remove_target])
def test_what_waits_for_a_target_that_is_stopped_is_canceled(subscription, target, stop):
    subscriptions.change_quantity(subscription, quantity=7, actor=STAFF)
    assert Delivery.objects.filter(state="pending").count() == 1
    stop(target)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error) == ("canceled", deliveries.SWITCHED_OFF)
    subscriptions.change_quantity(subscription, quantity=8, actor=STAFF)
    assert Delivery.objects.count() == 1


def test_a_removed_target_has_no_key_and_cannot_be_changed(target):
    signing_keys.rotate_signing_key(target)
    targets.remove_target(target)
    target.refresh_from_db()
    assert (target.secret, target.target.old_secret) == ("", "")
    with pytest.raises(NotFound):
        targets.set_filter(target, "*")


def test_a_key_is_shown_once(target):
    assert signing_keys.take_signing_key(target) == target.secret
    assert signing_keys.take_signing_key(target) is None


def test_a_second_rotation_within_a_day_changes_nothing(target, noon):
    first = target.secret
    new, old, until = signing_keys.rotate_signing_key(target)
    assert (old, new != old, until) == (first, True, timezone.now() + timedelta(hours=24))
    noon.shift(timedelta(hours=23, minutes=59))
    assert signing_keys.rotate_signing_key(target) == (None, None, until)
    settings = WebhookTarget.objects.get()
    assert settings.valid_keys() == [new, old]
    noon.shift(timedelta(minutes=1))
    assert settings.valid_keys() == [new]
    assert signing_keys.take_signing_key(target) == new
    newest, old, _ = signing_keys.rotate_signing_key(target)
    assert (old, newest != new) == (new, True)
