"""Lives through the weeks before the demo: customers cancel, get reminders, open links and receive what they asked for.

Every row is made by the action, click or job that makes it in real life, with the clock at that moment.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import cycle

from django.db.models import Count, QuerySet

from demo import order_history
from oneclick.analytics import clicks
from oneclick.analytics.visits import Visit
from oneclick.links.signed_links import sign_link
from oneclick.models import ActionToken, Click, SavedLink
from oneclick.redemption.link_actions import find_link_action
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.actions import subscription as subscription_actions
from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Refused
from subscriptions.jobs import reminders
from subscriptions.models import Customer, Merchant, Order

DAYS = 30
HOURS = 9, 12
REASONS = ("4|", "8|Cheaper at the market", "70|", "22|Something milder")
WEB_SHOP = Actor(ActorKind.API_KEY, "demo", "Web shop")
# What one customer does with a link. A click that is "late" comes when it no longer counts as the same click.
STORIES = [
    ("press",),
    ("open", "press"),
    ("scan", "press"),
    ("open",),
    ("press", "late"),
    ("press", "undo"),
    ("scan",),
    ("press", "press"),
]


@dataclass(frozen=True, slots=True)
class LinkClick:
    """A customer's click on a saved link."""

    token: ActionToken
    link: SavedLink
    at: datetime

    def follow(self, story: tuple[str, ...]) -> None:
        with calendar.fixed_clock(self.at):
            for number, step in enumerate(story):
                if step == "late":
                    self._move_to_the_past()
                self._do(step, Visit(link=self.link.public_id.hex, page="", opens=number == 0))
        self._move_to_the_past()

    def _do(self, step: str, visit: Visit) -> None:
        link_action = find_link_action(self.link.action, self.link.parameters)
        if step == "scan":
            clicks.record_fetch(self.token, link_action.name, visit)
        elif step == "open":
            clicks.record_opening(self.token, link_action.name, visit)
        elif step == "undo":
            undo_redemption(encode_token(self.token, "undo"))
        else:
            fields = {**self.link.parameters, "og_link": self.link.public_id.hex, "og_sig": sign_link(self.link)}
            with suppress(Refused):
                redeem_token(encode_token(self.token), link_action.action, fields, visit=visit)

    def _move_to_the_past(self) -> None:
        """Clicks are dated by real time, whatever the clock says, because it tells double clicks apart."""
        Click.objects.filter(token=self.token, at__gt=self.at).update(at=self.at)
        token = ActionToken.objects.filter(pk=self.token.pk)
        token.filter(used_at__gt=self.at).update(used_at=self.at)
        token.filter(undone_at__gt=self.at).update(undone_at=self.at)


class Past:
    """The last weeks of customers with one live subscription, except for `others`, who have a history of their own."""

    def __init__(self, merchant: Merchant, others: list[str]) -> None:
        self.merchant = merchant
        self.links = cycle(merchant.saved_links.order_by("pk"))
        self.stories, self.reasons = cycle(STORIES), cycle(REASONS)
        self.customers: list[int] = []
        single = Customer.objects.filter(merchant=merchant, is_test=False).alias(n=Count("subscriptions")).filter(n=1)
        rows = merchant.subscriptions.live().filter(
            customer__in=single, prepaid_orders_per_billing=None, product__live=True
        )
        self.subscriptions = rows.exclude(external_id__in=others).order_by("pk").iterator()

    def live_through(self, day: date) -> None:
        for order in self._orders_of(day):
            order_history.place_order(order, self._moment(day, self.merchant.placement_hour or 0))
        for order in self._orders_of(day + timedelta(days=order_history.REMINDER_DAYS)):
            self._remind(order, self._moment(day, self.merchant.reminder_hour))
        for hour in HOURS[: 1 + day.toordinal() % 2]:
            self._click(self._moment(day, hour))

    def _click(self, at: datetime) -> None:
        subscription, link = next(self.subscriptions), next(self.links)
        self.customers.append(subscription.customer_id)
        scope = find_link_action(link.action, link.parameters).scope
        asked = at - timedelta(hours=20)
        if scope == ActionToken.Scope.ORDER:
            order = order_history.make_due(subscription, calendar.local_time(asked, self.merchant.time_zone).date())
            self._remind(order, asked)
        else:
            with calendar.fixed_clock(asked):
                subscription_actions.cancel(subscription, actor=WEB_SHOP, reason=next(self.reasons))
        token = ActionToken.objects.filter(customer=subscription.customer_id, scope=scope).latest("pk")
        LinkClick(token, link, at).follow(next(self.stories))

    def _remind(self, order: Order, at: datetime) -> None:
        if order.reminded_for != order.place_date:
            with calendar.fixed_clock(at):
                upcoming_order.remind(order, actor=reminders.ACTOR)

    def _orders_of(self, day: date) -> QuerySet[Order]:
        return Order.objects.open().filter(merchant=self.merchant, customer__in=self.customers, place_date=day)

    def _moment(self, day: date, hour: int) -> datetime:
        return calendar.local_hour(day, hour, self.merchant.time_zone)


def create_clicks(merchant: Merchant, others: list[str]) -> None:
    """Must run in a transaction; `others` are the external ids of subscriptions that have another history."""
    past, today = Past(merchant, others), calendar.today(merchant.time_zone)
    for back in reversed(range(1, DAYS)):
        past.live_through(today - timedelta(days=back))
