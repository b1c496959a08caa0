"""What members of staff keep for themselves."""

from django.conf import settings
from django.db import models

from subscriptions.models.merchant import Merchant


class SavedView(models.Model):
    """The filters of a list of the staff pages, under a name that its owner gave them."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=64, help_text="The model whose list it is of.")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, help_text="As it stands in the list's address.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user", "page", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
