"""How a merchant's 1-click links behave."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from oneclick.models.action import Action
from oneclick.models.machine_networks import known_networks
from subscriptions.models import Merchant


class OneClickSettings(models.Model):
    merchant = models.OneToOneField(Merchant, models.CASCADE, primary_key=True, related_name="one_click")
    enabled = models.BooleanField("1-Click is on", default=True)
    shop_origins = ArrayField(
        models.CharField(max_length=255),
        default=list,
        blank=True,
        help_text="Origins of the shop's pages that may run the script, such as https://shop.example.",
    )
    confirm_actions = ArrayField(
        models.CharField(max_length=16, choices=Action),
        default=list,
        blank=True,
        help_text="Actions that wait for a press of a button; the others act at once.",
    )
    machine_networks = ArrayField(
        models.CharField(max_length=43),
        default=known_networks,
        blank=True,
        help_text="Networks whose visitors are asked first, such as 192.0.2.0/24.",
    )
    token_days = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(1)], help_text="Life of a subscription's token."
    )
    delay_days = models.PositiveSmallIntegerField(default=14, validators=[MinValueValidator(1), MaxValueValidator(365)])
    replay_seconds = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(600)],
        help_text="A click repeated within this time gets the answer of the first.",
    )
    undo_minutes = models.PositiveSmallIntegerField(default=10, help_text="0 offers no undo button.")
    allow_get = models.BooleanField(
        default=True, help_text="A GET that names Accept: application/json acts, as API clients expect."
    )
    require_signed_links = models.BooleanField(default=False)
    corrected_delay_wording = models.BooleanField(
        default=False, help_text="Errors of a delay are about the order instead of a reactivation."
    )
    z_index = models.PositiveIntegerField(default=6000)
    auto_hide_seconds = models.PositiveSmallIntegerField(
        default=0, help_text="0 keeps the banner until the customer closes it."
    )
    landing_host = models.CharField(
        "own domain of the landing pages",
        max_length=253,
        unique=True,
        null=True,
        blank=True,
        help_text="A host name that leads to this portal, such as links.shop.example. "
        "Links to landing pages use it as soon as it is saved, so point it here first.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "1-Click settings"
        constraints = [
            models.CheckConstraint(condition=Q(replay_seconds__lte=600), name="one_click_replay"),
            models.CheckConstraint(condition=Q(token_days__gte=1), name="one_click_token_days"),
            models.CheckConstraint(condition=Q(delay_days__range=(1, 365)), name="one_click_delay_days"),
        ]

    def __str__(self) -> str:
        return f"1-Click of {self.merchant}"


def one_click_of(merchant: Merchant) -> OneClickSettings:
    """The merchant's settings; without any, the usual ones, switched off."""
    return getattr(merchant, "one_click", None) or OneClickSettings(merchant=merchant, enabled=False)
