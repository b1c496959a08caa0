"""The roll-ups of clicks."""

from django.db import models
from django.db.models.functions import Coalesce

from oneclick.models.click import Click
from oneclick.models.landing_page import LandingPage
from oneclick.models.link import SavedLink
from subscriptions.models import Item, Merchant, Product
from subscriptions.models.fields import TotalField


class DailyClicks(models.Model):
    """What the clicks of a day came to; `analytics/roll_up.py` counts them. `refused` counts those of one `refusal`."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    action = models.CharField(max_length=24)
    # Without constraints: where a link is deleted, its clicks lose it at once and these sums when they are folded anew.
    link = models.ForeignKey(
        SavedLink, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    landing_page = models.ForeignKey(
        LandingPage, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(
        Product, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    refusal = models.CharField(max_length=40, blank=True, help_text="The code of a refusal; empty for all else.")
    refused = models.BigIntegerField(default=0)
    opened = models.BigIntegerField(default=0)
    acted = models.BigIntegerField(default=0)
    undone = models.BigIntegerField(default=0)
    replayed = models.BigIntegerField(default=0)
    machines = models.BigIntegerField(default=0)
    machines_acted = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0)
    value = TotalField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "merchant",
                "day",
                "action",
                Coalesce("link", 0),
                Coalesce("landing_page", 0),
                Coalesce("product", 0),
                "refusal",
                name="daily_clicks_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} on {self.day}"


class GainedItem(models.Model):
    """An item that a click of the day gained; `analytics/gained_items.py` finds it. Links, pages and such as above."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(help_text="The day of the click.")
    action = models.CharField(max_length=24)
    link = models.ForeignKey(
        SavedLink, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    landing_page = models.ForeignKey(
        LandingPage, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(
        Product, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    # A click that is removed makes its day stale; a placed item stays.
    click = models.ForeignKey(Click, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    item = models.ForeignKey(Item, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    value = TotalField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "day", "click", "item"], name="gained_item_once")]

    def __str__(self) -> str:
        return f"{self.action} on {self.day}"
