"""What links ask for, and when they act."""

from django.db import models


class Action(models.TextChoices):
    """What links call an action; two upsells share a name. `link_actions` has a row for each thing a link can do."""

    DELAY = "delay"
    SKIP = "skip"
    REACTIVATE = "reactivate"
    UPSELL = "upsell"


class Mode(models.TextChoices):
    INSTANT = "instant", "At once"
    CONFIRM = "confirm", "After one button"
