"""What staff do to a whole order before it is placed."""

from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from subscriptions.actions import item as item_verbs
from subscriptions.actions import order as verbs
from subscriptions.actions.core import is_allowed
from subscriptions.admin.acts.choices import ProductForm
from subscriptions.admin.acts.fields import MOST_UNITS, DayForm
from subscriptions.admin.acts.said import said
from subscriptions.models import Order
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.roles import Right


def is_one_time(order: Order) -> bool:
    """Whether nothing follows the order; pages that show many orders have prefetched the items."""
    return not any(item.subscription_id for item in order.items.all())


class OrderDateForm(DayForm):
    def day_now(self) -> date | None:
        day: date = self.subject.place_date
        return day


class AddForm(ProductForm):
    quantity = forms.IntegerField(
        label="Quantity", min_value=1, max_value=MOST_UNITS, initial=1, widget=UnfoldAdminIntegerFieldWidget
    )


def skip_order(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    return said(verbs.skip(order, actor=actor_of(request)))


def change_order_date(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    return said(verbs.change_date(order, actor=actor_of(request), day=answers["day"]))


def add_product(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    added = {"product": answers["product"], "quantity": answers["quantity"]}
    return said(item_verbs.add(order, actor=actor_of(request), **added))


SKIP = Button(
    verb="skip",
    title="Skip order",
    icon="redo",
    right=Right.SKIP,
    question="Nothing of this order is placed. Each of its subscriptions goes on with its next order.",
    run=skip_order,
    offered=lambda order: is_allowed(verbs.skip, order) and not is_one_time(order),
    previews=True,
)
CANCEL = Button(
    verb="cancel",
    title="Cancel order",
    icon="cancel",
    right=Right.CANCEL,
    question="Nothing of this order is placed, and none follows: all of its items were one-time items.",
    run=skip_order,
    offered=lambda order: is_allowed(verbs.skip, order) and is_one_time(order),
    variant=ActionVariant.DANGER,
    previews=True,
)
CHANGE_DATE = Button(
    verb="change-date",
    title="Change date",
    icon="event",
    right=Right.CHANGE_DATE,
    question="The whole order moves. It joins the order of that day, if one has the same card and address.",
    run=change_order_date,
    offered=partial(is_allowed, verbs.change_date),
    form=OrderDateForm,
    previews=True,
)
ADD = Button(
    verb="add-product",
    title="Add a product",
    icon="add_shopping_cart",
    right=Right.CONTENTS,
    question="It comes with this order, once.",
    run=add_product,
    offered=partial(is_allowed, item_verbs.add),
    form=AddForm,
    previews=True,
)
