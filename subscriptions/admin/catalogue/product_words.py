"""What the page of a product says about it, in sentences and figures."""

from django.urls import reverse

from subscriptions.actions.replacing import affected_subscriptions
from subscriptions.calendar import frequency_description
from subscriptions.models import Item, OrderStatus, Product
from subscriptions.staff.counts import count_text

STATES = {"For sale": "success", "Out of stock": "warning", "Discontinued": "danger"}


def describe_state(product: Product) -> str:
    if product.discontinued:
        return "Discontinued"
    return "For sale" if product.live else "Out of stock"


def describe_sale(product: Product) -> list[tuple[str, str]]:
    """How the product is sold: icons and sentences."""
    if product.discontinued:
        return [("block", "It is sold no more: nobody can subscribe to it, and no link can add it.")]
    usual = ""
    if product.every and product.every_period:
        usual = f", usually {frequency_description(product.every, product.every_period).lower()}"
    lines = [
        ("autorenew", f"Customers can subscribe to it{usual}.")
        if product.autoship_enabled
        else ("block", "It is not open to subscriptions."),
        ("check_box", "Your shop preselects the subscription.") if product.autoship_by_default else None,
        ("savings", "Customers can pay several orders at once.") if product.prepaid_eligible else None,
        ("link", "1-Click links can add it to an order.")
        if product.live and product.upsell_eligible
        else ("link_off", "1-Click links cannot add it now."),
        ("remove_shopping_cart", "Orders leave it out and try again daily until it is in stock.")
        if not product.live
        else None,
        ("category", f"It is a {product.get_product_type_display().lower()}.")
        if product.product_type != Product.Type.STANDARD
        else None,
    ]
    return [line for line in lines if line]


def describe_hand(product: Product) -> str:
    """The columns that staff have set, in words."""
    titles = {field.attname: str(field.verbose_name) for field in Product._meta.concrete_fields}
    return ", ".join(sorted(titles[name] for name in product.set_by_staff))


def product_figures(product: Product) -> list[tuple[str, str, str, str]]:
    """How much depends on the product, each with the list that shows it."""
    upcoming = Item.objects.filter(merchant=product.merchant_id, product=product, order_status=OrderStatus.UNSENT)
    subscription_list = reverse("admin:subscriptions_subscription_changelist")
    order_list = reverse("admin:subscriptions_order_changelist")
    return [
        (
            "autorenew",
            count_text(affected_subscriptions(product)),
            "Active subscriptions",
            f"{subscription_list}?status=active&product={product.pk}",
        ),
        ("local_shipping", count_text(upcoming), "Times in upcoming orders", f"{order_list}?product={product.pk}"),
    ]
