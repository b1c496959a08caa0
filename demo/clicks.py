"""Creates the clicks of the weeks before the demo, so that Analytics has something to show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from oneclick.models import Action, ActionToken, Click, SavedLink
from oneclick.redemption.link_actions import find_link_action
from subscriptions import calendar
from subscriptions.models import Item, Merchant, OrderStatus

DAYS = 42
HOURS = 9, 11, 12, 17, 20
TOKEN_LIFETIME = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class ClickSequence:
    """The clicks of one link: their outcomes, a minute apart, after a visit of a mail scanner if `scanned`."""

    outcomes: tuple[str, ...] = ("success",)
    scanned: bool = False


SEQUENCES = [
    ClickSequence(),
    ClickSequence(("opened", "success")),
    ClickSequence(scanned=True),
    ClickSequence(("opened",)),
    ClickSequence(("success", "token_already_used")),
    ClickSequence((), scanned=True),
    ClickSequence(("success", "undone")),
    ClickSequence(("expired_token",)),
    ClickSequence(("success", "success"), scanned=True),
    ClickSequence(("opened", "subscription_already_active")),
    ClickSequence(("opened", "success")),
]


class ClickWriter:
    """Writes click sequences, taking the merchant's links and its test customers in turn."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.page = merchant.landing_pages.get(is_default=True)
        self.links = list(merchant.saved_links.order_by("pk"))
        subscriptions = merchant.subscriptions.filter(customer__is_test=True).select_related("customer")
        self.subscriptions = list(subscriptions.order_by("pk"))
        self.written = 0

    def write_next(self, at: datetime) -> None:
        """Write the next sequence, beginning `at`."""
        link = self.links[self.written % len(self.links)]
        sequence = SEQUENCES[self.written % len(SEQUENCES)]
        subscription = self.subscriptions[self.written % len(self.subscriptions)]
        self.written += 1
        token = self.token(link, at, sequence.outcomes, subscription=subscription)
        if sequence.scanned:
            self.click(token, link, "fetched", at - timedelta(minutes=20), opens=True, likely_machine=True)
        for number, outcome in enumerate(sequence.outcomes):
            facts = {"opens": number == 0, "replayed": sequence.outcomes[:number] == (outcome,)}
            self.click(token, link, outcome, at + timedelta(minutes=number), **facts)

    def token(self, link: SavedLink, at: datetime, outcomes: tuple[str, ...], **of: Any) -> ActionToken:
        subscription = of["subscription"]
        link_action = find_link_action(link.action, link.parameters)
        is_order = link_action.scope == ActionToken.Scope.ORDER
        used = at if "success" in outcomes else None
        return ActionToken.objects.create(
            merchant=self.merchant,
            customer=subscription.customer,
            scope=link_action.scope,
            subscription=None if is_order else subscription,
            issued_at=at - timedelta(days=1),
            expires_at=at - timedelta(days=1) + TOKEN_LIFETIME,
            used_at=used,
            used_action=link_action.name if used else "",
            undone_at=at if "undone" in outcomes else None,
        )

    def click(self, token: ActionToken, link: SavedLink, outcome: str, at: datetime, **facts: Any) -> None:
        is_undo = outcome == "undone"
        Click.objects.create(
            merchant=self.merchant,
            token=token,
            link=link,
            landing_page=self.page,
            action="undo" if is_undo else find_link_action(link.action, link.parameters).name,
            outcome=outcome,
            at=at,
            **facts,
        )


def create_clicks(merchant: Merchant) -> None:
    """Create two to five sequences a day, the same in every demo, and the clicks behind its placed orders."""
    writer = ClickWriter(merchant)
    today = calendar.today(merchant.time_zone)
    for back in reversed(range(1, DAYS)):
        day = today - timedelta(days=back)
        for hour in HOURS[: 2 + (back * 5 % 7) // 2]:
            writer.write_next(calendar.local_hour(day, hour, merchant.time_zone) + timedelta(minutes=back * 7 % 60))
    _create_clicks_of_placed_orders(writer)


def _create_clicks_of_placed_orders(writer: ClickWriter) -> None:
    """The first placed order came from a delayed one, the others from reactivated subscriptions."""
    by_action = {link.action: link for link in writer.links}
    placed = Item.objects.filter(merchant=writer.merchant, order__status=OrderStatus.SUCCESS)
    lines = placed.select_related("order", "subscription__customer").order_by("pk")
    for number, line in enumerate(lines):
        link = by_action[Action.REACTIVATE if number else Action.DELAY]
        brought = {"subscription": line.subscription} if number else {"order": line.order}
        at = calendar.local_hour(line.order.place_date - timedelta(days=3), HOURS[0], writer.merchant.time_zone)
        token = writer.token(link, at, ("success",), subscription=line.subscription)
        writer.click(token, link, "success", at, opens=True, **brought)
