"""Merchants, who own every row, and the staff that act for them."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from subscriptions.models.fields import (
    CountryField,
    CurrencyField,
    EncryptedField,
    LocaleField,
    MoneyField,
    PublicIdField,
    TimeZoneField,
)
from subscriptions.models.order_status import OrderStatus, statuses_where

KEY_ROTATION = timedelta(hours=24)


def make_storefront_key() -> str:
    # 32 characters, so that the key can encrypt card data.
    return secrets.token_hex(16)


def validate_retry_days(days: list[int]) -> None:
    if days != sorted(set(days)) or not all(1 <= day <= 90 for day in days):
        raise ValidationError("Enter each day once, in ascending order, from 1 to 90.")


class RetryPlan(models.TextChoices):
    """When an order whose payment was declined is tried again; days count from the decline."""

    CLASSIC = "classic", "Classic: after 3 and 6 days"
    OPTIMIZER = "optimizer", "Optimizer: after 1, 3, 6, 10 and 15 days"
    MANUAL = "manual", "Manual: after the days below"
    EXTERNAL = "external", "External: you decide within 24 hours"
    OFF = "off", "Off: rejected right away"


class Merchant(models.Model):
    """A tenant: a shop with the settings of its subscription program."""

    public_id = PublicIdField()
    name = models.CharField(max_length=255)
    shop_url = models.URLField(
        "shop address", help_text="Your shop's home page. Links lead here, and pages lead back to it."
    )
    time_zone = TimeZoneField(max_length=64, default="America/New_York")
    currency_code = CurrencyField(
        "currency",
        max_length=3,
        default="USD",
        help_text="It stays while there are active subscriptions or orders to come.",
    )
    country_code = CountryField(
        "country",
        max_length=2,
        default="US",
        help_text="Phone numbers without a country code belong to it, if the customer has no address.",
    )
    locale = LocaleField("language", max_length=16, default="en-us", help_text="Of customers who have not said theirs.")
    is_shopify = models.BooleanField("Shopify store", default=False)
    is_test = models.BooleanField(
        "test merchant", default=False, help_text="For demos and tests. A test merchant can use the sandbox."
    )
    paused_at = models.DateTimeField(
        null=True, editable=False, help_text="Since then nothing is placed or sent; what happens waits."
    )
    reminder_days = models.PositiveSmallIntegerField("reminder lead time", default=5, validators=[MinValueValidator(5)])
    reminder_hour = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(23)])
    remind_near_orders = models.BooleanField(
        "remind of near orders",
        default=False,
        help_text="Also remind of orders that come nearer than their lead time, by an import, a reactivation or a new "
        "date. Otherwise only orders whose lead time begins on the day of the run.",
    )
    placement_hour = models.PositiveSmallIntegerField(
        default=5,
        null=True,
        blank=True,
        validators=[MaxValueValidator(11)],
        help_text="Without it, automatic placement is off.",
    )
    placed_hourly = models.BooleanField(
        "hourly placement", default=False, help_text="Due orders are also placed every later hour of the day."
    )
    retry_plan = models.CharField("payment retries", max_length=16, choices=RetryPlan, default=RetryPlan.CLASSIC)
    retry_days = ArrayField(
        models.PositiveSmallIntegerField(),
        size=10,
        default=list,
        blank=True,
        validators=[validate_retry_days],
        help_text="For the manual plan: days after the declined payment, for example 2, 5, 9.",
    )
    generic_error_limit = models.PositiveSmallIntegerField(
        "retries after errors",
        default=3,
        help_text="How often an order is tried again after a temporary error of your platform.",
    )
    card_recycling = models.BooleanField(
        "automatic card updates",
        default=False,
        help_text="Your platform updates expired cards by itself, so no expiry warnings are sent.",
    )
    warn_once_per_card = models.BooleanField(
        "one warning per card and order",
        default=False,
        help_text="Otherwise the customer is warned at each check, on the 1st and 15th of a month, until the order is "
        "placed.",
    )
    disengaged_after = models.PositiveSmallIntegerField(
        "cancel after rejections",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many rejected orders in a row cancel a subscription. Leave empty for never.",
    )
    shipping_rate = MoneyField(verbose_name="shipping per order", default=0, help_text="Before discounts.")
    prepaid_enabled = models.BooleanField(
        "prepaid subscriptions", default=True, help_text="Customers can turn subscriptions into prepaid ones."
    )
    requires_two_factor = models.BooleanField(
        "two-factor for everyone",
        default=False,
        help_text="Everybody on your team gives a code of an authenticator app at each login. Who has none yet sets it "
        "up first.",
    )
    history_days = models.PositiveSmallIntegerField(
        "days of history",
        null=True,
        blank=True,
        validators=[MinValueValidator(365)],
        help_text="Older activity, and the contents of older events, are removed within the hour and cannot be brought "
        "back. Figures and notes stay. At least 365; leave empty to keep everything.",
    )
    history_until = models.DateTimeField(null=True, editable=False, help_text="Older history was removed.")
    webhook_kinds = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        editable=False,
        help_text="The kinds of events that a webhook target asks for. Those for webhooks alone are emitted only then.",
    )
    storefront_key = EncryptedField(blank=True, help_text="Signs requests from your shop's own pages.")
    previous_storefront_key = EncryptedField(blank=True, editable=False)
    storefront_key_changed = models.DateTimeField(null=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(reminder_days__gte=5), name="merchant_reminder_days"),
            models.CheckConstraint(condition=models.Q(reminder_hour__lte=23), name="merchant_reminder_hour"),
            models.CheckConstraint(condition=models.Q(placement_hour__lte=11), name="merchant_placement_hour"),
            models.CheckConstraint(
                condition=~models.Q(retry_plan="manual") | models.Q(retry_days__len__gte=1),
                name="merchant_manual_retry_days",
            ),
            models.CheckConstraint(condition=models.Q(disengaged_after__gte=1), name="merchant_disengaged_after"),
            models.CheckConstraint(condition=models.Q(history_days__gte=365), name="merchant_history_days"),
            models.CheckConstraint(
                condition=models.Q(currency_code__regex="^[A-Z]{3}$", country_code__regex="^[A-Z]{2}$"),
                name="merchant_codes",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # Prices are amounts in the merchant's currency: what is still to be charged would become another amount.
        stored = Merchant.objects.filter(pk=self.pk).values_list("currency_code", flat=True).first()
        if stored in (None, self.currency_code):
            return
        live = self.subscriptions.filter(cancelled=None).count()
        to_come = [OrderStatus.UNSENT, *statuses_where(lambda row: row.trying)]
        if live or self.orders.filter(status__in=to_come).exists():
            raise ValidationError(
                {
                    "currency_code": f"The currency stays {stored} while there are active subscriptions ({live:,}) or "
                    "orders to come. Cancel them first, or make a merchant of its own for the other currency."
                }
            )

    def set_storefront_key(self, key: str) -> None:
        """Change the storefront key; signatures under the old one stay valid for `KEY_ROTATION`."""
        if key == self.storefront_key:
            return
        self.previous_storefront_key, self.storefront_key = self.storefront_key, key
        self.storefront_key_changed = timezone.now()
        self.save(update_fields=["storefront_key", "previous_storefront_key", "storefront_key_changed"])

    def new_storefront_key(self) -> str:
        """A generated storefront key, in place of the present one. It cannot be shown again."""
        key = make_storefront_key()
        self.set_storefront_key(key)
        return key

    @property
    def old_key_valid_until(self) -> datetime | None:
        """When the storefront key before this one stops being valid; None without one that is valid."""
        is_rotating = len(self.valid_storefront_keys()) > 1
        return self.storefront_key_changed + KEY_ROTATION if is_rotating and self.storefront_key_changed else None

    def valid_storefront_keys(self) -> list[str]:
        """The keys that verify a storefront signature at this moment, the newest first."""
        changed = self.storefront_key_changed
        is_rotating = changed is not None and timezone.now() < changed + KEY_ROTATION
        keys = [self.storefront_key, self.previous_storefront_key if is_rotating else ""]
        return [key for key in keys if key]


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MARKETING = "marketing", "Marketing"
    SUPPORT = "support", "Support"
    READ_ONLY = "read_only", "Read-only"


class Membership(models.Model):
    """A member of the merchant's staff, with the role that says what they may do."""

    rights: "frozenset[str] | None" = None
    """Set once it is asked for, by `staff.roles`."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.READ_ONLY)

    class Meta:
        verbose_name = "team member"
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class RoleSwitch(models.Model):
    """What an owner has decided about one right of a role; only where it differs from the default."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="role_switches")
    role = models.CharField(max_length=16, choices=Role)
    right = models.CharField(max_length=32, help_text="A value of `staff.roles.Right`.")
    allowed = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "role", "right"], name="role_switch_once")]

    def __str__(self) -> str:
        return f"{self.role} {'may' if self.allowed else 'may not'} {self.right}"
