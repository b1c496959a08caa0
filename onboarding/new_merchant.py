"""A new merchant with the rows that every merchant has, and its owner."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from oneclick.models import LandingPage, OneClickSettings
from oneclick.pages.origins import parse_origin
from subscriptions.models import CancelReason, Membership, Merchant, Role
from subscriptions.models.merchant import make_storefront_key

LANDING_SLUG = "welcome-back"
CANCEL_REASONS = {
    1: "Other",
    3: "I am not using it",
    4: "I have more than I need",
    8: "It is too expensive",
    15: "I tried it and did not like it",
    22: "I would like another product",
    31: "I have trouble managing it online",
    70: "I no longer need it",
    113: "Disengaged",
    114: "No answer",
}


def create_merchant(**fields: Any) -> Merchant:
    """Create the merchant with these values of its columns, and what it needs to work. Must run in a transaction.

    Its gateway is up to its owner: until there is one, orders wait. Raises ValidationError.
    """
    merchant = Merchant(storefront_key=make_storefront_key(), **fields)
    merchant.full_clean()
    merchant.save()
    OneClickSettings.objects.create(merchant=merchant, shop_origins=[parse_origin(merchant.shop_url)])
    LandingPage.objects.create(
        merchant=merchant,
        slug=LANDING_SLUG,
        name="Welcome back",
        is_default=True,
        title="Welcome back",
        heading="Good to see you again",
    )
    CancelReason.objects.bulk_create(
        CancelReason(merchant=merchant, code=code, label=label) for code, label in CANCEL_REASONS.items()
    )
    return merchant


def add_owner(merchant: Merchant, user: User) -> None:
    Membership.objects.create(merchant=merchant, user=user, role=Role.OWNER)


def has_live_merchant() -> bool:
    return Merchant.objects.filter(is_test=False).exists()


def lock_new_merchants() -> None:
    """Let new merchants be made one after the other, until the transaction ends, so that each check sees the last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('new merchant'))")
