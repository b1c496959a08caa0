"""Gifts: one-time incentives that become an item at no cost when their order is handed to placement."""

from collections.abc import Sequence

from common.db import insert
from subscriptions.actions.core import ActionContext
from subscriptions.actions.discounts import ON_ITEM, describe_incentive, may_have_incentives, unused_incentives
from subscriptions.actions.totals import ZERO
from subscriptions.events import catalogue
from subscriptions.models import Item, OneTimeIncentive, Order


def add_gifts(context: ActionContext[Order], items: Sequence[Item]) -> list[Item]:
    """Put the unused gifts of the order and its `items` on it, each once. Returns the new items.

    A gift that is out of stock is left out, and stays unused.
    """
    order = context.subject
    if not may_have_incentives(items):
        return []
    unused = unused_incentives(order.merchant_id, [order.pk], [item.pk for item in items])
    gifts = unused.filter(type=OneTimeIncentive.Type.GIFT, product__live=True)
    added = [_gift_item(order, gift) for gift in gifts.select_related("product") if not _is_given(order, gift)]
    for item in added:
        insert(item)
        context.emit(catalogue.ITEM_CREATE, item)
    return added


def _is_given(order: Order, gift: OneTimeIncentive) -> bool:
    """Whether an earlier try has put the gift on an order; it may have been split off since, to wait for stock."""
    own = Item.objects.filter(merchant=order.merchant_id, order__customer=order.customer_id)
    return own.filter(applied_incentives__contains=[{"publicId": gift.public_id.hex}], frozen=True).exists()


def _gift_item(order: Order, gift: OneTimeIncentive) -> Item:
    return Item(
        merchant=order.merchant,
        order=order,
        product=gift.product,
        price=ZERO,
        total_price=ZERO,
        one_time=True,
        frozen=True,  # at no cost, whatever the product costs
        upcoming=False,
        applied_incentives=[
            describe_incentive(gift.name, gift.type, None, ON_ITEM, gift.external_code, gift.public_id.hex)
        ],
    )
