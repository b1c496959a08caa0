"""The rows of the demo merchant: a coffee and tea shop from `samples/`, whose events go to the sandbox."""

from decimal import Decimal

from django.conf import settings
from django.db import connection

from demo import clicks, order_history
from integrations.models import Connection
from integrations.sandbox import private_keys as sandbox
from onboarding.new_merchant import create_merchant
from oneclick.models import Action, SavedLink
from subscriptions.actions import subscription as subscription_actions
from subscriptions.actors import Actor, ActorKind
from subscriptions.events.catalogue import SUBSCRIPTION_CANCEL
from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.importer import import_file
from subscriptions.importing.products import PRODUCTS
from subscriptions.importing.subscriptions import SUBSCRIPTIONS
from subscriptions.models import (
    Address,
    Coupon,
    Customer,
    Discount,
    Item,
    Merchant,
    Offer,
    OfferProfile,
    Order,
    Payment,
    Product,
    Subscription,
)

NAME = "Fernhollow Coffee & Tea"
SHOP_URL = "https://fernhollow.test"
CONNECTION = "Klaviyo sandbox"
FILES = {"products": PRODUCTS, "customers": CUSTOMERS, "subscriptions": SUBSCRIPTIONS}
IMPORTED = (Product, Customer, Address, Payment, Subscription, Order, Item)
CANCELLED = {
    "S-5011": "8|Too expensive for every day",
    "S-5014": "4|There are five bags on my shelf",
    "S-5017": "15|Too bright for my taste",
    "S-5020": "70|",
    "S-5029": "31|I could not find the date",
}
REACTIVATED = ["S-5014", "S-5020"]
DEMO_ACTOR = Actor(ActorKind.JOB, "demo", "Demo")


def find_demo_merchant() -> Merchant | None:
    return Merchant.objects.filter(name=NAME, is_test=True).first()


def create_demo_merchant() -> Merchant:
    """Create the merchant with all its rows; must run in a transaction."""
    merchant = create_merchant(name=NAME, shop_url=SHOP_URL, is_test=True)
    _describe_shop(merchant)
    _create_offers(merchant)
    for name, table in FILES.items():
        report = import_file(table, settings.BASE_DIR / "samples" / f"{name}.csv", merchant)
        if report.problems:
            raise RuntimeError(f"samples/{name}.csv: {report.problems[0]}")
    _create_saved_links(merchant)
    _analyze_tables()
    order_history.create_order_history(merchant)
    clicks.create_clicks(merchant, [*CANCELLED, *order_history.SUBSCRIPTIONS])
    _change_subscriptions(merchant)
    return merchant


def _analyze_tables() -> None:
    """Without it, the planner takes the tables of this transaction for as empty as they were before."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(model._meta.db_table for model in IMPORTED)}")


def _describe_shop(merchant: Merchant) -> None:
    merchant.landing_pages.update(
        title=f"Welcome back to {NAME}",
        text="We roast on Mondays and Thursdays and send your order the same day.",
        support_contact="hello@fernhollow.test",
    )
    # The address is that of the portal, so each start updates it.
    Connection.objects.create(
        merchant=merchant,
        integration=Connection.Integration.KLAVIYO,
        name=CONNECTION,
        base_url=sandbox.sandbox_url(),
        secret=sandbox.create_key(merchant),
    )


def _create_offers(merchant: Merchant) -> None:
    profile = OfferProfile.objects.create(merchant=merchant, name="Come back and save")
    Offer.objects.create(merchant=merchant, profile=profile, name="15 % off the next order", usable_in_links=True)
    coupon = Coupon.objects.create(
        merchant=merchant, profile=profile, use=Coupon.Use.INITIAL, name="15 % off", code="COMEBACK15"
    )
    Discount.objects.create(
        merchant=merchant,
        coupon=coupon,
        name="15 % off the item",
        object=Discount.Target.ITEM,
        field=Discount.Field.TOTAL_PRICE,
        type=Discount.Type.PERCENT,
        value=Decimal(15),
    )


def _create_saved_links(merchant: Merchant) -> None:
    offer = merchant.offers.get(usable_in_links=True)
    SavedLink.objects.bulk_create(
        SavedLink(merchant=merchant, name=name, action=action, parameters=parameters, **more)
        for name, action, parameters, more in [
            ("Two weeks later", Action.DELAY, {"days": "14"}, {}),
            ("Mint tea with the next order", Action.UPSELL, {"og_product_id": "tea-mint"}, {}),
            (
                "Come back, 15 % off",
                Action.REACTIVATE,
                {"winback_id": offer.public_id.hex},
                {"event_kinds": [SUBSCRIPTION_CANCEL], "property_name": "reactivate_url"},
            ),
        ]
    )


def _change_subscriptions(merchant: Merchant) -> None:
    """Cancel and reactivate some, so that activities, tokens and the inbox have something to show."""
    subscriptions = {each.external_id: each for each in merchant.subscriptions.filter(external_id__in=CANCELLED)}
    for external_id, reason in CANCELLED.items():
        subscription_actions.cancel(subscriptions[external_id], actor=DEMO_ACTOR, reason=reason)
    for external_id in REACTIVATED:
        subscription_actions.reactivate(subscriptions[external_id], actor=DEMO_ACTOR)
