"""How a merchant's 1-click links behave and what its customers read."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from subscriptions.models import Merchant

COLOR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Write a colour as #rrggbb.")


class Action(models.TextChoices):
    DELAY = "delay", "Delay"
    SKIP = "skip", "Skip"
    REACTIVATE = "reactivate", "Reactivate"
    UPSELL = "upsell", "Upsell"


class Mode(models.TextChoices):
    INSTANT = "instant", "At once"
    CONFIRM = "confirm", "After one button"


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
        help_text="Actions that ask for one button first; the others act at once.",
    )
    token_days = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(1)], help_text="Life of a subscription's token."
    )
    delay_days = models.PositiveSmallIntegerField(default=14, validators=[MinValueValidator(1), MaxValueValidator(365)])
    replay_seconds = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(600)],
        help_text="The same click again within this time is answered like the first.",
    )
    undo_minutes = models.PositiveSmallIntegerField(default=10, help_text="0 offers no undo.")
    allow_get = models.BooleanField(
        default=True, help_text="A GET that names Accept: application/json acts, as API clients expect."
    )
    require_signed_links = models.BooleanField(default=False)
    corrected_delay_wording = models.BooleanField(
        default=False, help_text="Errors of a delay speak of the order, not of a reactivation."
    )
    z_index = models.PositiveIntegerField(default=6000)
    auto_hide_seconds = models.PositiveSmallIntegerField(default=0, help_text="0 keeps the banner.")
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


class MessageText(models.Model):
    """A merchant's own wording of one message in one locale, or one language."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    locale = models.CharField(max_length=16)
    table = models.CharField(max_length=24)
    code = models.CharField(max_length=40)
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "locale", "table", "code"], name="message_text_once")
        ]
        verbose_name = "text"

    def __str__(self) -> str:
        return f"{self.table}.{self.code} ({self.locale})"


class LandingPage(models.Model):
    """A page we host for links of merchants who have no page of their own for them."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="landing_pages")
    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)
    locale = models.CharField(
        max_length=16, blank=True, default="", help_text="Of what the page says of itself. Empty: the shop's."
    )
    title = models.CharField(max_length=100)
    heading = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    logo_url = models.URLField(max_length=1000, blank=True)
    accent_color = models.CharField(max_length=7, default="#1f6f4a", validators=[COLOR])
    support_contact = models.CharField(max_length=255, blank=True, help_text="An e-mail address or phone number.")
    continue_url = models.URLField(max_length=1000, blank=True, help_text="Empty: the shop's home page.")
    css_url = models.URLField(max_length=1000, blank=True, help_text="A style sheet of the shop's own.")
    success_color = models.CharField("success", max_length=7, blank=True, default="#14693f", validators=[COLOR])
    error_color = models.CharField("error", max_length=7, blank=True, default="#b3261e", validators=[COLOR])
    z_index = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as in the 1-Click settings.")
    auto_hide_seconds = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="0 keeps the banner. Empty: as in the 1-Click settings."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "slug"], name="landing_page_slug"),
            models.UniqueConstraint(fields=["merchant"], condition=Q(is_default=True), name="landing_page_one_default"),
        ]

    def __str__(self) -> str:
        return self.name
