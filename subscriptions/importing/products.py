"""products.csv: products and the groups they are in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils import timezone

from subscriptions.actions.product import follow_relationships
from subscriptions.actors import Actor, ActorKind
from subscriptions.importing import cells, date_cells, stored_rows
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.table import KEEP, Column, Progress, Row, Table, model_column
from subscriptions.models import Merchant, Product, ProductGroup

FEED = Actor(ActorKind.JOB, "product_feed", "Product feed")
Group = tuple[str, str]
Membership = Product.groups.through


def _columns(merchant: Merchant) -> list[Column]:
    flags = (
        "live",
        "discontinued",
        "autoship_enabled",
        "autoship_by_default",
        "prepaid_eligible",
        "upsell_eligible",
    )
    return [
        model_column(Product, "external_product_id", cells.read_identifier, required=True),
        model_column(Product, "name", required=True),
        model_column(Product, "price", cells.read_price, required=True),
        model_column(Product, "sku"),
        model_column(Product, "image_url", cells.read_url),
        model_column(Product, "detail_url", cells.read_url),
        model_column(Product, "product_type", cells.choice_reader(Product.Type)),
        *(model_column(Product, name, cells.read_boolean) for name in flags),
        model_column(Product, "premier_enabled", cells.choice_reader(Product.Premier)),
        model_column(Product, "every", cells.number_reader(1, 999)),
        model_column(Product, "every_period", cells.read_period),
        model_column(Product, "incentive_group"),
        model_column(Product, "extra_data", cells.read_json_object),
        Column("groups", _groups, empty=frozenset()),
        Column("created", date_cells.past_moment_reader(merchant.time_zone), empty=KEEP),
    ]


def _groups(value: str) -> frozenset[Group]:
    groups = []
    for part in value.split("|"):
        group_type, _, name = (piece.strip() for piece in part.partition(":"))
        if group_type not in ProductGroup.Type.values or not 0 < len(name) <= 255:
            raise ValueError(
                f"{cells.quote_cell(part)} is no group; write type:name, such as sku_swap:beans, with | between them."
            )
        groups.append((group_type, name))
    return frozenset(groups)


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, progress: Progress) -> None:
    known = load_products(merchant.products.select_for_update(no_key=True).order_by("pk"), rows)
    has_groups = _groups_of(merchant, known.values())
    changed: list[Product] = []
    regrouped: list[tuple[Product, frozenset[Group]]] = []
    for_sale = {product.pk for product in known.values() if not product.discontinued}
    for row in rows:
        given = dict(row.values)
        groups = given.pop("groups", None)
        product = known.get(given["external_product_id"]) or Product(merchant=merchant)
        _check_type(product, row, report)
        outcome = stored_rows.change_row(product, _switched_off(product, given))
        if (product.every is None) != (product.every_period is None):
            report.problem(row.line, "every", "every and every_period need each other; fill or empty both.")
        if groups is not None and groups != has_groups[product.pk]:
            regrouped.append((product, groups))
            outcome = outcome if outcome is Outcome.CREATED else Outcome.UPDATED
        if outcome is not Outcome.UNCHANGED:
            product.last_update = timezone.now()
            changed.append(product)
        report.count(outcome)
    if not report.problems:
        stored_rows.write_rows(changed, progress, "products")
        _write_groups(merchant, regrouped, progress)
        _replace(merchant, [each for each in changed if each.discontinued and each.pk in for_sale], report)


def _replace(merchant: Merchant, ended: Sequence[Product], report: Report) -> None:
    begun, left = follow_relationships(merchant, ended, actor=FEED)
    for run in begun:
        noun = "subscription is" if run.total == 1 else "subscriptions are"
        what_becomes = f"swapped for “{run.substitute}”" if run.substitute else "cancelled"
        report.notices.append(f"“{run.product}” is discontinued: {run.total:,} live {noun} {what_becomes}.")
    for product in left:
        report.notices.append(
            f"“{product}” is discontinued, but its replacement cannot be subscribed to: its subscriptions stay "
            "until staff replace them, on the product's page."
        )


def _check_type(product: Product, row: Row, report: Report) -> None:
    given = row.values.get("product_type", product.product_type)
    if product.pk and given != product.product_type:
        report.problem(row.line, "product_type", f"a product keeps the type it was made with: {product.product_type}.")


def _switched_off(product: Product, given: dict[str, object]) -> dict[str, object]:
    """A discontinued product is neither in stock nor open to subscriptions, whatever its cells say."""
    off = given.get("discontinued", product.discontinued)
    return given | ({"live": False, "autoship_enabled": False} if off else {})


def load_products(products: QuerySet[Product], rows: Sequence[Row]) -> dict[str, Product]:
    """Those of `products` that `rows` name."""
    names = [row.values["external_product_id"] for row in rows]
    return {each.external_product_id: each for each in stored_rows.find_rows(products, "external_product_id", names)}


def _groups_of(merchant: Merchant, products: Iterable[Product]) -> dict[int | None, frozenset[Group]]:
    rows = Membership.objects.filter(productgroup__merchant=merchant).select_related("productgroup")
    found: dict[int | None, set[Group]] = defaultdict(set)
    for each in stored_rows.find_rows(rows, "product", [product.pk for product in products]):
        found[each.product_id].add((each.productgroup.group_type, each.productgroup.name))
    return defaultdict(frozenset, {key: frozenset(groups) for key, groups in found.items()})


def _write_groups(
    merchant: Merchant, regrouped: Sequence[tuple[Product, frozenset[Group]]], progress: Progress
) -> None:
    wanted = {group for _, groups in regrouped for group in groups}
    ProductGroup.objects.bulk_create(
        [ProductGroup(merchant=merchant, group_type=kind, name=name) for kind, name in sorted(wanted)],
        ignore_conflicts=True,
    )
    stored_groups = ProductGroup.objects.filter(merchant=merchant)
    ids = {(each.group_type, each.name): each.pk for each in stored_groups}
    for chunk in stored_rows.split_in_chunks([product.pk for product, _ in regrouped]):
        Membership.objects.filter(product__in=chunk).delete()
    links = [
        Membership(product=product, productgroup_id=ids[group]) for product, groups in regrouped for group in groups
    ]
    stored_rows.write_rows(links, progress, "groups")


PRODUCTS = Table("product", "external_product_id", _columns, _save)
