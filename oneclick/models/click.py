"""Clicks: visits through links."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from oneclick.models.landing_page import LandingPage
from oneclick.models.link import SavedLink
from oneclick.models.token import ActionToken
from subscriptions.models import Item, Merchant, Order, Product, Subscription

NON_REFUSALS = ("success", "undone", "opened", "fetched", "unpressed")


class Click(models.Model):
    """One visit with a genuine token: its action, its outcome and its effect. No personal data.

    A click that acted has the outcome `success` and is not `replayed`; its `subscription`, `item` or `order` is what it
    gained or kept. The outcome of a refusal is its code. A fetched page is `fetched`, and a likely machine until its
    script runs or its button is pressed. A page whose script waits for a press is `opened`. A form sent without a
    press is `unpressed`.
    """

    kept_of_erased = ("action", "outcome")

    # The lists of a merchant begin with its key.
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    token = models.ForeignKey(ActionToken, models.CASCADE, related_name="clicks")
    link = models.ForeignKey(SavedLink, models.SET_NULL, null=True, blank=True, related_name="clicks")
    landing_page = models.ForeignKey(LandingPage, models.SET_NULL, null=True, blank=True, related_name="+")
    # Without constraint and index: a product with subscriptions or items is never deleted, and nothing looks up by it.
    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="What the click is about: see `analytics/clicked_product.py`.",
    )
    action = models.CharField(max_length=24, help_text="The name of the link action, or `undo`.")
    outcome = models.CharField(max_length=40, help_text="One of `NON_REFUSALS`, or the error's code.")
    opens = models.BooleanField(
        default=False, help_text="Whether it opened the link; false where an earlier click of the same visit did."
    )
    replayed = models.BooleanField(default=False)
    likely_machine = models.BooleanField(default=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="clicks")
    item = models.ForeignKey(Item, models.DO_NOTHING, null=True, blank=True, related_name="+")
    order = models.ForeignKey(Order, models.DO_NOTHING, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "-id"], name="click_list"),
            models.Index(fields=["merchant", "token", "-id"], name="click_token"),
            models.Index(fields=["merchant", "at"], name="click_day"),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.outcome}"

    @staticmethod
    def not_undone(merchant: Merchant) -> Q:
        """Selects the merchant's clicks of people that acted and were not undone."""
        # Excluding the few undone tokens spares the database from reading all the others.
        undone = ActionToken.objects.filter(merchant=merchant, undone_at__isnull=False)
        acted = Q(merchant=merchant, outcome="success", replayed=False, likely_machine=False)
        return acted & ~Q(token__in=undone)
