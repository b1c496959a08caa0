"""What discontinuing a product would change: its subscriptions, possible replacements, and the numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html

from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.models import Item, Order, Product, ProductGroup, Subscription
from subscriptions.money import money
from subscriptions.staff.search import products_matching

MOST_CANDIDATES = 8
HEADERS = ["Customer", "Quantity", "Frequency", "Next order", "Unit price"]


def with_next_order(live: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Subscriptions with their customer and, as `next_day`, the day of their next order."""
    days = upcoming_items().values("order__place_date")[:1]
    return live.select_related("customer").annotate(next_day=Subquery(days)).order_by("pk")


def subscription_table(product: Product, subscriptions: Iterable[Any]) -> dict[str, Any]:
    """Rows of `with_next_order` in the form that unfold's table takes."""
    return {"headers": HEADERS, "rows": [subscription_cells(product, row) for row in subscriptions]}


def find_candidates(product: Product, proposed: Product | None, term: str) -> QuerySet[Product]:
    """Other products to swap the subscriptions for; those in a swap group with `product` come first."""
    groups = product.groups.filter(group_type=ProductGroup.Type.SKU_SWAP)
    mates = Product.groups.through.objects.filter(product=OuterRef("pk"), productgroup__in=groups)
    others = products_matching(product.merchant, term).filter(discontinued=False, autoship_enabled=True)
    others = others.exclude(pk__in=[each.pk for each in (product, proposed) if each])
    ranked = others.select_related("merchant").annotate(is_mate=Exists(mates))
    return ranked.order_by("-is_mate", "name", "pk")[:MOST_CANDIDATES]


@dataclass(frozen=True, slots=True)
class ImpactPreview:
    """Of `total` subscriptions, `locked` keep their own price; `prepaid` and `placing` will be refused."""

    total: int
    locked: int
    prepaid: int
    placing: int

    @property
    def changed(self) -> int:
        return self.total - self.prepaid - self.placing


def preview_impact(product: Product, substitute: Product | None) -> ImpactPreview:
    """The current impact; customers' actions may still change it."""
    prepaid = Q(prepaid_orders_remaining__gt=0)
    placing = Q(pk=None)
    if substitute:
        prepaid &= Q(price=None) if substitute.price != product.price else Q(pk=None)
        placing = ~prepaid & Q(~Exists(upcoming_items().filter(order__in=Order.objects.open())))
    counts = affected_subscriptions(product).aggregate(
        total=Count("pk"),
        locked=Count("pk", filter=Q(price__isnull=False)),
        prepaid=Count("pk", filter=prepaid),
        placing=Count("pk", filter=placing),
    )
    return ImpactPreview(**counts)


def upcoming_items() -> QuerySet[Item]:
    """The upcoming item of the subscription in the outer query."""
    return Item.objects.filter(merchant=OuterRef("merchant"), subscription=OuterRef("pk"), upcoming=True)


def subscription_cells(product: Product, row: Any) -> list[Any]:
    customer = reverse("admin:subscriptions_customer_change", args=[row.customer_id])
    price = money(product.price if row.price is None else row.price, row.currency_code)
    return [
        format_html('<a class="staff-break text-link" href="{}">{}</a>', customer, row.customer),
        row.quantity,
        row.frequency_description,
        date_format(row.next_day, "N j, Y") if row.next_day else "None scheduled",
        price if row.price is None else f"{price}, locked",
    ]
