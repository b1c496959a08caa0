"""One step of a replacement: what becomes of one subscription to a discontinued product."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from subscriptions.actions import subscription as verbs
from subscriptions.actions.core import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actors import Actor
from subscriptions.errors import Busy, DomainError
from subscriptions.models import Product, Refusal, Replacement, Subscription
from subscriptions.models.subscription import SubscriptionQuerySet

REASON = "Product discontinued"
# Longer than the slowest step; the work of a killed worker stands still this long.
LEASE = timedelta(seconds=30)
TRIES = 3  # each waits two seconds for a customer held by another write


class Overtaken(Exception):
    """Another worker goes on with this replacement; nothing was changed."""


def concerned(product: Product) -> SubscriptionQuerySet:
    """The live subscriptions to `product`."""
    return Subscription.objects.live().filter(merchant=product.merchant_id, product=product)


def replace(run: Replacement, subscription: Subscription) -> None:
    """Swap or end one subscription and move the cursor of `run` to it, in one transaction.

    What is refused, or stays busy, is left as it is and noted. One that is not concerned any more is passed by.
    Raises `Overtaken`.
    """
    for last in (*[False] * (TRIES - 1), True):
        try:
            return _replace(run, subscription)
        except DomainError as error:
            if last or not isinstance(error, Busy):
                return leave(run, subscription, error.sentence)


def leave(run: Replacement, subscription: Subscription, sentence: str) -> None:
    """Note why `subscription` stays as it is, and move the cursor to it. Raises `Overtaken`."""
    with transaction.atomic():
        Refusal.objects.create(replacement=run, subscription=subscription, sentence=sentence)
        _advance(run, subscription, refused=1)


def _replace(run: Replacement, subscription: Subscription) -> None:
    with lock_customer(CUSTOMER_BY_KEY, pk=subscription.customer_id, merchant=run.merchant_id):
        # Asked again now that nobody else can change it.
        if not concerned(run.product).filter(pk=subscription.pk).exists():
            return _advance(run, subscription)
        actor = Actor.of(run.actor)
        if run.substitute is None:
            verbs.cancel(subscription, actor=actor, reason=REASON)
        else:
            verbs.change_product(subscription, actor=actor, product=run.substitute, silent=run.silent)
        _advance(run, subscription, done=1)


def _advance(run: Replacement, subscription: Subscription, **counts: int) -> None:
    # The cursor is the fence: of two workers with the same step, the second one finds it moved and undoes its own.
    here = Replacement.objects.filter(pk=run.pk, cursor=run.cursor, state=Replacement.State.RUNNING)
    added = {name: F(name) + number for name, number in counts.items()}
    if not here.update(cursor=subscription.pk, lease_until=timezone.now() + LEASE, **added):
        raise Overtaken
    run.cursor = subscription.pk
