"""The bodies that writes accept. Unknown keys are ignored."""

from typing import Any

from django.core.validators import MaxValueValidator
from rest_framework import serializers

from subscriptions import calendar
from subscriptions.actions.subscription import REASON_LENGTH
from subscriptions.calendar import Period

LAST_DAY = MaxValueValidator(calendar.LAST_DAY)


class CancelBody(serializers.Serializer[Any]):
    """Why the subscription is cancelled, if known."""

    cancel_reason = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        max_length=REASON_LENGTH,
        help_text="`code|text`, stored as it is.",
    )


class ReactivateBody(serializers.Serializer[Any]):
    """How the subscription continues."""

    every = serializers.IntegerField(min_value=1, max_value=999)
    every_period = serializers.IntegerField(
        min_value=min(Period), max_value=max(Period), help_text="1 days, 2 weeks, 3 months, 4 years."
    )
    start_date = serializers.DateField(input_formats=["%Y-%m-%d"], validators=[LAST_DAY])
    next_order_date = serializers.DateField(
        input_formats=["%Y-%m-%d"],
        validators=[LAST_DAY],
        required=False,
        help_text="Today or later. Without it, the first order comes at `start_date` plus the frequency.",
    )
