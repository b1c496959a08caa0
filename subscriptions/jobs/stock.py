"""Orders that wait for stock: tried daily for 30 days."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet

from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs import placement_queue
from subscriptions.jobs.job import Days, try_action
from subscriptions.models import Customer, Item, Merchant, Order, OrderStatus

ACTOR = Actor(ActorKind.JOB, "stock", "Orders waiting for stock")


def affected_customers(customers: QuerySet[Customer], days: Days) -> QuerySet[Customer]:
    return customers.filter(pk__in=_waiting_orders(customers, days.last).values("customer"))


def retry_waiting_orders(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
    """Place the items that are in stock again, tell of those still missing, and remove those that have waited enough.

    Returns the number of orders that were placed or ended.
    """
    orders = list(_waiting_orders(merchant.customers.filter(pk__in=keys), days.last).order_by("place_date", "pk"))
    return sum(_try_again(order) for order in orders)


def _try_again(order: Order) -> bool:
    # Before the try for items whose next order is due today, and after it for those whose last try it was.
    end_wait = partial(upcoming_order.stop_waiting, order, actor=ACTOR)
    return any([try_action(end_wait), placement_queue.queue_order(order, ACTOR), try_action(end_wait)])


def _waiting_orders(customers: QuerySet[Customer], day: date) -> QuerySet[Order]:
    untried = Item.objects.filter(order=OuterRef("pk"), out_of_stock_on__lt=day)
    waiting = Order.objects.filter(customer__in=customers, status=OrderStatus.UNSENT, oos_free_shipping=True)
    return waiting.filter(Exists(untried))
