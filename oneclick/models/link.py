"""Links that staff built and saved."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from oneclick.models.action import Action, Mode
from oneclick.models.landing_page import LandingPage
from subscriptions.models import Merchant
from subscriptions.models.fields import PublicIdField


class Esp(models.TextChoices):
    """The tool that puts the customer's token into the link."""

    KLAVIYO = "klaviyo", "Klaviyo"
    ATTENTIVE = "attentive", "Attentive"
    OTHER = "other", "Another tool"
    API = "api", "API"


class SavedLink(models.Model):
    """A link that staff built, with its signed action and parameters and the page it leads to.

    `parameters` are texts by API name. A link with neither `page_url` nor `landing_page` leads to the merchant's
    default landing page. `merge_tag` is the tag of an ESP that is not in `MERGE_TAGS`.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="saved_links")
    public_id = PublicIdField()
    name = models.CharField(max_length=100)
    esp = models.CharField(max_length=12, choices=Esp, default=Esp.KLAVIYO)
    merge_tag = models.CharField(
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(r'["<>\r\n]', "A merge tag has no quotation marks and no < or >.", inverse_match=True)
        ],
    )
    action = models.CharField(max_length=16, choices=Action)
    parameters = models.JSONField(default=dict, blank=True)
    page_url = models.URLField(max_length=1000, blank=True)
    landing_page = models.ForeignKey(LandingPage, models.PROTECT, null=True, blank=True, related_name="links")
    mode = models.CharField(max_length=8, choices=Mode, blank=True)
    button_label = models.CharField(max_length=60, blank=True)
    sms_text = models.CharField(max_length=480, blank=True, help_text="{link} stands for the link.")
    event_kinds = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    property_name = models.CharField(
        max_length=64,
        blank=True,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9_]*_url\Z", "Lower-case letters, digits and _, ending in _url: such as delay_url."
            )
        ],
    )
    archived = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "1-click link"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "name"],
                condition=Q(archived=False),
                name="saved_link_name",
                violation_error_message="Another link has this name.",
            ),
            models.UniqueConstraint(
                fields=["merchant", "property_name"],
                condition=Q(archived=False) & ~Q(property_name=""),
                name="saved_link_property",
                violation_error_message="Another link has this name in the event.",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "-created"], name="saved_link_list")]

    def __str__(self) -> str:
        return self.name
