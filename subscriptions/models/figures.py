"""Roll-ups: figures that are added up beforehand, so that pages need not read the rows they stand for."""

from datetime import date

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from common.work import Leased
from subscriptions.models.fields import TotalField
from subscriptions.models.merchant import Merchant
from subscriptions.models.product import Product

NEVER = Value(date(9999, 12, 31))
"""Stands for no end in the unique index, where two empty ones would differ."""


class RollUp(Leased):
    """How far a kind of figures is folded for a merchant: all facts before `folded_until`, by days of `time_zone`."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, db_index=False, related_name="+")
    name = models.CharField(max_length=16)
    time_zone = models.CharField(max_length=64, blank=True, help_text="The zone of its days; empty before the first.")
    folded_until = models.DateTimeField(null=True, help_text="Empty: nothing is folded.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="roll_up_once")]

    def __str__(self) -> str:
        return self.name


class StaleFact(models.Model):
    """A fact that changed after it may have been folded: its day is counted from the rows until it is folded anew."""

    # Written by triggers and gone within minutes. Foreign keys would make each of them look the merchant up.
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    name = models.CharField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["merchant", "name", "at"], name="stale_fact")]

    def __str__(self) -> str:
        return f"{self.name} of {self.at}"


class DailyFigure(models.Model):
    """What happened on a day of the merchant's zone, how often, and the amount: see `figures/business.py`."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, db_index=False, related_name="+")
    day = models.DateField()
    figure = models.CharField(max_length=16)
    detail = models.CharField(max_length=16, blank=True)
    n = models.BigIntegerField(default=0)
    amount = TotalField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "day", "figure", "detail"], name="daily_figure_once")
        ]

    def __str__(self) -> str:
        return f"{self.figure} on {self.day}"


class DailyCancellations(models.Model):
    """The cancellations of a day by the code of their reason and the shop's ID of their product; both may be empty."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, db_index=False, related_name="+")
    day = models.DateField()
    reason = models.CharField(max_length=16, blank=True)
    product = models.CharField(max_length=255, blank=True)
    n = models.BigIntegerField(default=0)
    amount = TotalField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "day", "reason", "product"], name="daily_cancellations_once")
        ]

    def __str__(self) -> str:
        return f"{self.n} on {self.day}"


class ActiveCount(models.Model):
    """The merchant's live subscriptions and the customers who have one, without those of `ActiveChange`."""

    merchant = models.OneToOneField(Merchant, models.CASCADE, primary_key=True, related_name="+")
    subscriptions = models.BigIntegerField(default=0)
    subscribers = models.BigIntegerField(default=0)
    time_zone = models.CharField(max_length=64, help_text="The zone of the months of `CohortCount`.")

    def __str__(self) -> str:
        return f"{self.subscriptions} of {self.merchant}"


class CohortCount(models.Model):
    """How many subscriptions began and ended in two months, without those of `ActiveChange`; None is still live."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, db_index=False, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, db_index=False, related_name="+")
    started = models.DateField(help_text="The first of the month.")
    ended = models.DateField(null=True)
    n = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("merchant"), F("product"), F("started"), Coalesce("ended", NEVER), name="cohort_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.n} of {self.started:%Y-%m}"


class ActiveChange(models.Model):
    """A subscription that is (1) or is no longer (-1) as described. A trigger writes it; a fold adds it to the counts.

    So a cancellation has two rows: one less without an end, one more with it.
    """

    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    customer = models.BigIntegerField()
    product = models.BigIntegerField()
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    change = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.change:+} of customer {self.customer}"


class Forecast(models.Model):
    """When the merchant's `ForecastFigure`s were made, from the rows of that moment."""

    merchant = models.OneToOneField(Merchant, models.CASCADE, primary_key=True, related_name="+")
    made = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.made}"


class ForecastFigure(models.Model):
    """What is to come on a day: see `figures/forecast.py`. Orders are in rows without a product, all else is by it."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, db_index=False, related_name="+")
    day = models.DateField()
    product = models.ForeignKey(Product, models.CASCADE, null=True, db_index=False, related_name="+")
    follows = models.BooleanField(help_text="No order for it is open yet.")
    orders = models.BigIntegerField(default=0)
    units = models.BigIntegerField(default=0)
    revenue = TotalField(default=0)

    class Meta:
        indexes = [models.Index(fields=["merchant", "day"], name="forecast_figure_day")]

    def __str__(self) -> str:
        return f"{self.orders} on {self.day}"
