"""An owner decides what marketing and support may do: one table for buttons, bulk changes, undo and direct POSTs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.actions.undo import UNDOS
from subscriptions.admin.bulk import rights
from subscriptions.jobs.bulk_runs import continue_run
from subscriptions.models import (
    Activity,
    Address,
    BulkRun,
    CheckoutRequest,
    Customer,
    Entitlement,
    Item,
    Merchant,
    OneTimeIncentive,
    Order,
    Payment,
    Role,
    RoleSwitch,
    Subscription,
)
from subscriptions.staff.roles import ON_CUSTOMERS, SWITCHED_RIGHTS, Right
from subscriptions.staff.site import site
from subscriptions.staff.undo_urls import UNDO_RIGHTS
from tests import factories as f
from tests.admin.conftest import World
from tests.admin.pages import visible_text
from tests.admin.test_bulk_changes import press
from tests.admin.test_roles import BEFORE, address, make_one_time
from tests.rows import read_all_rows

Login = Callable[..., Client]
ROLES = "/admin/roles/"
SWITCH_OF = {
    Right.CANCEL: [(Subscription, "cancel"), (Order, "cancel")],
    Right.REACTIVATE: [(Subscription, "reactivate")],
    Right.SKIP: [(Subscription, "skip"), (Order, "skip")],
    Right.CHANGE_DATE: [(Subscription, "change-date"), (Order, "change-date")],
    Right.SEND_NOW: [(Subscription, "send-now"), (Order, "send-now")],
    Right.SWAP: [(Subscription, "swap"), (Item, "swap")],
    Right.QUANTITY: [
        *((Subscription, verb) for verb in ("change-quantity", "change-frequency")),
        (Item, "change-quantity"),
    ],
    Right.CONTENTS: [(Order, "add-product"), (Item, "subscribe"), (Item, "remove")],
    Right.PRICES: [(Subscription, "change-price"), (Subscription, "change-offer"), (Item, "change-price")],
    Right.INCENTIVES: [
        *((Order, verb) for verb in ("give-discount", "add-gift")),
        *((OneTimeIncentive, verb) for verb in ("change-incentive", "remove-incentive")),
    ],
    Right.PREPAID: [(Subscription, "make-prepaid"), (Subscription, "change-renewal")],
    Right.FAILED: [
        *((Order, verb) for verb in ("retry", "give-up", "rescue", "placed", "not-placed")),
        (CheckoutRequest, "try-again"),
    ],
    Right.PAYMENTS: [
        *((Payment, verb) for verb in ("use-for-all", "replace", "retire", "reuse")),
        *((model, "change-card") for model in (Subscription, Order)),
        (Customer, "add-payment"),
    ],
    Right.ADDRESSES: [
        *((Address, verb) for verb in ("use-for-all", "correct", "retire", "reuse")),
        *((model, "change-address") for model in (Subscription, Order)),
        (Customer, "add-address"),
    ],
    Right.CONTACT: [(Customer, "change-contact")],
    Right.TAGS: [(Customer, "change-tags")],
    Right.NOTES: [(Customer, "write-note")],
    Right.ACCESS: [(Customer, "grant-access"), (Entitlement, "change-end"), (Entitlement, "revoke")],
}


def switch(merchant: Merchant, role: str, allowed: bool, *chosen: str) -> None:
    for right in chosen:
        RoleSwitch.objects.create(merchant=merchant, role=role, right=right, allowed=allowed)


def test_each_act_on_a_customer_hangs_on_one_switch() -> None:
    found: dict[Right, set[tuple[type[Model], str]]] = {}
    for model, one in site._registry.items():
        for button in one.buttons:
            found.setdefault(button.right, set()).add((model, button.verb))
    acts = {right: buttons for right, buttons in found.items() if right in ON_CUSTOMERS}
    assert acts == {right: set(buttons) for right, buttons in SWITCH_OF.items()}


def test_each_bulk_change_and_each_undo_hangs_on_a_switch() -> None:
    assert set(rights.DO) == set(BULK_KINDS)
    assert set(rights.DO.values()) | set(UNDO_RIGHTS.values()) <= set(ON_CUSTOMERS)
    assert set(UNDO_RIGHTS) == set(UNDOS)


@pytest.mark.parametrize("right", SWITCH_OF)
def test_what_is_switched_off_is_neither_shown_nor_done(right: Right, own: World, login: Login) -> None:
    switch(own.merchant, Role.SUPPORT, False, right)
    support = login(own.merchant, Role.SUPPORT)
    for model, verb in SWITCH_OF[right]:
        prepare = make_one_time if (model, verb) == (Order, "cancel") else BEFORE.get(verb, lambda row: row)
        row = prepare(own.rows[model])
        before = read_all_rows()
        statuses = [support.get(address(row, verb)).status_code, support.post(address(row, verb)).status_code]
        assert (verb, statuses) == (verb, [403, 403])
        assert read_all_rows() == before
        assert address(row, verb).encode() not in support.get(address(row, "change"), follow=True).content


def test_what_is_switched_on_is_shown_and_done(own: World, login: Login) -> None:
    row, marketing = own.rows[Subscription], login(own.merchant, Role.MARKETING)
    assert marketing.post(address(row, "skip")).status_code == 403
    switch(own.merchant, Role.MARKETING, True, Right.SKIP)
    assert address(row, "skip").encode() in marketing.get(address(row, "change")).content
    assert marketing.post(address(row, "skip")).status_code == 302
    assert Activity.objects.filter(merchant=own.merchant, verb="order.skip").get().actor_name.startswith("staff")


def test_who_may_skip_but_not_cancel_does_the_one_and_not_the_other(own: World, login: Login) -> None:
    row = own.rows[Subscription]
    switch(own.merchant, Role.SUPPORT, False, Right.CANCEL)
    support = login(own.merchant, Role.SUPPORT)
    assert support.post(address(row, "cancel"), {"text": "too much"}).status_code == 403
    assert Subscription.objects.get(pk=row.pk).live
    assert support.post(address(row, "skip")).status_code == 302
    assert Activity.objects.filter(customer=row.customer_id, verb="order.skip").exists()


def test_a_switch_is_for_its_role_at_its_merchant_only(own: World, foreign: World, login: Login) -> None:
    switch(foreign.merchant, Role.SUPPORT, False, Right.SKIP)
    switch(own.merchant, Role.MARKETING, False, Right.SKIP)
    assert login(own.merchant, Role.SUPPORT).get(address(own.rows[Subscription], "skip")).status_code == 200


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.OWNER])
def test_what_owner_and_read_only_may_do_cannot_be_switched(role: str, own: World, login: Login) -> None:
    switch(own.merchant, role, role == Role.READ_ONLY, Right.SKIP)
    expected = 200 if role == Role.OWNER else 403
    assert login(own.merchant, role).get(address(own.rows[Subscription], "skip")).status_code == expected


def test_a_right_without_a_switch_cannot_be_given_away(own: World, login: Login) -> None:
    switch(own.merchant, Role.SUPPORT, True, Right.SETTINGS)
    assert login(own.merchant, Role.SUPPORT).post(ROLES, {"support-bulk": "on"}).status_code == 403


def test_the_switches_are_read_once_for_a_page(own: World, login: Login) -> None:
    support = login(own.merchant, Role.SUPPORT)
    with CaptureQueriesContext(connection) as queries:
        support.get(address(own.rows[Customer], "change"))
    assert sum("roleswitch" in query["sql"] for query in queries) == 1


# Bulk changes and undo.


def test_many_are_changed_by_those_only_who_may_change_one(own: World, login: Login) -> None:
    row, support = own.rows[Subscription], login(own.merchant, Role.SUPPORT)
    listed = "/admin/subscriptions/subscription/"
    switch(own.merchant, Role.SUPPORT, True, Right.BULK)
    switch(own.merchant, Role.SUPPORT, False, Right.CANCEL)
    offered = [name for name, _ in support.get(listed).context["action_form"].fields["action"].choices]
    assert "subscription.skip" in offered
    assert "subscription.cancel" not in offered
    before = read_all_rows()
    support.post(listed, press("subscription.cancel", row, asked=1, start=1, reason="", text=""))
    assert read_all_rows() == before
    support.post(listed, press("subscription.skip", row, asked=1, start=1))
    assert BulkRun.objects.filter(merchant=own.merchant, kind="subscription.skip").exists()


def test_a_bulk_cancellation_is_undone_by_those_only_who_may_reactivate(own: World, login: Login) -> None:
    owner, support = login(own.merchant), login(own.merchant, Role.SUPPORT)
    answers = press("subscription.cancel", own.rows[Subscription], asked=1, start=1, reason="", text="")
    owner.post("/admin/subscriptions/subscription/", answers)
    run = BulkRun.objects.get(merchant=own.merchant, kind="subscription.cancel")
    continue_run(run.pk)
    switch(own.merchant, Role.SUPPORT, True, Right.BULK)
    assert support.get(address(run, "undo")).status_code == 200
    switch(own.merchant, Role.SUPPORT, False, Right.REACTIVATE)
    assert support.post(address(run, "undo")).status_code == 403
    assert b"/undo/" not in support.get(address(run, "change")).content


def test_an_undo_is_for_those_who_may_do_what_it_does(own: World, login: Login) -> None:
    """The undo of a reactivation cancels."""
    gone = Subscription.objects.get(merchant=own.merchant, cancelled__isnull=False)
    tomorrow = calendar.today(own.merchant.time_zone) + timedelta(days=1)
    activity = verbs.reactivate(gone, actor=f.STAFF, next_order_date=tomorrow).activity
    support = login(own.merchant, Role.SUPPORT)
    page, dialog = address(gone.customer, "change"), address(gone.customer, "undo")
    assert f"undo/?activity={activity.pk}".encode() in support.get(page).content
    switch(own.merchant, Role.SUPPORT, False, Right.CANCEL)
    assert f"undo/?activity={activity.pk}".encode() not in support.get(page).content
    assert support.get(f"{dialog}?activity={activity.pk}").status_code == 403
    assert support.post(dialog, {"activity": activity.pk}).status_code == 403
    assert Subscription.objects.get(pk=gone.pk).live


# The page.


def ticks(client: Client) -> dict[str, str]:
    """What a browser sends of the page as it is."""
    form = client.get(ROLES).context["groups"]
    boxes = [cell["box"] for _, lines in form for _, cells in lines for cell in cells if "box" in cell]
    sent = {box.name: "on" for box in boxes if box.initial}
    return sent | {box.html_initial_name: "True" for box in boxes if box.initial}


def test_the_owner_switches_a_right_off_and_on_again(own: World, login: Login) -> None:
    owner = login(own.merchant, first_name="Olga", last_name="Owner")
    sent = ticks(owner)
    sent.pop("support-cancel")
    answer = owner.post(ROLES, sent)
    said = "Support may no longer cancel subscriptions and one-time orders."
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [said]
    row = RoleSwitch.objects.get()
    assert (row.merchant, row.role, row.right, row.allowed) == (own.merchant, "support", "cancel", False)
    page = visible_text(owner.get(ROLES))
    assert "Usually yes" in page
    assert f"{said} Olga Owner" in page

    owner.post(ROLES, {**ticks(owner), "support-cancel": "on", "marketing-bulk": "on"})
    assert list(RoleSwitch.objects.values_list("role", "right", "allowed")) == [("marketing", "bulk", True)]
    page = visible_text(owner.get(ROLES))
    assert "Support may now cancel subscriptions and one-time orders." in page
    assert "Marketing may now do to many rows of a list at once what they may do to one." in page


def test_a_page_that_was_open_for_long_takes_back_nothing(own: World, login: Login) -> None:
    owner = login(own.merchant)
    stale = ticks(owner)
    switch(own.merchant, Role.SUPPORT, False, Right.CANCEL)
    owner.post(ROLES, {**stale, "support-bulk": "on"})
    found = RoleSwitch.objects.order_by("right").values_list("right", "allowed")
    assert list(found) == [("bulk", True), ("cancel", False)]


@pytest.mark.parametrize("role", [Role.MARKETING, Role.SUPPORT, Role.READ_ONLY])
def test_the_others_read_what_they_may(role: str, own: World, foreign: World, login: Login) -> None:
    switch(own.merchant, Role.SUPPORT, False, Right.CANCEL)
    login(foreign.merchant).post(ROLES, {"support-bulk": "on"})
    client = login(own.merchant, role)
    answer = client.get(ROLES)
    assert "cancel subscriptions and one-time orders yes – – Usually yes –" in visible_text(answer)
    assert "may now" not in visible_text(answer)
    assert b'type="checkbox"' not in answer.content
    assert client.post(ROLES, {"support-cancel": "on"}).status_code == 403
    assert RoleSwitch.objects.filter(merchant=own.merchant).count() == 1


def test_only_acts_and_lists_have_switches() -> None:
    assert set(SWITCHED_RIGHTS) == {*SWITCH_OF, Right.BULK, Right.EXPORT}
