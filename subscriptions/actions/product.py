"""Discontinuing a product, which begins the replacement of what is subscribed to it.

Neither is a customer's, so they are changed under a lock of the product; `replacing.py` does the rest.
"""

from collections.abc import Iterable, Sequence

from django.db import OperationalError, transaction
from django.db.models import Count
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from common.work import notify_after_commit
from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.models import Merchant, Product, ProductRelationship, Replacement, Subscription

RUN = "subscriptions.jobs.replacements.run"  # jobs are above the actions
# Of two relationships the last one counts: the one with a mail.
REPLACING = [ProductRelationship.Type.SILENT_REPLACEMENT, ProductRelationship.Type.REPLACEMENT]


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
        run = _run(held, substitute, silent, actor, affected_subscriptions(held).count())
        run.save()
        notify_after_commit(RUN, run.pk)
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
    for run in Replacement.objects.bulk_create(runs):
        notify_after_commit(RUN, run.pk)
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
    )
