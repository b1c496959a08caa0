"""One step of a replacement: swap or cancel one subscription to a discontinued product."""

from django.db import transaction
from django.db.models import F

from subscriptions.actions import subscription as verbs
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actors import Actor
from subscriptions.errors import Busy, DomainError
from subscriptions.models import Product, Refusal, Replacement, Subscription
from subscriptions.models.subscription import SubscriptionQuerySet

REASON = "Product discontinued"
TRIES = 3  # each waits two seconds for a customer held by another write


def affected_subscriptions(product: Product) -> SubscriptionQuerySet:
    """The live subscriptions to `product`."""
    return Subscription.objects.live().filter(merchant=product.merchant_id, product=product)


def replace_subscription(run: Replacement, subscription: Subscription) -> None:
    """Swap or end one subscription and move the cursor of `run` to it, in one transaction.

    A subscription stays as it is if the change is refused or its customer stays busy; the run records the
    reason. A subscription that has ended or has another product by now is skipped. Raises `LeaseLost`.
    """
    for is_last in (*[False] * (TRIES - 1), True):
        try:
            return _replace(run, subscription)
        except DomainError as error:
            if is_last or not isinstance(error, Busy):
                return keep_subscription(run, subscription, error.sentence)


def keep_subscription(run: Replacement, subscription: Subscription, sentence: str) -> None:
    """Record why `subscription` stays as it is, and move the cursor to it. Raises `LeaseLost`."""
    with transaction.atomic():
        Refusal.objects.create(replacement=run, subscription=subscription, sentence=sentence)
        run.advance(subscription.pk, refused=F("refused") + 1)


def _replace(run: Replacement, subscription: Subscription) -> None:
    with lock_customer(CUSTOMER_BY_KEY, pk=subscription.customer_id, merchant=run.merchant_id):
        # Checked again, now that nothing else can change the subscription.
        if not affected_subscriptions(run.product).filter(pk=subscription.pk).exists():
            return run.advance(subscription.pk)
        actor = Actor.from_json(run.actor)
        if run.substitute is None:
            verbs.cancel(subscription, actor=actor, reason=REASON)
        else:
            verbs.change_product(subscription, actor=actor, product=run.substitute, silent=run.silent)
        run.advance(subscription.pk, done=F("done") + 1)
