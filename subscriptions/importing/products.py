"""products.csv: products and the groups they are in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils import timezone

from subscriptions.actions.product import follow_relationships
from subscriptions.actors import Actor, ActorKind
from subscriptions.importing import cells, date_cells
from subscriptions.importing.report import Outcome, Report
from subscriptions.importing.stored_rows import change_row, find_rows, split_in_chunks, write_rows
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
        Column("groups", _read_groups, empty=frozenset()),
        Column("created", date_cells.past_moment_reader(merchant.time_zone), empty=KEEP),
    ]


def _read_groups(value: str) -> frozenset[Group]:
    groups = []
    for part in value.split("|"):
        group_type, _, name = (piece.strip() for piece in part.partition(":"))
        if group_type not in ProductGroup.Type.values or not 0 < len(name) <= 255:
            raise ValueError(
                f"{cells.quote_cell(part)} is not a group; "
                "write type:name, such as sku_swap:beans, with | between them."
            )
        groups.append((group_type, name))
    return frozenset(groups)


def _save(merchant: Merchant, rows: Sequence[Row], report: Report, progress: Progress) -> None:
    known = load_products(merchant.products.select_for_update(no_key=True).order_by("pk"), rows)
    stored_groups = _groups_by_product(merchant, known.values())
    changed: list[Product] = []
    regrouped: list[tuple[Product, frozenset[Group]]] = []
    for_sale = {product.pk for product in known.values() if not product.discontinued}
    for row in rows:
        values = dict(row.values)
        groups = values.pop("groups", None)
        product = known.get(values["external_product_id"]) or Product(merchant=merchant)
        _check_type(product, row, report)
        outcome = change_row(product, _without_sale(product, values))
        if (product.every is None) != (product.every_period is None):
            report.add_problem(row.line, "every", "every and every_period need each other; fill or empty both.")
        if groups is not None and groups != stored_groups[product.pk]:
            regrouped.append((product, groups))
            outcome = outcome if outcome is Outcome.CREATED else Outcome.UPDATED
        if outcome is not Outcome.UNCHANGED:
            product.last_update = timezone.now()
            changed.append(product)
        report.count(outcome)
    if not report.problems:
        write_rows(changed, progress, "products")
        _write_groups(merchant, regrouped, progress)
        discontinued = [product for product in changed if product.discontinued and product.pk in for_sale]
        _begin_replacements(merchant, discontinued, report)


def _begin_replacements(merchant: Merchant, discontinued: Sequence[Product], report: Report) -> None:
    begun, left = follow_relationships(merchant, discontinued, actor=FEED)
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
    product_type = row.values.get("product_type", product.product_type)
    if product.pk and product_type != product.product_type:
        report.add_problem(
            row.line, "product_type", f"a product keeps the type it was created with: {product.product_type}."
        )


def _without_sale(product: Product, values: dict[str, object]) -> dict[str, object]:
    """A discontinued product is neither in stock nor open to subscriptions, whatever its cells say."""
    is_discontinued = values.get("discontinued", product.discontinued)
    return values | ({"live": False, "autoship_enabled": False} if is_discontinued else {})


def load_products(products: QuerySet[Product], rows: Sequence[Row]) -> dict[str, Product]:
    """Those of `products` that `rows` name, by the merchant's own id."""
    ids = [row.values["external_product_id"] for row in rows]
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


PRODUCTS = Table("product", "external_product_id", _columns, _save)
