"""What customers read, in a merchant's own wording."""

from django.db import models

from subscriptions.models import Merchant


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
        verbose_name = "message"

    def __str__(self) -> str:
        return f"{self.table}: {self.code} ({self.locale})".replace("_", " ")
