"""What customers of the demo did with their links in the weeks before it began."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from oneclick.models import Action, ActionToken, Click, SavedLink
from oneclick.redemption.link_actions import find_link_action
from subscriptions import calendar
from subscriptions.models import Item, Merchant, OrderStatus

DAYS = 42
HOURS = 9, 11, 12, 17, 20
LIFE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Story:
    """How one link went: outcomes in their order, a minute apart, after a scanner's visit where `scanned`."""

    outcomes: tuple[str, ...] = ("success",)
    scanned: bool = False


STORIES = [
    Story(),
    Story(("opened", "success")),
    Story(scanned=True),
    Story(("opened",)),
    Story(("success", "token_already_used")),
    Story((), scanned=True),
    Story(("success", "undone")),
    Story(("expired_token",)),
    Story(("success", "success"), scanned=True),
    Story(("opened", "subscription_already_active")),
    Story(("opened", "success")),
]


class Teller:
    """Writes the stories of a merchant's links, in turn with its test customers."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.page = merchant.landing_pages.get(is_default=True)
        self.links = list(merchant.saved_links.order_by("pk"))
        subscriptions = merchant.subscriptions.filter(customer__is_test=True).select_related("customer")
        self.subscriptions = list(subscriptions.order_by("pk"))
        self.told = 0

    def tell(self, at: datetime) -> None:
        """The next story."""
        link = self.links[self.told % len(self.links)]
        story = STORIES[self.told % len(STORIES)]
        subscription = self.subscriptions[self.told % len(self.subscriptions)]
        self.told += 1
        token = self.token(link, at, story.outcomes, subscription=subscription)
        if story.scanned:
            self.click(token, link, "fetched", at - timedelta(minutes=20), opens=True, likely_machine=True)
        for number, outcome in enumerate(story.outcomes):
            facts = {"opens": number == 0, "replayed": story.outcomes[:number] == (outcome,)}
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
            expires_at=at - timedelta(days=1) + LIFE,
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


def make(merchant: Merchant) -> None:
    """Two to five stories a day, the same in every demo, and the clicks that led to the orders it has placed."""
    teller = Teller(merchant)
    today = calendar.today(merchant.time_zone)
    for back in reversed(range(1, DAYS)):
        day = today - timedelta(days=back)
        for hour in HOURS[: 2 + (back * 5 % 7) // 2]:
            teller.tell(calendar.local_hour(day, hour, merchant.time_zone) + timedelta(minutes=back * 7 % 60))
    _gain(teller)


def _gain(teller: Teller) -> None:
    """Of the orders placed, the first came of a delay, the others of subscriptions that came back."""
    by_action = {link.action: link for link in teller.links}
    placed = Item.objects.filter(merchant=teller.merchant, order__status=OrderStatus.SUCCESS)
    lines = placed.select_related("order", "subscription__customer").order_by("pk")
    for number, line in enumerate(lines):
        link = by_action[Action.REACTIVATE if number else Action.DELAY]
        brought = {"subscription": line.subscription} if number else {"order": line.order}
        at = calendar.local_hour(line.order.place_date - timedelta(days=3), HOURS[0], teller.merchant.time_zone)
        token = teller.token(link, at, ("success",), subscription=line.subscription)
        teller.click(token, link, "success", at, opens=True, **brought)
