"""Pages we host for links."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from subscriptions.models import Merchant

COLOR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Write a colour as #rrggbb.")


class LandingPage(models.Model):
    """A page we host for merchants whose links need one."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="landing_pages")
    slug = models.SlugField("name in the address", max_length=64)
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
    css_url = models.URLField(max_length=1000, blank=True, help_text="A style sheet of your own.")
    success_color = models.CharField("success", max_length=7, blank=True, default="#14693f", validators=[COLOR])
    error_color = models.CharField("error", max_length=7, blank=True, default="#b3261e", validators=[COLOR])
    z_index = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as in the 1-Click settings.")
    auto_hide_seconds = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="0 keeps the banner until the customer closes it. Empty: as in the 1-Click settings.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "slug"], name="landing_page_slug"),
            models.UniqueConstraint(fields=["merchant"], condition=Q(is_default=True), name="landing_page_one_default"),
        ]

    def __str__(self) -> str:
        return self.name
