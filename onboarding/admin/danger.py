"""The danger zone of the merchant's page: pause the shop, hand it over, delete a test merchant."""

import logging
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.models import Delivery
from onboarding.pausing import pause_shop, resume_shop
from subscriptions import calendar
from subscriptions.actions.merchant_deletion import delete_test_merchant
from subscriptions.admin.going_live import NameForm
from subscriptions.errors import Refused
from subscriptions.models import Customer, Event, Membership, Merchant, Order, Role, Subscription
from subscriptions.staff.audit import Kind, audit, person_name
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import membership_of
from subscriptions.staff.fields import RowChoiceField
from subscriptions.staff.roles import Right

log = logging.getLogger(__name__)


class PauseForm(NameForm):
    @property
    def about(self) -> str:  # type: ignore[override]  # counted only when it is shown
        merchant = self.subject
        tomorrow = calendar.today(merchant.time_zone) + timedelta(days=1)
        due = Order.objects.open().filter(merchant=merchant, place_date__lte=tomorrow).count()
        waiting = Delivery.objects.filter(merchant=merchant, state=Delivery.State.PENDING).count()
        return f"Orders due by tomorrow: {due:,}. Events on their way: {waiting:,}."


def pause(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> str:
    pause_shop(merchant)
    audit(request, Kind.CHANGE, "Paused the shop.", merchant)
    return f"{merchant} is paused. What workers have begun ends within a minute."


def resume(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> str:
    resume_shop(merchant)
    audit(request, Kind.CHANGE, "Resumed the shop.", merchant)
    return f"{merchant} is running again: within a minute, what waited is placed and sent."


class HandOverForm(NameForm):
    new_owner = RowChoiceField(label="New owner")
    own_role = forms.ChoiceField(
        label="Your role from then on",
        choices=Role.choices,
        initial=Role.READ_ONLY,
        widget=UnfoldAdminSelectWidget,
        help_text="As anything but an owner you can no longer change settings, the team or keys.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(["new_owner", "own_role", "name"])
        others = self.subject.memberships.exclude(user=self.request.user.pk).select_related("user").order_by("pk")
        self.fields["new_owner"].offer_rows(others, lambda row: f"{person_name(row.user)}, {row.get_role_display()}")  # type: ignore[attr-defined]


@transaction.atomic
def hand_over(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> HttpResponse:
    mine, role = membership_of(request), answers["own_role"]
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    taken = Membership.objects.filter(pk=answers["new_owner"].pk, merchant=merchant).update(role=Role.OWNER)
    if not taken or mine is None:
        raise Refused("left_the_team", "This person has left the team. Choose somebody else.")
    Membership.objects.filter(pk=mine.pk).update(role=role)
    name = person_name(answers["new_owner"].user)
    audit(request, Kind.ACCESS, f"Made {name} an owner, and themselves {Role(role).label}.", merchant)
    messages.success(request, f"{name} owns {merchant} now. You are {Role(role).label}.")
    return redirect("admin:index")


class DeleteForm(NameForm):
    @property
    def about(self) -> str:  # type: ignore[override]  # counted only when it is shown
        counts = {
            "customers": Customer,
            "subscriptions": Subscription,
            "orders": Order,
            "events": Event,
            "team members": Membership,
        }
        rows = {name: model._default_manager.filter(merchant=self.subject) for name, model in counts.items()}
        return f"Deletes {', '.join(f'{name} ({found.count():,})' for name, found in rows.items())}."


def delete(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> HttpResponse:
    delete_test_merchant(merchant)
    # Its audit is gone with it.
    log.warning("user %s deleted the test merchant %s (%s)", request.user.pk, merchant.pk, merchant.name)
    messages.success(request, f"{merchant} is deleted.")
    return redirect("admin:index")


DANGER = (
    Button(
        verb="pause-shop",
        title="Pause the shop",
        icon="pause_circle",
        right=Right.SETTINGS,
        question=(
            "No order is placed, no reminder goes out and no event is sent until you resume. Customers, links and your "
            "team can still change subscriptions, and what that causes waits. Orders keep their dates, so those that "
            "come due are placed after the pause."
        ),
        run=pause,
        offered=lambda merchant: merchant.paused_at is None,
        form=PauseForm,
        variant=ActionVariant.DANGER,
    ),
    Button(
        verb="resume-shop",
        title="Resume the shop",
        icon="play_circle",
        right=Right.SETTINGS,
        question="Everything that waits is placed and sent: orders that came due meanwhile charge their customers.",
        run=resume,
        offered=lambda merchant: merchant.paused_at is not None,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="hand-over",
        title="Hand over",
        icon="swap_horiz",
        right=Right.SETTINGS,
        question="Makes somebody else of your team an owner, and gives you another role in the same moment.",
        run=hand_over,
        offered=lambda merchant: merchant.memberships.count() > 1,
        form=HandOverForm,
        variant=ActionVariant.DANGER,
    ),
    Button(
        verb="delete-merchant",
        title="Delete this test merchant",
        icon="delete_forever",
        right=Right.SETTINGS,
        question=(
            "Deletes everything of it here: customers, orders, links, connections, history and audit. Links that were "
            "sent stop working. Nothing is deleted at Klaviyo or in your shop. Logins stay. This cannot be undone."
        ),
        run=delete,
        offered=lambda merchant: merchant.is_test,
        form=DeleteForm,
        variant=ActionVariant.DANGER,
    ),
)
