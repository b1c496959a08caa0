"""Discontinued products: swapping or ending what is subscribed to them.

Products and the rows of a replacement are no customer's, so they are changed under a lock of the product. Each
subscription changes by an act of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial

from django.db import OperationalError, transaction
from django.db.models import Count, F
from django.utils import timezone
from django_q.tasks import async_task
from psycopg.errors import LockNotAvailable

from subscriptions.actions import subscription as verbs
from subscriptions.actions.core import BY_KEY, locked
from subscriptions.actors import Actor
from subscriptions.errors import Busy, DomainError, refused
from subscriptions.models import (
    Merchant,
    Product,
    ProductRelationship,
    Refusal,
    Replacement,
    Subscription,
)
from subscriptions.models.subscription import SubscriptionQuerySet

RUN = "subscriptions.jobs.replacements.run"  # jobs are above the actions
REASON = "Product discontinued"
# Of two relationships the last one counts: the one with a mail.
REPLACING = [ProductRelationship.Type.SILENT_REPLACEMENT, ProductRelationship.Type.REPLACEMENT]
# Longer than the slowest step; the work of a killed worker stands still this long.
LEASE = timedelta(seconds=30)
TRIES = 3  # each waits two seconds for a customer held by another write


class Overtaken(Exception):
    """Another worker goes on with this replacement; nothing was changed."""


def discontinue(
    product: Product, *, actor: Actor, substitute: Product | None = None, silent: bool = False
) -> Replacement:
    """Take `product` out of sale, and begin to swap its live subscriptions for `substitute`; without one, to end them.

    `silent` swaps announce no event. A product that is discontinued already may be given again, for subscriptions
    that are left. Refused while a replacement of it runs, and for a substitute that cannot be subscribed to.
    """
    with transaction.atomic():
        rows = _locked(product, substitute)
        held = rows[product.pk]
        if substitute is not None:
            must_replace(held, rows.get(substitute.pk))
        _must_be_at_rest(held)
        held.discontinued, held.live, held.autoship_enabled = True, False, False
        held.last_update = timezone.now()
        held.save(update_fields=["discontinued", "live", "autoship_enabled", "last_update"])
        run = _run(held, substitute, silent, actor, concerned(held).count())
        run.save()
        _wake([run])
    return run


def follow_relationships(
    merchant: Merchant, products: Sequence[Product], *, actor: Actor
) -> tuple[list[Replacement], list[Product]]:
    """Begin what their relationships say of `products`, which a feed has just discontinued; ending is the default.

    Belongs in the transaction that discontinued them. Returns the runs that were begun, and the products left to
    staff, as their replacement cannot be subscribed to.
    """
    live = Subscription.objects.live().filter(merchant=merchant, product__in=products)
    waiting = live.exclude(product__replacements__state=Replacement.State.RUNNING).order_by()
    totals = dict(waiting.values_list("product").annotate(Count("pk")))
    found = relationships(merchant, totals)
    runs, left = [], []
    for product in (product for product in products if product.pk in totals):
        relationship = found.get(product.pk)
        substitute = relationship.to_product if relationship else None
        if substitute and unfit(substitute):
            left.append(product)
        else:
            runs.append(_run(product, substitute, is_silent(relationship), actor, totals[product.pk]))
    _wake(Replacement.objects.bulk_create(runs))
    return runs, left


def relationships(merchant: Merchant, products: Iterable[int]) -> dict[int, ProductRelationship]:
    """What replaces products when they are discontinued, by their keys."""
    rows = ProductRelationship.objects.filter(
        merchant=merchant, from_product__in=list(products), relationship_type__in=REPLACING
    ).select_related("to_product")
    ranked = sorted(rows, key=lambda row: REPLACING.index(ProductRelationship.Type(row.relationship_type)))
    return {row.from_product_id: row for row in ranked}


def is_silent(relationship: ProductRelationship | None) -> bool:
    """Whether customers are not to be told of the swap."""
    silent = ProductRelationship.Type.SILENT_REPLACEMENT
    return relationship is not None and relationship.relationship_type == silent


def must_replace(product: Product, substitute: Product | None) -> None:
    """Raises `Refused` unless `substitute` is a product of the merchant's that `product` can be swapped for."""
    if substitute is None or substitute.merchant_id != product.merchant_id:
        raise refused("substitute_unknown")
    if substitute.pk == product.pk:
        raise refused("substitute_itself")
    if code := unfit(substitute):
        raise refused(code)


def unfit(substitute: Product) -> str:
    """The code of why nothing can be swapped for it; empty when it can."""
    if substitute.discontinued:
        return "substitute_discontinued"
    return "" if substitute.autoship_enabled else "substitute_not_subscribable"


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
    with locked(BY_KEY, pk=subscription.customer_id, merchant=run.merchant_id):
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


def _locked(*products: Product | None) -> dict[int, Product]:
    keys = [product.pk for product in products if product is not None]
    merchant = next(product.merchant_id for product in products if product is not None)
    # By key: two that name each other's product must not wait for one another.
    rows = Product.objects.select_for_update(no_key=True).filter(merchant=merchant, pk__in=keys).order_by("pk")
    try:
        return {row.pk: row for row in rows}
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise refused("product_busy") from error
        raise


def _must_be_at_rest(product: Product) -> None:
    running = Replacement.objects.filter(merchant=product.merchant_id, state=Replacement.State.RUNNING)
    if running.filter(product=product).exists():
        raise refused("replacement_running")
    if running.filter(substitute=product).exists():
        raise refused("replacement_arriving")


def _run(product: Product, substitute: Product | None, silent: bool, actor: Actor, total: int) -> Replacement:
    return Replacement(
        merchant_id=product.merchant_id,
        product=product,
        substitute=substitute,
        silent=silent and substitute is not None,
        actor=actor.kept(),
        total=total,
        lease_until=timezone.now(),
    )


def _wake(runs: Iterable[Replacement]) -> None:
    for run in runs:
        # Robust: the run is begun, and the sweep finds it where the task queue did not take it.
        transaction.on_commit(partial(async_task, RUN, run.pk, save=False), robust=True)
