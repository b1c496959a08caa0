"""How values look on the staff pages."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event, Product
from subscriptions.money import money

# Between two tags, not between a tag and its text.
BETWEEN_TAGS = re.compile(r"(?<=>)\s*(?=<[A-Za-z])|(?<=>)(?<!\]\]>)\s*(?=</)")
# A spreadsheet takes text that begins with one of these for a formula.
FORMULA = tuple("=+-@＝＋－＠\t\r\n")
OPENS = re.compile(r"<[A-Za-z][^<>]*(?<!/)>")


def money_column(field: str, title: str) -> Callable[[Any], str | None]:
    """A column of an admin that shows the amount in `field` with its currency."""

    @display(description=title, empty_value="-")
    def column(row: Any) -> str | None:
        amount = getattr(row, field)
        return None if amount is None else money(amount, currency_of(row))

    return column


def currency_of(row: Any) -> str:
    """The currency of the amounts of `row`: its own, or that of its order or its merchant."""
    owners = (getattr(row, name, None) for name in ("order", "merchant"))
    return next(owner.currency_code for owner in (row, *owners) if hasattr(owner, "currency_code"))


def product_with_price(product: Product) -> dict[str, Any]:
    """A product as `admin/parts/choice.html` shows it."""
    return {"product": product, "price": money(product.price, product.merchant.currency_code)}


def event_title(event: Event) -> str:
    """The title of the event's kind; a kind that the catalogue has lost has only a name."""
    return ALL_KINDS[event.kind].title if event.kind in ALL_KINDS else event.kind


def header_with_picture(name: str, about: str, image_url: str | None) -> list[Any]:
    """A cell of a list with a name, a line below it, and the picture if there is one; for columns with `header`."""
    picture = {"path": image_url, "squared": True, "width": 32, "height": 32}
    return [name, about, "", picture] if image_url else [name, about]


def percent_done(done: int, total: int | None, *, is_finished: bool) -> int:
    """How much of a run is done, in per cent; less than 100 until it is finished."""
    return 100 if is_finished else min(99, 100 * done // max(total or 0, 1))


def escape_formula(text: str) -> str:
    """`text` as a cell of a CSV file that no spreadsheet executes."""
    return f"'{text}" if text.startswith(FORMULA) else text


def pretty_json(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="staff-json">{}</pre>', text)


def pretty_body(text: str) -> SafeString:
    """A JSON or XML body, complete or cut off, with a line for each value."""
    if not text:
        return format_html("{}", "-")
    try:
        return pretty_json(json.loads(text))
    except ValueError:
        return format_html('<pre class="staff-json">{}</pre>', "\n".join(indent_markup(text)))


def indent_markup(markup: str) -> Iterator[str]:
    depth = 0
    for line in BETWEEN_TAGS.split(markup):
        depth -= line.startswith("</")
        yield "  " * max(depth, 0) + line
        depth += bool(OPENS.fullmatch(line))
