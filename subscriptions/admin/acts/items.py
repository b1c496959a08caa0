"""What staff do to one item of an order; its subscription stays as it is."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from unfold.enums import ActionVariant

from subscriptions.actions import item as verbs
from subscriptions.actions.core import is_allowed
from subscriptions.admin.acts.choices import ProductForm
from subscriptions.admin.acts.fields import FrequencyForm, QuantityForm, money_field
from subscriptions.admin.acts.said import said
from subscriptions.admin.acts.terms import change, terms_button
from subscriptions.models import Item
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right


class ItemPriceForm(ButtonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["price"] = money_field("Unit price", self.subject.order.currency_code, initial=self.subject.price)


def remove_item(request: HttpRequest, item: Item, answers: dict[str, Any]) -> str:
    return said(verbs.remove(item, actor=actor_of(request)))


def is_open_one_time(item: Item) -> bool:
    return item.one_time and is_allowed(verbs.subscribe, item)


QUANTITY = terms_button(
    verbs.change_quantity,
    Right.QUANTITY,
    QuantityForm,
    "change-quantity",
    "Change quantity",
    "edit",
    "In this order only.",
)
PRICE = terms_button(
    verbs.change_price,
    Right.PRICES,
    ItemPriceForm,
    "change-price",
    "Change price",
    "sell",
    "In this order only, before discounts. It stays when the price of the product changes.",
)
SWAP = terms_button(
    verbs.change_product,
    Right.SWAP,
    ProductForm,
    "swap",
    "Swap product",
    "swap_horiz",
    "In this order only; the subscription keeps its product.",
)
SUBSCRIBE = Button(
    verb="subscribe",
    title="Subscribe",
    icon="autorenew",
    right=Right.CONTENTS,
    question="The item becomes the first of a new subscription, with the card and the address of this order.",
    run=partial(change, verbs.subscribe),
    offered=is_open_one_time,
    form=FrequencyForm,
    previews=True,
)
REMOVE = Button(
    verb="remove",
    title="Remove",
    icon="delete",
    right=Right.CONTENTS,
    question="It leaves this order. A subscription goes on with its next order.",
    run=remove_item,
    offered=partial(is_allowed, verbs.remove),
    variant=ActionVariant.DANGER,
    previews=True,
)
