"""products.csv: products and the groups they are in."""

from collections.abc import Sequence

from subscriptions.actions.product_fields import find_field_problems
from subscriptions.actors import Actor, ActorKind
from subscriptions.importing import cells, date_cells
from subscriptions.importing.product_rows import Group, ProductRows
from subscriptions.importing.report import Report
from subscriptions.importing.table import KEEP, Column, Progress, Row, Table, model_column
from subscriptions.models import Merchant, Product, ProductGroup, Replacement

FEED = Actor(ActorKind.JOB, "product_feed", "Product feed")


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
    products = ProductRows(merchant, (row.values["external_product_id"] for row in rows))
    for row in rows:
        values = dict(row.values)
        groups = values.pop("groups", None)
        product = products.stored.get(values["external_product_id"]) or Product(merchant=merchant)
        for column, sentence in find_field_problems(product, values).items():
            report.add_problem(row.line, column, sentence)
        report.count(products.change(product, values, groups))
    if not report.problems:
        products.write(progress)
        _report_replacements(*products.follow_relationships(FEED), report)


def _report_replacements(begun: Sequence[Replacement], left: Sequence[Product], report: Report) -> None:
    for run in begun:
        noun = "subscription is" if run.total == 1 else "subscriptions are"
        what_becomes = f"swapped for “{run.substitute}”" if run.substitute else "cancelled"
        report.add_remark(f"“{run.product}” is discontinued: {run.total:,} live {noun} {what_becomes}.")
    for product in left:
        report.add_remark(
            f"“{product}” is discontinued, but its replacement cannot be subscribed to: its subscriptions stay "
            "until staff replace them, on the product's page."
        )


PRODUCTS = Table("product", "external_product_id", _columns, _save)
