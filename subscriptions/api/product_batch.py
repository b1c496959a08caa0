"""A batch of products: each row is judged by itself, and all good ones are written together in a few statements."""

from collections.abc import Sequence
from typing import Any

from rest_framework.exceptions import ValidationError

from subscriptions.actions.product_fields import find_field_problems
from subscriptions.actors import Actor
from subscriptions.api.bodies.products import ProductRowBody
from subscriptions.importing.importer import lock_merchant
from subscriptions.importing.product_rows import ProductRows
from subscriptions.models import Merchant, Product

MOST_ROWS = 100
Result = dict[str, Any]


class RowRefused(Exception):
    """A row that changes nothing, with the status and the errors by field that it is answered with."""

    def __init__(self, status: int, errors: Any) -> None:
        super().__init__(status, errors)
        self.status, self.errors = status, errors


def new_product(products: ProductRows, values: dict[str, Any]) -> Product:
    key = values["external_product_id"]
    if key in products.stored:
        raise RowRefused(400, {"product_id": [f"There is a product {key} already; update it."]})
    return Product(merchant=products.merchant, external_product_id=key, name=key, price=0)


def known_product(products: ProductRows, values: dict[str, Any]) -> Product:
    key = values["external_product_id"]
    if key not in products.stored:
        raise RowRefused(404, {"product_id": [f"There is no product {key}; create it."]})
    return products.stored[key]


def write_batch(
    merchant: Merchant, given: Any, actor: Actor, context: dict[str, Any], *, creates: bool, keep_staffs: bool
) -> list[Result]:
    """The result of each of the `given` rows, in their order; `creates`: they are of new products.

    Raises `ValidationError` if they are no list of rows.
    """
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_ROWS:
        raise ValidationError({"non_field_errors": [f"Give an array of 1 to {MOST_ROWS} products."]})
    checked = _check_rows(given, context)
    with lock_merchant(merchant):
        ids = [row["external_product_id"] for row in checked if not isinstance(row, RowRefused)]
        products = ProductRows(merchant, ids)
        results = [_change(products, row, sent, creates, keep_staffs) for row, sent in zip(checked, given, strict=True)]
        products.write()
        products.follow_relationships(actor)
    return results


def _check_rows(given: Sequence[Any], context: dict[str, Any]) -> list[dict[str, Any] | RowRefused]:
    body = ProductRowBody(context=context)

    def check(row: Any) -> dict[str, Any] | RowRefused:
        try:
            return dict(body.run_validation(row))
        except ValidationError as error:
            return RowRefused(400, error.detail)

    return [check(row) for row in given]


def _change(
    products: ProductRows, row: dict[str, Any] | RowRefused, sent: Any, creates: bool, keep_staffs: bool
) -> Result:
    named = sent.get("product_id") if isinstance(sent, dict) else None
    try:
        if isinstance(row, RowRefused):
            raise row
        named = row["external_product_id"]
        product = new_product(products, row) if creates else known_product(products, row)
        values = {name: value for name, value in row.items() if name != "groups"}
        if problems := find_field_problems(product, values):
            raise RowRefused(400, {name: [sentence] for name, sentence in problems.items()})
        products.change(product, values, row.get("groups"), keep_staffs=keep_staffs)
    except RowRefused as refusal:
        known = str(named) if isinstance(named, str | int) else None
        return {"product_id": known, "status": refusal.status, "errors": refusal.errors}
    return {"product_id": named, "status": 200}
