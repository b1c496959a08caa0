"""The actions and the modes of links."""

from django.db import models


class Action(models.TextChoices):
    """The names of actions in links; both upsells share one. `link_actions` has a row for each thing a link can do."""

    DELAY = "delay"
    SKIP = "skip"
    REACTIVATE = "reactivate"
    UPSELL = "upsell"


class Mode(models.TextChoices):
    INSTANT = "instant", "At once"
    CONFIRM = "confirm", "After one button"
