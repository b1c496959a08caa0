"""One-time incentives: a discount or a gift for one order or one item of a customer."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display
from unfold.enums import ActionVariant

from subscriptions import calendar
from subscriptions.actions import incentive as verbs
from subscriptions.actions.discounts import FIELD_NAMES, ON_ITEM
from subscriptions.actions.offer_terms import COLUMNS, Gives, Orders, Terms
from subscriptions.admin.catalogue.discount_fields import DiscountFields, incentive_columns
from subscriptions.models import Discount, OneTimeIncentive, Order
from subscriptions.money import money
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

GIVEN = {
    (str(kind), FIELD_NAMES[field]): gives
    for gives, (kind, _, field) in COLUMNS.items()
    if gives is not Gives.FREE_SHIPPING
}
MOST_INCENTIVES = 20
STATES = {"Waiting": "info", "Used": "success", "Expired": "warning"}


def gives_of(row: OneTimeIncentive) -> Gives:
    """What a discount takes off."""
    gives = GIVEN[row.discount_type, row.field]
    return Gives.FREE_SHIPPING if gives is Gives.PERCENT_SHIPPING and row.value == 100 else gives


def describe_incentive(row: OneTimeIncentive) -> str:
    """`10 % off the whole order`, `Gift: Mint tea`."""
    if row.type == OneTimeIncentive.Type.GIFT or row.value is None:
        return f"Gift: {row.product}"
    return Terms(gives_of(row), row.value, Orders.EVERY).shown_amount(order_of(row).currency_code)


def order_of(row: OneTimeIncentive) -> Order:
    """The order that it is on, by itself or with its item; the database lets it be on nothing else."""
    return cast(Order, row.item.order if row.item else row.order)


def describe_state(row: OneTimeIncentive) -> str:
    if row.applied_at:
        return "Used"
    return "Expired" if row.expires and row.expires <= calendar.now() else "Waiting"


class ChangeForm(DiscountFields, ButtonForm):
    def __init__(self, *args: Any, subject: OneTimeIncentive, **options: Any) -> None:
        on_item = subject.item_id is not None or subject.target == ON_ITEM
        self.choices = tuple(
            gives for gives, (_, target, _) in COLUMNS.items() if (target == Discount.Target.ITEM) == on_item
        )
        initial = {"gives": gives_of(subject), "value": subject.value}
        currency = order_of(subject).currency_code
        super().__init__(*args, subject=subject, currency=currency, initial=initial, **options)
        self.order_fields(["gives", "value"])


def change_incentive(request: HttpRequest, row: OneTimeIncentive, answers: dict[str, Any]) -> str:
    fields = incentive_columns(answers["gives"], answers["value"])
    words = Terms(answers["gives"], answers["value"], Orders.EVERY).shown_amount(order_of(row).currency_code)
    if row.name == describe_incentive(row):
        fields["name"] = words
    verbs.change(row, actor=actor_of(request), **{name: value for name, value in fields.items() if name != "type"})
    return f"{row.customer} gets {words[:1].lower()}{words[1:]}."


def remove_incentive(request: HttpRequest, row: OneTimeIncentive, answers: dict[str, Any]) -> str:
    verbs.delete(row, actor=actor_of(request))
    return f"Took back “{row.name}” from {row.customer}."


CHANGE = Button(
    verb="change-incentive",
    title="Change the discount",
    icon="edit",
    right=Right.INCENTIVES,
    question="The order is counted anew at once.",
    run=change_incentive,
    offered=lambda row: row.applied_at is None and row.type == OneTimeIncentive.Type.DISCOUNT,
    form=ChangeForm,
    previews=True,
)
REMOVE = Button(
    verb="remove-incentive",
    title="Take back",
    icon="delete",
    right=Right.INCENTIVES,
    question="The customer does not get it, and the order is counted anew at once.",
    run=remove_incentive,
    offered=lambda row: row.applied_at is None,
    variant=ActionVariant.DANGER,
)


@admin.register(OneTimeIncentive, site=site)
class IncentiveAdmin(CustomerSearch, ListAdmin, PageAdmin):
    page_template = "admin/catalogue/incentive.html"
    buttons = (CHANGE, REMOVE)
    empty_about = (
        "An incentive is a discount or a gift for one order of one customer. Give one on an upcoming order; your "
        "shop can give them over the API."
    )
    list_display = ["gives", "customer_of", "order_day", "state", "created"]
    ordering = ["-created", "public_id"]
    id_paths = ("public_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.select_related("customer", "order", "item__order", "item__product", "product", "merchant")

    def return_url(self, subject: OneTimeIncentive) -> str:
        """The customer's page once the incentive is taken back."""
        if OneTimeIncentive.objects.filter(merchant=subject.merchant_id, pk=subject.pk).exists():
            return self.row_url(subject)
        return reverse("admin:subscriptions_customer_change", args=[subject.customer_id])

    @display(description="Gives", header=True)
    def gives(self, row: OneTimeIncentive) -> list[str]:
        words = describe_incentive(row)
        return [words, "" if row.name == words else row.name]

    @display(description="Customer", header=True)
    def customer_of(self, row: OneTimeIncentive) -> list[str]:
        return [str(row.customer), row.customer.email]

    @display(description="Order of")
    def order_day(self, row: OneTimeIncentive) -> Any:
        return order_of(row).place_date

    @display(description="Status", label=STATES)
    def state(self, row: OneTimeIncentive) -> str:
        return describe_state(row)

    def page_context(self, request: HttpRequest, row: OneTimeIncentive) -> dict[str, Any]:
        order = order_of(row)
        limit, least = row.limit_value, row.threshold_value
        return {
            "title": describe_incentive(row),
            "row": row,
            "order": order,
            "labels": [(describe_state(row), STATES[describe_state(row)])],
            "limit": money(limit, order.currency_code) if limit is not None else "",
            "least": money(least, order.currency_code) if least is not None else "",
            "buttons": self.offered_buttons(request, row),
        }


def order_incentives(request: HttpRequest, order: Order) -> list[dict[str, Any]]:
    """The incentives of an order and its items, each with its buttons, for the page of the order."""
    admin_of_rows: IncentiveAdmin = site.get_model_admin(OneTimeIncentive)
    items = [item.pk for item in order.items.all()]
    rows = admin_of_rows.get_queryset(request).filter(Q(order=order) | Q(item__in=items)).order_by("pk")
    return [
        {
            "row": row,
            "words": describe_incentive(row),
            "state": describe_state(row),
            "color": STATES[describe_state(row)],
            "buttons": admin_of_rows.offered_buttons(request, row),
        }
        for row in rows[:MOST_INCENTIVES]
    ]
