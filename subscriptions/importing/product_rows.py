"""Writes products and their groups as the shop sends them, in a file or over REST."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from subscriptions.actions.product import follow_relationships
from subscriptions.actions.product_fields import without_sale
from subscriptions.actors import Actor
from subscriptions.importing.importer import without_progress
from subscriptions.importing.report import Outcome
from subscriptions.importing.stored_rows import change_row, find_rows, split_in_chunks, write_rows
from subscriptions.importing.table import Progress
from subscriptions.models import Merchant, Product, ProductGroup, Replacement

Group = tuple[str, str]  # type and name
Membership = Product.groups.through


class ProductRows:
    """Products of one merchant, to be changed together in a few statements, however many they are.

    Use it within `lock_merchant`: two writers at once would both create the products that neither found.
    """

    def __init__(self, merchant: Merchant, ids: Iterable[str]) -> None:
        """Loads and locks the stored ones among the products with these ids of the shop."""
        self.merchant = merchant
        self.stored = load_products(merchant.products.select_for_update(no_key=True).order_by("pk"), ids)
        self._groups = _groups_by_product(merchant, self.stored.values())
        self._for_sale = {product.pk for product in self.stored.values() if not product.discontinued}
        # By the shop's id, because a row may be repeated.
        self._changed: dict[str, Product] = {}
        self._regrouped: dict[str, frozenset[Group]] = {}

    def change(
        self,
        product: Product,
        values: Mapping[str, Any],
        groups: frozenset[Group] | None = None,
        *,
        keep_staffs: bool = False,
    ) -> Outcome:
        """Give a stored or new product these values, and these groups unless None. `write` saves it.

        `keep_staffs`: fields that staff have set keep their values.
        """
        held = set(product.set_by_staff)
        values = {name: value for name, value in values.items() if not (keep_staffs and name in held)}
        product.set_by_staff = [name for name in product.set_by_staff if name not in values]
        outcome = change_row(product, without_sale(product, values))
        known = product.external_product_id
        if groups is not None and groups != self._regrouped.get(known, self._groups[product.pk]):
            self._regrouped[known] = groups
            outcome = outcome if outcome is Outcome.CREATED else Outcome.UPDATED
        if outcome is not Outcome.UNCHANGED or len(product.set_by_staff) != len(held):
            product.last_update = timezone.now()
            self._changed[known] = product
        self.stored[known] = product
        return outcome

    def write(self, progress: Progress = without_progress) -> None:
        write_rows(list(self._changed.values()), progress, "products")
        _write_groups(self.merchant, [(self.stored[key], each) for key, each in self._regrouped.items()], progress)

    def follow_relationships(self, actor: Actor) -> tuple[list[Replacement], list[Product]]:
        """After `write`: see to the subscriptions of the products that are discontinued by the changes."""
        discontinued = [row for row in self._changed.values() if row.discontinued and row.pk in self._for_sale]
        return follow_relationships(self.merchant, discontinued, actor=actor) if discontinued else ([], [])


def load_products(products: QuerySet[Product], ids: Iterable[str]) -> dict[str, Product]:
    """Those of `products` that have these ids of the shop, by id."""
    return {product.external_product_id: product for product in find_rows(products, "external_product_id", ids)}


def _groups_by_product(merchant: Merchant, products: Iterable[Product]) -> dict[int | None, frozenset[Group]]:
    rows = Membership.objects.filter(productgroup__merchant=merchant).select_related("productgroup")
    found: dict[int | None, set[Group]] = defaultdict(set)
    for each in find_rows(rows, "product", [product.pk for product in products]):
        found[each.product_id].add((each.productgroup.group_type, each.productgroup.name))
    return defaultdict(frozenset, {key: frozenset(groups) for key, groups in found.items()})


def _write_groups(
    merchant: Merchant, regrouped: Sequence[tuple[Product, frozenset[Group]]], progress: Progress
) -> None:
    if not regrouped:
        return
    wanted = {group for _, groups in regrouped for group in groups}
    ProductGroup.objects.bulk_create(
        [ProductGroup(merchant=merchant, group_type=kind, name=name) for kind, name in sorted(wanted)],
        ignore_conflicts=True,
    )
    stored_groups = ProductGroup.objects.filter(merchant=merchant)
    ids = {(each.group_type, each.name): each.pk for each in stored_groups}
    for chunk in split_in_chunks([product.pk for product, _ in regrouped]):
        Membership.objects.filter(product__in=chunk).delete()
    links = [
        Membership(product=product, productgroup_id=ids[group]) for product, groups in regrouped for group in groups
    ]
    write_rows(links, progress, "groups")
