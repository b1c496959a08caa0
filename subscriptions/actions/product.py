"""Discontinuing a product, and starting its replacement in subscriptions.

A product belongs to no customer, so the product's row is locked here instead. `replacing.py` then changes one
subscription at a time in the background.
"""

from collections.abc import Iterable, Sequence

from django.db import OperationalError, transaction
from django.db.models import Count
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from common.work import notify_after_commit
from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import refused
from subscriptions.models import Merchant, Product, ProductRelationship, Replacement, Subscription

OFF_SALE = ("discontinued", "live", "autoship_enabled")
# Jobs are above the actions.
RUN_TASK = "subscriptions.jobs.replacements.continue_replacement"
SWEEP_TASK = "subscriptions.jobs.replacements.sweep"
# If a product has both, the last one here applies: the one with a mail.
REPLACING_TYPES = [ProductRelationship.Type.SILENT_REPLACEMENT, ProductRelationship.Type.REPLACEMENT]


def discontinue_product(
    product: Product, *, actor: Actor, substitute: Product | None = None, silent: bool = False
) -> Replacement:
    """Take `product` out of sale and start to swap it for `substitute` in its live subscriptions, or to cancel those.

    `silent` swaps emit no event. If the product is already discontinued, this handles the remaining subscriptions.
    Refused while a replacement of the product runs, and for a substitute that cannot be subscribed to.
    """
    with transaction.atomic():
        rows = lock_products(product, substitute)
        locked = rows[product.pk]
        if substitute is not None:
            require_substitute(locked, rows.get(substitute.pk))
        _must_have_no_running_replacement(locked)
        locked.discontinued, locked.live, locked.autoship_enabled = True, False, False
        locked.last_update = timezone.now()
        if actor.kind is ActorKind.STAFF:
            locked.set_by_staff = [*OFF_SALE]
        locked.save(update_fields=[*OFF_SALE, "set_by_staff", "last_update"])
        run = _new_replacement(locked, substitute, silent, actor, affected_subscriptions(locked).count())
        run.save()
        notify_after_commit(RUN_TASK, run.pk)
    return run


def follow_relationships(
    merchant: Merchant, products: Sequence[Product], *, actor: Actor
) -> tuple[list[Replacement], list[Product]]:
    """Start the replacements that relationships define for `products`, which a feed has just discontinued.

    Subscriptions to a product without a relationship are cancelled. Call it in the transaction that discontinued the
    products. Returns the runs it started, and the products whose replacement cannot be subscribed to: staff decide
    about these.
    """
    live = Subscription.objects.live().filter(merchant=merchant, product__in=products)
    unhandled = live.exclude(product__replacements__state=Replacement.State.RUNNING).order_by()
    totals = dict(unhandled.values_list("product").annotate(Count("pk")))
    relationships = find_replacing_relationships(merchant, totals)
    runs, left = [], []
    for product in (product for product in products if product.pk in totals):
        relationship = relationships.get(product.pk)
        substitute = relationship.to_product if relationship else None
        if substitute and why_not_substitutable(substitute):
            left.append(product)
        else:
            runs.append(
                _new_replacement(product, substitute, is_silent_replacement(relationship), actor, totals[product.pk])
            )
    if runs:
        Replacement.objects.bulk_create(runs)
        notify_after_commit(SWEEP_TASK)  # one task, however many runs
    return runs, left


def find_replacing_relationships(merchant: Merchant, products: Iterable[int]) -> dict[int, ProductRelationship]:
    """The relationships that define what replaces products when they are discontinued, by product key."""
    rows = ProductRelationship.objects.filter(
        merchant=merchant, from_product__in=list(products), relationship_type__in=REPLACING_TYPES
    ).select_related("to_product")
    ranked = sorted(rows, key=lambda row: REPLACING_TYPES.index(ProductRelationship.Type(row.relationship_type)))
    return {row.from_product_id: row for row in ranked}


def is_silent_replacement(relationship: ProductRelationship | None) -> bool:
    """Whether the swap emits no event, so that customers get no mail."""
    silent = ProductRelationship.Type.SILENT_REPLACEMENT
    return relationship is not None and relationship.relationship_type == silent


def require_substitute(product: Product, substitute: Product | None) -> None:
    """Raises `Refused` unless `product` can be swapped for `substitute`."""
    if substitute is None or substitute.merchant_id != product.merchant_id:
        raise refused("substitute_unknown")
    if substitute.pk == product.pk:
        raise refused("substitute_itself")
    if code := why_not_substitutable(substitute):
        raise refused(code)


def why_not_substitutable(substitute: Product) -> str:
    """The refusal code if no product can be swapped for `substitute`; empty if the swap is possible."""
    if substitute.discontinued:
        return "substitute_discontinued"
    return "" if substitute.autoship_enabled else "substitute_not_subscribable"


def lock_products(*products: Product | None) -> dict[int, Product]:
    """The products of one merchant as they are now, by key. Refused while another write holds one of them."""
    keys = [product.pk for product in products if product is not None]
    merchant = next(product.merchant_id for product in products if product is not None)
    # In key order, so that two calls with the same products in swapped roles do not deadlock.
    rows = Product.objects.select_for_update(no_key=True).filter(merchant=merchant, pk__in=keys).order_by("pk")
    try:
        return {row.pk: row for row in rows}
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise refused("product_busy") from error
        raise


def _must_have_no_running_replacement(product: Product) -> None:
    running = Replacement.objects.filter(merchant=product.merchant_id, state=Replacement.State.RUNNING)
    if running.filter(product=product).exists():
        raise refused("replacement_running")
    if running.filter(substitute=product).exists():
        raise refused("replacement_arriving")


def _new_replacement(
    product: Product, substitute: Product | None, silent: bool, actor: Actor, total: int
) -> Replacement:
    return Replacement(
        merchant_id=product.merchant_id,
        product=product,
        substitute=substitute,
        silent=silent and substitute is not None,
        actor=actor.as_json(),
        total=total,
    )
