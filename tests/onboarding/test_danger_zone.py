"""What an owner can do to a merchant as a whole: pause it, hand it over, delete it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Delivery
from integrations.outbox import notify_connections
from integrations.sending.queue import sendable_connections
from subscriptions.actions import subscription as verbs
from subscriptions.actions.merchant_deletion import owned_models
from subscriptions.jobs import dispatch, runs
from subscriptions.models import AuditEntry, JobRun, Membership, Merchant, Order, OrderStatus, Role
from tests import factories as f
from tests.admin.conftest import login as login
from tests.admin.conftest import make_world
from tests.rows import read_all_rows

Login = Callable[..., Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = f.MerchantFactory(name="Bean & Co", is_test=False, created="2026-11-01T00:00Z")
    return made


def page_of(merchant: Merchant, page: str) -> str:
    return f"/admin/subscriptions/merchant/{merchant.pk}/{page}/"


def press(client: Client, merchant: Merchant, verb: str, **answers: object) -> Any:
    return client.post(page_of(merchant, verb), {"name": merchant.name} | answers)


def find_work(merchant: Merchant) -> tuple[bool, bool, bool, bool]:
    """Whether a worker would find: a run that is due, one that has begun, an order to post, and a connection."""
    runs.begin_due_runs()
    has_new = JobRun.objects.filter(merchant=merchant, job="placement").exists()
    started = JobRun.objects.get(merchant=merchant, job="reminders", local_date=timezone.now().date())
    runs.continue_run(started.pk)
    started.refresh_from_db()
    has_order = dispatch._waiting(dispatch._live()).filter(merchant=merchant).exists()
    return has_new, started.state == "done", has_order, sendable_connections().filter(merchant=merchant).exists()


@pytest.mark.time_machine("2026-12-01 22:00:00+00:00", tick=False)
def test_a_paused_shop_places_and_sends_nothing_until_it_is_resumed(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    account = f.ConnectionFactory(merchant=merchant)
    f.subscription_with_order(customer__merchant=merchant)
    Order.objects.update(status=OrderStatus.PENDING_PLACEMENT)
    today = timezone.now().date()
    JobRun.objects.create(merchant=merchant, job="reminders", local_date=today)
    press(client, merchant, "pause-shop", name="bean & co")
    assert find_work(merchant) == (False, False, False, False)
    verbs.cancel(f.subscription_with_order(customer__merchant=merchant), actor=f.STAFF)
    assert Delivery.objects.filter(connection=account, state="pending").exists()
    notify_connections(merchant.pk)
    account.refresh_from_db()
    assert not account.wake_requested
    Connection.objects.update(wake_requested=True)  # by a task that has found nothing
    assert "PAUSED" in client.get("/admin/roles/").text

    assert "The shop is paused. Resume it" in client.post("/admin/jobs/placement/run/", follow=True).text

    press(client, merchant, "resume-shop")
    assert find_work(merchant) == (True, True, True, True)
    assert "PAUSED" not in client.get("/admin/roles/").text
    assert [line.sentence for line in AuditEntry.objects.order_by("pk")] == ["Paused the shop.", "Resumed the shop."]


def test_other_shops_go_on_while_one_is_paused(merchant: Merchant) -> None:
    other = f.ConnectionFactory(merchant=f.MerchantFactory())
    Merchant.objects.filter(pk=merchant.pk).update(paused_at=timezone.now())
    assert list(sendable_connections()) == [other]


@pytest.mark.parametrize("verb", ["pause-shop", "hand-over", "delete-merchant"])
def test_nothing_happens_without_the_name(verb: str, merchant: Merchant, login: Login) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(is_test=True)
    client = login(merchant)
    kim = f.MembershipFactory(merchant=merchant, role="support")
    before = read_all_rows()
    answer = press(client, merchant, verb, name="Bean", new_owner=kim.pk, own_role="support")
    assert "Enter Bean &amp; Co to confirm." in answer.text
    assert read_all_rows() == before


def test_what_is_at_stake_is_counted_before(merchant: Merchant, login: Login) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(is_test=True)
    client = login(merchant)
    f.subscription_with_order(timezone.now().date(), customer__merchant=merchant)
    f.subscription_with_order(timezone.now().date() + timedelta(days=9), customer__merchant=merchant)
    f.subscription_with_order(timezone.now().date())
    assert "Orders due by tomorrow: 1. Events on their way: 0." in client.get(page_of(merchant, "pause-shop")).text
    expected = "Deletes customers (2), subscriptions (2), orders (2), events (0), team members (1)."
    assert expected in client.get(page_of(merchant, "delete-merchant")).text


def test_a_shop_is_handed_over_in_one_act(merchant: Merchant, login: Login) -> None:
    client = login(merchant, username="ann")
    kim = f.MembershipFactory(merchant=merchant, role="support", user__username="kim")
    foreign = f.MembershipFactory()
    refused = press(client, merchant, "hand-over", new_owner=foreign.pk, own_role="support")
    assert "Select a valid choice" in refused.text
    press(client, merchant, "hand-over", new_owner=kim.pk, own_role="support")
    roles = dict(Membership.objects.filter(merchant=merchant).values_list("user__username", "role"))
    assert roles == {"ann": Role.SUPPORT, "kim": Role.OWNER}
    assert AuditEntry.objects.latest("pk").sentence == "Made kim an owner, and themselves Support."
    assert press(client, merchant, "pause-shop").status_code == 403


def test_a_live_merchant_is_not_deleted(merchant: Merchant, login: Login) -> None:
    client = login(merchant)
    assert "delete-merchant" not in client.get(page_of(merchant, "change")).text
    press(client, merchant, "delete-merchant")
    assert Merchant.objects.filter(pk=merchant.pk).exists()


def test_of_a_deleted_test_merchant_no_row_is_left_and_others_lose_none(login: Login) -> None:
    make_world("Home")
    client = login(f.MerchantFactory())
    before = read_all_rows()
    world = make_world("Away")
    f.MembershipFactory(merchant=world.merchant, user_id=client.session["_auth_user_id"])
    client.post("/admin/merchant/switch/", {"merchant": world.merchant.pk})
    Merchant.objects.filter(pk=world.merchant.pk).update(is_test=True)
    assert world.rows.keys() <= {*owned_models(), Merchant}
    answer = press(client, world.merchant, "delete-merchant")
    assert answer.status_code == 302
    connection.check_constraints()
    after = read_all_rows()
    assert {table: rows for table, rows in after.items() if rows != before.get(table)} == {}
