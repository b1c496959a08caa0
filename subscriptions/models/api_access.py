"""The keys of the REST API, the log of its requests, and the answers kept for repeated ones."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from common.work import Leased
from subscriptions.models.merchant import Merchant


class ApiKey(models.Model):
    """A REST credential, `rpk_<prefix>_<secret>`; only an HMAC of it is stored."""

    SCOPES = ["read", "write", "bulk", "gladly:read", "gladly:act"]

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=16), default=list)
    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, editable=False, help_text="To the minute.")

    class Meta:
        verbose_name = "API key"
        indexes = [models.Index(fields=["merchant", "-created"], name="api_key_list")]

    def __str__(self) -> str:
        return f"{self.name} (rpk_{self.prefix}_…)"

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()


class ApiRequest(models.Model):
    """The log of requests to the REST API. Without a key, it was a storefront signature."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    key = models.ForeignKey(ApiKey, models.CASCADE, null=True, related_name="+")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=500, help_text="Without the query, which may name a person.")
    status = models.PositiveSmallIntegerField()
    request_id = models.CharField("request ID", max_length=64)
    at = models.DateTimeField("time", default=timezone.now)

    class Meta:
        verbose_name = "API request"
        indexes = [
            models.Index(fields=["merchant", "-id"], name="api_request_list"),
            models.Index(fields=["key", "-id"], name="api_request_key"),
            models.Index(fields=["merchant", "-id"], condition=models.Q(status__gte=400), name="api_request_failed"),
            models.Index(fields=["merchant", "request_id"], name="api_request_id"),
            BrinIndex(fields=["at"], name="api_request_age"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class IdempotencyKey(Leased):
    """A write request of a REST client and its answer: a repeated request gets the same answer and changes nothing."""

    lease_length = timedelta(seconds=90)  # longer than any request may take

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    credential = models.CharField(max_length=255)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first request is running.")
    answer = models.JSONField(null=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "credential", "method", "path", "key"], name="idempotency_key_once"
            )
        ]
        indexes = [models.Index(fields=["created"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key
